import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { format, resolveConfig } from 'prettier';
import { cliReference } from '../../../electron/cli/cliReference';
import { buildProgram } from '../../../electron/cli/program';
import { verbTable } from '../../../electron/cli/verbTable';

const page = path.resolve(import.meta.dirname, '../../../docs/cli.md');
const line = '\n---\n';
const program = buildProgram(() => undefined);

async function reference(): Promise<string> {
  return format(cliReference(program), { ...(await resolveConfig(page)), parser: 'markdown' });
}

describe('docs/cli.md', () => {
  it('says what the program says (UPDATE_DOCS=1 writes it)', async () => {
    const text = readFileSync(page, 'utf8');
    const head = text.slice(0, text.indexOf(line) + line.length);
    const expected = `${head}\n${await reference()}`;
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, expected);
    else expect(text).toBe(expected);
  });
});

describe('every verb', () => {
  const verbs = program.commands.map((command) => command.name());

  it('has its exit codes documented', () => {
    const documented = verbTable.map(({ verb }) => verb);
    expect(verbs.filter((verb) => !documented.includes(verb))).toEqual([]);
    expect(new Set(documented).size).toBe(documented.length);
  });

  it('prints JSON on demand, and says what', () => {
    for (const command of program.commands) {
      const hasJson = command.options.some(({ long }) => long === '--json');
      expect([command.name(), hasJson]).toEqual([command.name(), true]);
      expect(verbTable.find(({ verb }) => verb === command.name())?.json).toBeDefined();
    }
  });

  it.each(['run', 'record', 'info', 'query', 'stats', 'diff', 'cut', 'export', 'sanitize', 'open'])(
    'that issue 5 names is there: %s',
    (verb) => {
      expect(verbs).toContain(verb);
    },
  );
});
