/**
 * Our own packetdrill scripts, each in all three places in which its connections can be: in the host stack, in the offload target, and
 * changing hands after each segment. What RFC a script is about stands in its first comment.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { excerpt } from '../../electron/packetdrill/language/scriptProblem';
import { stackModes, type StackMode } from '../../electron/packetdrill/runner/handOver';
import { runScript } from '../../electron/packetdrill/runner/runScript';
import { silentProbe } from '../harness/silentProbe';

const folder = path.join(import.meta.dirname, 'packetdrill');

/** RFCs and sections that the comment in front of a script names. */
function sourcesOf(script: string): string {
  const comment = script.split('\n\n')[0]!.replace(/\n\/\/ /g, ' ');
  return [...comment.matchAll(/RFC \d+/g)].map(([name]) => name).join(', ');
}

function verdictOf(script: string, stack: StackMode): string {
  const { verdict } = runScript(silentProbe(), script, { stack, seed: 1 });
  if (verdict.kind === 'passed') return 'passed';
  const { position, message } = verdict.kind === 'error' ? verdict.problem : verdict;
  return `${verdict.kind} at ${position.line}:${position.column}: ${message}${excerpt(script, position)}`;
}

const scripts = readdirSync(folder)
  .filter((name) => name.endsWith('.pkt'))
  .map((name) => [name.replace(/\.pkt$/, ''), readFileSync(path.join(folder, name), 'utf8')] as const);

describe.each(stackModes)('packetdrill scripts, stack %s', (stack) => {
  it.each(scripts.map(([name, script]) => ({ name, sources: sourcesOf(script), script })))(
    '$name ($sources)',
    ({ script }) => {
      expect(verdictOf(script, stack)).toBe('passed');
    },
  );
});
