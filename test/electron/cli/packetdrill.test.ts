import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chimneysweep, launcher, type CommandAnswer } from '../../harness/commandLine';

let folder = '';

function packetdrill(...words: string[]): CommandAnswer {
  return chimneysweep('packetdrill', ...words);
}

function script(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const open = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss MSS>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 100) = 100
`;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-packetdrill-'));
  packetdrill('--help');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('chimneysweep packetdrill', () => {
  it.each(['host', 'offloaded', 'hand-over'])('passes a script that is satisfied, stack %s', (stack) => {
    const file = script('good.pkt', `--define=MSS=1000\n${open}+0 > P. 1:101(100) ack 1\n`);
    const run = packetdrill(file, '--stack', stack);
    expect(run.out).toMatch(new RegExp(`^PASSED .*good\\.pkt \\(${stack}: 9 events, 4 segments`));
    expect(run.code).toBe(0);
  });

  it('shows what was expected and what was found, with the place and a caret, and exits with 1', () => {
    const file = script('wrong.pkt', `--define=MSS=1000\n${open}+0 > P. 1:51(50) ack 1\n`);
    const run = packetdrill(file);
    expect(run.out).toContain('wrong.pkt:10:4: length 50 expected, 100 found');
    expect(run.out).toContain('\n  +0 > P. 1:51(50) ack 1\n     ^\n');
    expect(run.code).toBe(1);
  });

  it('says what is not supported, with the place and a caret, and exits with 2', () => {
    const file = script('fastopen.pkt', '0 > S 0:0(0) <mss 1460,FO>\n');
    const run = packetdrill(file);
    expect(run.out).toContain('fastopen.pkt:1:24: not supported: the TCP option FO');
    expect(run.code).toBe(2);
  });

  it('tells programs the verdicts of all scripts, with words from the command line put in', () => {
    const good = script('first.pkt', `${open}+0 > P. 1:101(100) ack 1\n`);
    const wrong = script('second.pkt', `${open}+0 > F. 1:1(0) ack 1\n`);
    const run = packetdrill(good, wrong, '--json', '-D', 'MSS=900');
    expect(JSON.parse(run.out)).toMatchObject([
      { script: good, verdict: 'passed', stack: 'host', eventsRun: 9 },
      { script: wrong, verdict: 'failed', line: 9, column: 4, eventsRun: 8 },
    ]);
    expect(run.code).toBe(1);
  });

  it('records a run into a trace that is complete', () => {
    const file = script('recorded.pkt', `--define=MSS=1000\n${open}+0 > P. 1:101(100) ack 1\n`);
    const out = path.join(folder, 'recorded.sweep');
    expect(packetdrill(file, '--stack', 'hand-over', '--out', out).code).toBe(0);
    const info = spawnSync(process.execPath, [launcher, 'info', out], { encoding: 'utf8' });
    expect(info.status).toBe(0);
    expect(info.stdout).toContain('The script is satisfied (stack: hand-over).');
    expect(info.stdout).toContain('MiniportInitiateOffload');
  });

  it.each([
    [['--stack', 'moon', 'x.pkt'], /The stacks are: host, offloaded, hand-over/],
    [['-D', 'nothing', 'x.pkt'], /A definition is NAME=value/],
    [['/nowhere/at/all.pkt'], /There is no file/],
    [['--out', 'x.sweep', 'a.pkt', 'b.pkt'], /--out records a single script/],
  ])('refuses %j with a sentence and exit code 2', (words, sentence) => {
    const run = packetdrill(...words);
    expect(run.err).toMatch(sentence);
    expect(run.code).toBe(2);
  });
});
