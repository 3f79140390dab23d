import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { buildProgram } from '../../../electron/cli/program';

const folder = mkdtempSync(path.join(tmpdir(), 'again-'));
const inFolder = (name: string): string => path.join(folder, name);

async function call(...words: string[]): Promise<{ code: number; text: string }> {
  let code = -1;
  let text = '';
  const write = (piece: unknown): boolean => {
    text += String(piece);
    return true;
  };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(write);
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(write);
  try {
    const program = buildProgram((exit) => (code = exit));
    await program.parseAsync(['node', 'chimneysweep', ...words]);
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  return { code, text };
}

describe('chimneysweep again', () => {
  const trace = inFolder('a.sweep');

  it('makes the same trace, byte for byte', async () => {
    const options = ['--seed', '5', '--loss', '0.01', '--ip-version', '6', '--delay', '1ms'];
    await call('run', 'link-loss', ...options, '--out', trace);
    const { code, text } = await call('again', trace, '--out', inFolder('b.sweep'));
    expect(text).toContain('byte for byte');
    expect(code).toBe(0);
    expect(readFileSync(inFolder('b.sweep')).equals(readFileSync(trace))).toBe(true);
  });

  it('makes another one where something is changed, and shows the first difference', async () => {
    const { code, text } = await call(
      'again',
      trace,
      '--set',
      'topology.link.loss=0',
      '--out',
      inFolder('c.sweep'),
    );
    expect(code).toBe(0);
    expect(text).toContain('differs from');
  });

  it('says what is wrong with a change', async () => {
    const { code, text } = await call(
      'again',
      trace,
      '--set',
      'topology.link.los=0',
      '--out',
      inFolder('d.sweep'),
    );
    expect(code).toBe(2);
    expect(text).toContain('"los" is unknown here');
  });

  it('asks for a file that it knows by its digest only', async () => {
    const file = inFolder('file.bin');
    writeFileSync(file, Buffer.alloc(50_000, 7));
    await call('run', 'transfer', '--file', file, '--out', inFolder('e.sweep'));
    expect((await call('again', inFolder('e.sweep'), '--out', inFolder('f.sweep'))).code).toBe(2);
    const named = await call('again', inFolder('e.sweep'), '--file', file, '--out', inFolder('f.sweep'));
    expect(named.code).toBe(0);
  });
});

describe('a scenario of one’s own', () => {
  const file = inFolder('own.yaml');
  const written = (events: string): void => {
    writeFileSync(file, `scenario: own\ntitle: Own\nworkload: { bytes: 32KiB }\nexpectations:\n${events}`);
  };

  it('is run from its file, and is made again from its trace without it', async () => {
    written('  findings: none\n  events: [{ where: handler == MiniportInitiateOffload, atMost: 1 }]\n');
    expect((await call('run', file, '--out', inFolder('own.sweep'))).code).toBe(0);
    rmSync(file);
    const { code, text } = await call(
      'again',
      inFolder('own.sweep'),
      '--out',
      inFolder('own2.sweep'),
      '--diff',
    );
    expect(text).toContain('byte for byte');
    expect(code).toBe(0);
  });

  it('answers 1 and says what was expected and has not happened', async () => {
    written(
      '  findings: [RCV-020]\n  events: [{ where: handler == MiniportQueryOffload }]\n  bytes: { chimney: { atLeast: 1MiB } }\n',
    );
    const { code, text } = await call('run', file);
    expect(code).toBe(1);
    expect(text).toContain(
      'NOT AS EXPECTED: handler == MiniportQueryOffload holds for no event; expected 1 or more.',
    );
    expect(text).toContain('NOT AS EXPECTED: RCV-020 is expected to be broken, and is not.');
    expect(text).toMatch(/NOT AS EXPECTED: \d+ bytes left by the chimney; expected 1048576 or more\./);
  });

  it('answers 2 and names line and column where it is wrong', async () => {
    written('  events: [{ where: bytes > "x" }]\n');
    const { code, text } = await call('run', file);
    expect(code).toBe(2);
    expect(text).toContain('own.yaml:5:21: expectations.events[0].where:');
  });

  it('opens the first difference where a value is changed', async () => {
    const words = ['--set', 'topology.link.delay=1ms', '--out', inFolder('own3.sweep'), '--diff'];
    const { code, text } = await call('again', inFolder('own.sweep'), ...words);
    expect(code).toBe(0);
    expect(text).toMatch(/first/i);
  });
});

describe('chimneysweep scenario', () => {
  it('names line and column of what is wrong with a file', async () => {
    const file = inFolder('bad.yaml');
    writeFileSync(file, 'scenario: bad\ntitel: Bad\n');
    const { code, text } = await call('scenario', 'check', file);
    expect(code).toBe(1);
    expect(text).toContain('bad.yaml:2:1: titel:');
  });

  it('shows a scenario as a file that is a scenario', async () => {
    const file = inFolder('shown.yaml');
    writeFileSync(file, (await call('scenario', 'show', 'completion-twice')).text);
    expect((await call('scenario', 'check', file)).code).toBe(0);
  });

  it('lists the library', async () => {
    expect((await call('scenario', 'list')).text).toContain('link-loss');
  });
});
