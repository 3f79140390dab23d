import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chimneysweep, launcher, type CommandAnswer } from '../../harness/commandLine';
import { exampleFile } from '../../harness/driverModule';
import { readTrace } from '../../harness/readTrace';

const target = exampleFile('minimal-target', 'driver.ts');
const intermediate = exampleFile('minimal-intermediate', 'driver.ts');
let folder = '';

function run(...words: string[]): CommandAnswer {
  return chimneysweep('run', 'transfer', ...words);
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-drivers-'));
  // The first call may have to build the command line.
  spawnSync(process.execPath, [launcher, '--version']);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep run with driver modules', () => {
  it('loads none without --trust-drivers, and says what trust means', () => {
    const out = path.join(folder, 'none.sweep');
    const { code, err } = run('--target-driver', target, '--out', out);
    expect(code).toBe(2);
    expect(err).toContain('is not loaded without --trust-drivers');
    expect(err).toContain('It runs with your rights');
    expect(existsSync(out)).toBe(false);
  });

  it('carries a file through both examples and names them in the trace', () => {
    const out = path.join(folder, 'both.sweep');
    const { code, err } = run(
      ...['--target-driver', target, '--intermediate-driver', intermediate, '--trust-drivers'],
      ...['--out', out],
    );
    expect(err).toBe('');
    expect(code).toBe(0);
    const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
    expect(readTrace(readFileSync(out)).store!.header.settings).toMatchObject({
      targetDriver: 'driver.ts',
      targetDriverSha256: digest(target),
      intermediateDriver: 'driver.ts',
      intermediateDriverSha256: digest(intermediate),
    });
  });

  it('refuses a module with a syntax error, naming its place', () => {
    const file = path.join(folder, 'broken.ts');
    writeFileSync(file, 'export const DriverEntry = ;\n');
    const { code, err } = run('--target-driver', file, '--trust-drivers');
    expect(code).toBe(2);
    expect(err).toMatch(/^chimneysweep: broken\.ts:1:\d+: Expression expected\.\n$/);
  });

  it('reports a module that throws in the middle of a run, and keeps the trace up to there', () => {
    const file = path.join(folder, 'throws.ts');
    const text = readFileSync(target, 'utf8');
    writeFileSync(file, text.replace('=> target.query(root)', "=> { throw new Error('no answer'); }"));
    const out = path.join(folder, 'throws.sweep');
    const result = run('--target-driver', file, '--trust-drivers', '--out', out);
    expect(result.code).toBe(1);
    expect(result.out).toMatch(/throws\.ts:\d+:\d+: QueryOffloadHandler threw: no answer/);
    const model = readTrace(readFileSync(out));
    expect(model.store!.report).toContain('no answer');
    expect(model.calls.calls.length).toBeGreaterThan(100);
  });

  it('with --watch runs again with the new code when the module changes, until it is interrupted', async () => {
    const file = path.join(folder, 'watched.ts');
    const text = readFileSync(target, 'utf8');
    writeFileSync(file, text);
    const child = spawn(process.execPath, [
      ...[launcher, 'run', 'transfer', '--target-driver', file, '--trust-drivers', '--watch', '--json'],
    ]);
    let out = '';
    let err = '';
    child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (err += piece.toString()));
    const waits = (times: number): boolean => err.split('Waiting for changes').length > times;
    await expect.poll(() => waits(1), { timeout: 60_000 }).toBe(true);
    writeFileSync(file, text.replace('=> target.query(root)', "=> { throw new Error('new code'); }"));
    await expect.poll(() => waits(2), { timeout: 60_000 }).toBe(true);
    child.kill('SIGINT');
    await new Promise((resolve) => child.on('exit', resolve));
    expect(out).toContain('"success": true');
    expect(out).toContain('QueryOffloadHandler threw: new code');
  }, 120_000);
});
