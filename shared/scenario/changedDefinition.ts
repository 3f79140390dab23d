/** A definition with single values changed by their paths, as `steps[0].mtu=1280`: what somebody asks for who wants a run again, but not quite. */
import { fail, succeed, type Result } from '../base/result';
import { canonicalDefinition } from './canonical';
import type { ScenarioDefinition } from './definition';
import { readScenario, type ScenarioProblem } from './readScenario';
import { readYamlTree } from './yamlTree';

/** Names that lead out of an object. */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A copy of `json` in which the value at a path is another one; `change` is `path=value`, the value written as in YAML. */
function changedAt(json: unknown, change: string): Result<unknown, string> {
  const match = /^([A-Za-z][\w.[\]-]*)=(.*)$/s.exec(change);
  if (match === null) return fail(`${change} is no change. Write it as workload.bytes=1MiB.`);
  const path = match[1]!;
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const bad = keys.find((key) => forbidden.has(key));
  if (bad !== undefined) return fail(`${bad} is no name of a scenario.`);
  const value = readYamlTree(match[2]!);
  if (!value.ok) return fail(`The value of ${path} can't be read: ${value.error[0]?.message ?? ''}`);
  const copy: unknown = JSON.parse(JSON.stringify(json));
  let at = copy as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) {
    at[key] ??= {};
    const next = at[key];
    if (typeof next !== 'object' || next === null)
      return fail(`${path} leads through ${key}, which has no members.`);
    at = next as Record<string, unknown>;
  }
  at[keys.at(-1)!] = value.value.value;
  return succeed(copy);
}

/** What is wrong, without a place in a text that nobody has written. */
function problemText({ path, message, advice }: ScenarioProblem): string {
  const text = path === '' ? message : `${path}: ${message}`;
  return advice === undefined ? text : `${text} ${advice}`;
}

/**
 * The definition with all changes, one after the other; each is `path=value`, the value written as in YAML (`1MiB`, `250ms`, `[]`).
 * The error says what is wrong with a change, or with the definition that comes of it.
 */
export function changedDefinition(
  definition: ScenarioDefinition,
  changes: readonly string[],
): Result<ScenarioDefinition, string> {
  if (changes.length === 0) return succeed(definition);
  let json: unknown = canonicalDefinition(definition);
  for (const change of changes) {
    const next = changedAt(json, change);
    if (!next.ok) return next;
    json = next.value;
  }
  const read = readScenario(JSON.stringify(json));
  return read.ok ? read : fail(read.error.map(problemText).join(' '));
}
