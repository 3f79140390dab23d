import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
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

describe('chimneysweep scenario', () => {
  it('names line and column of what is wrong with a file', async () => {
    const file = inFolder('bad.yaml');
    writeFileSync(file, 'scenario: bad\ntitel: Bad\n');
    const { code, text } = await call('scenario', 'check', file);
    expect(code).toBe(1);
    expect(text).toContain('bad.yaml:2:1: titel:');
  });

  it('lists the library', async () => {
    expect((await call('scenario', 'list')).text).toContain('link-loss');
  });
});
