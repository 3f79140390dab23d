import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { scenarioReference } from '../../shared/scenario/scenarioReference';
import { diagrams, scenariosOf } from '../harness/scenarioDiagrams';

const page = path.resolve(import.meta.dirname, '../../docs/scenarios.md');
const line = '\n---\n';
const begin = '<!-- diagrams: begin -->';
const end = '<!-- diagrams: end -->';

function diagramTable(): string {
  return [
    '| | pages | scenarios |',
    '| --- | --- | --- |',
    ...diagrams.map((diagram) => {
      const names = scenariosOf(diagram).map((name) => `\`${name}\``);
      return `| ${diagram.what} (${diagram.kind}) | ${diagram.pages.join(', ')} | ${names.join(', ')} |`;
    }),
  ].join('\n');
}

describe('docs/scenarios.md', () => {
  it('says what library and schema say (UPDATE_DOCS=1 writes it)', async () => {
    const text = readFileSync(page, 'utf8');
    const head = text.slice(0, text.indexOf(begin) + begin.length);
    const between = text.slice(text.indexOf(end), text.indexOf(line) + line.length);
    const made = `${head}\n\n${diagramTable()}\n\n${between}\n${scenarioReference()}`;
    const expected = await format(made, { ...(await resolveConfig(page)), parser: 'markdown' });
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, expected);
    else expect(text).toBe(expected);
  });

  it('has a scenario for every page of every diagram', () => {
    for (const diagram of diagrams)
      for (const one of diagram.pages)
        expect([one, scenariosOf({ ...diagram, pages: [one] }).length > 0]).toEqual([one, true]);
  });
});
