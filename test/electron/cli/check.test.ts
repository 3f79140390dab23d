import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckReport } from '../../../shared/rules/report/checkReport';
import { chimneysweep } from '../../harness/commandLine';
import { mutantOf, recordMutant } from '../../harness/recordMutant';

let folder = '';
let trace = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-check-'));
  trace = path.join(folder, 'bad.sweep');
  writeFileSync(trace, recordMutant(mutantOf('SND-021')));
  // The first call may have to build the command line.
  chimneysweep('--version');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function reportOf(...words: string[]): CheckReport {
  return JSON.parse(chimneysweep('check', ...words, '--json').out) as CheckReport;
}

describe('chimneysweep check', () => {
  it('finds nothing in a scenario, and says how much it looked at', () => {
    const { code, out } = chimneysweep('check', 'transfer');
    expect(out).toMatch(/0 errors, 0 warnings, 0 hints; \d+ of \d+ rules had something to look at/);
    expect(code).toBe(0);
  });

  it('answers 1 for a trace of a driver that breaks a rule, with the whole case', () => {
    const { code, out } = chimneysweep('check', trace, '--rules', 'SND-021');
    expect(code).toBe(1);
    expect(out).toContain('error SND-021  Report the bytes transferred of every send  [Offload target]');
    expect(out).toMatch(/found: a send of \d+ bytes .*\n {2}expected: /);
    expect(out).toMatch(/event \d+ at [\d.]+ ms: Offload target → NDIS: NdisTcpOffloadSendComplete/);
    expect(out).toContain('nc-ndischimney-ndis_tcp_offload_send_complete');
    expect(out).toMatch(/see it again: scenario transfer, seed 1, .*fingerprint [0-9a-f]{16}/);
  });

  it('tells the object and its state at that instant', () => {
    const { findings } = reportOf(trace, '--rules', 'SND-021');
    expect(findings[0]?.object?.layer).toBe('tcp');
    const variables = new Map(findings[0]?.object?.variables.map(({ name, value }) => [name, value]));
    expect(variables.get('SndUna')).toMatch(/^\d/);
    expect(findings[0]?.evidence.length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    [['--fail-on', 'never'], 0],
    [['--fail-on', 'error'], 1],
    [['--rules', '!SND-021,!tier:1,!tier:2,!tier:3'], 2],
    [['--rules', 'nonsense'], 2],
    [['--fail-on', 'sometimes'], 2],
    [['--budget', 'NoSuchHandler=p99<1us'], 2],
    [['--baseline', 'missing.json'], 2],
  ] as const)('with %j answers %i', (words, code) => {
    expect(chimneysweep('check', trace, ...words).code).toBe(code);
  });

  it('answers 2 for what is neither a file nor a scenario, and names the scenarios', () => {
    const { code, err } = chimneysweep('check', 'no-such-thing');
    expect([code, err.includes('terminate-with-data')]).toEqual([2, true]);
  });

  it('lets pass what a baseline lists, which it writes itself when told why', () => {
    const baseline = path.join(folder, 'baseline.json');
    expect(chimneysweep('check', trace, '--baseline', baseline, '--update-baseline', 'known').code).toBe(0);
    const { code, out } = chimneysweep('check', trace, '--baseline', baseline);
    expect(code).toBe(0);
    expect(out).toMatch(/passed by the baseline: \d+ of SND-021 \(known\)/);
    const { err } = chimneysweep('check', 'transfer', '--baseline', baseline);
    expect(err).toContain('suppress.0 matches nothing any more');
  });

  it('refuses a baseline with a mistake, and names the place', () => {
    const baseline = path.join(folder, 'wrong.json');
    writeFileSync(baseline, '{"chimneysweepBaseline":1,"suppress":[{"rule":"SND-021"}]}');
    const { code, err } = chimneysweep('check', trace, '--baseline', baseline);
    expect(code).toBe(2);
    expect(err).toContain('wrong.json: suppress.0.reason');
  });

  it('fails where a latency budget is exceeded, or names what is never called', () => {
    const tight = chimneysweep('check', 'transfer', '--budget', 'MiniportTcpOffloadSend=p50<1ns');
    expect([tight.code, tight.err]).toEqual([1, expect.stringContaining('over') as string]);
    expect(chimneysweep('check', 'transfer', '--budget', 'MiniportTcpOffloadSend=max<1s').code).toBe(0);
    expect(chimneysweep('check', 'transfer', '--budget', 'MiniportResetEx=max<1s').code).toBe(1);
  });

  it('writes JUnit with a test case for each rule', () => {
    const out = path.join(folder, 'report.xml');
    expect(chimneysweep('check', trace, '--rules', 'send', '--format', 'junit', '--out', out).code).toBe(1);
    const xml = readFileSync(out, 'utf8');
    expect(xml).toMatch(
      /<testcase classname="send" name="SND-021 [^"]*"><failure type="error" message="a send of /,
    );
    expect(xml).toContain('<testcase classname="send" name="SND-002 ');
  });

  it('writes SARIF whose results point to rules, events and fingerprints', () => {
    const { out } = chimneysweep('check', trace, '--rules', 'SND-021', '--format', 'sarif');
    const sarif = JSON.parse(out) as {
      version: string;
      runs: { tool: { driver: { rules: { id: string }[] } }; results: Record<string, unknown>[] }[];
    };
    expect(sarif.version).toBe('2.1.0');
    expect(sarif.runs[0]?.tool.driver.rules.map(({ id }) => id)).toEqual(['SND-021']);
    expect(sarif.runs[0]?.results[0]).toMatchObject({
      ruleId: 'SND-021',
      ruleIndex: 0,
      level: 'error',
      partialFingerprints: { 'chimneysweep/v1': expect.stringMatching(/^[0-9a-f]{16}$/) as string },
    });
  });

  it('writes HTML that runs nothing', () => {
    const { out } = chimneysweep('check', trace, '--rules', 'SND-021', '--format', 'html');
    expect(out).toContain("default-src 'none'");
    expect(out).not.toContain('<script');
    expect(out).toContain('Report the bytes transferred of every send');
  });
});

describe('chimneysweep mutants', () => {
  it('prints the kill matrix and the share of each tier', () => {
    const { code, out } = chimneysweep('mutants', '--rules', 'SND-002,SND-021', '--json');
    const matrix = JSON.parse(out) as {
      mutants: { breaks: string; killed: boolean; unprovoked: string[] }[];
      tiers: { tier: number; rules: number }[];
    };
    expect(matrix.mutants.map(({ breaks, killed }) => [breaks, killed])).toEqual([
      ['SND-002', true],
      ['SND-021', true],
    ]);
    expect(matrix.tiers.map(({ tier, rules }) => [tier, rules])).toEqual([
      [1, 108],
      [2, 421],
      [3, 120],
    ]);
    expect([0, 1]).toContain(code);
  });
});
