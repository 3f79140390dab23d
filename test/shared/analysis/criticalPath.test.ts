import { describe, expect, it } from 'vitest';
import { criticalPathOf, type CriticalPath, type PathHolder } from '../../../shared/analysis/criticalPath';
import type { ScenarioId } from '../../../shared/contract/scenarios';
import { analyseTrace, type AnalysedTrace } from '../../harness/analyseTrace';
import { recordScenario } from '../../harness/recordScenario';

interface Run extends AnalysedTrace {
  readonly paths: readonly CriticalPath[];
  readonly problems: readonly string[];
}

function pathsOf(scenario: ScenarioId, choices: Parameters<typeof recordScenario>[1] = {}): Run {
  const trace = analyseTrace(recordScenario(scenario, choices).bytes);
  const { calls, frames } = trace.analysis;
  const paths: CriticalPath[] = [];
  const problems: string[] = [];
  for (let call = 0; call < calls.length; call++) {
    const { functionName, caller } = calls.handler(call);
    if (functionName !== 'NdisOffloadTcpSend' && functionName !== 'NdisSendNetBufferLists') continue;
    if (trace.store.components[caller]?.role !== 'host-stack') continue;
    const path = criticalPathOf({ calls, frames, store: trace.store }, calls.event(call));
    if (path.ok) paths.push(path.value);
    else problems.push(path.error.kind);
  }
  return { ...trace, paths, problems };
}

function timeWith({ segments }: CriticalPath, holder: PathHolder): number {
  return segments
    .filter((segment) => segment.holder === holder)
    .reduce((sum, { from, until }) => sum + until - from, 0);
}

function expectWhole(paths: readonly CriticalPath[]): void {
  for (const path of paths) {
    let at = path.from;
    for (const { from, until } of path.segments) {
      expect(from).toBe(at);
      expect(until).toBeGreaterThan(from);
      at = until;
    }
    expect(at).toBe(path.until);
  }
}

describe('the critical path of a send', () => {
  const clean = pathsOf('first-sweep', { loss: 0, seed: 4 });
  const chimney = clean.paths.filter(({ path }) => path === 'chimney');
  const host = clean.paths.filter(({ path }) => path === 'host');

  it.each<[ScenarioId, number]>([
    ['first-sweep', 1],
    ['transfer', 2],
    ['failover', 1],
    ['stacked-drivers', 1],
    ['load-balancing', 3],
    ['terminate-with-data', 1],
  ])('is without a gap and adds up to the whole, in %s', (scenario, seed) => {
    const { paths } = pathsOf(scenario, { seed, fileBytes: 300_000 });
    expectWhole(paths);
    expect(paths.length).toBeGreaterThan(10);
  });

  it('is there for every send through the chimney, from its call to its completion in the host stack', () => {
    const { calls } = clean.analysis;
    let sends = 0;
    for (let call = 0; call < calls.length; call++)
      if (calls.handler(call).functionName === 'NdisOffloadTcpSend') sends++;
    expect(chimney).toHaveLength(sends);
    for (const path of chimney) {
      const end = calls.at(path.completion);
      expect(calls.handler(end).functionName).toBe('ProtocolTcpOffloadSendComplete');
      expect(calls.start(end)).toBe(path.until);
      expect(calls.start(calls.at(path.request))).toBe(path.from);
    }
  });

  it('begins and ends with NDIS, and has the wire twice, 50 us each way', () => {
    // What the host path has sent before an offload is acknowledged to the target: the host stack is not called.
    const heard = host.filter(({ completion }) => clean.store.kind(completion) === 'call');
    for (const path of [...chimney, ...heard]) {
      expect(path.segments[0]!.holder).toBe('ndis');
      expect(path.segments[path.segments.length - 1]!.holder).toBe('ndis');
      expect(timeWith(path, 'wire')).toBeGreaterThanOrEqual(100_000);
      expect(timeWith(path, 'wire')).toBeLessThan(200_000);
    }
    expect(heard.length).toBeGreaterThan(10);
  });

  it('needs no recovery without loss', () => {
    for (const path of clean.paths) expect(timeWith(path, 'recovery')).toBe(0);
  });

  it('waits with loss for a repetition of its bytes, or of an acknowledgment that was lost', () => {
    const lossy = pathsOf('transfer', { loss: 0.01, seed: 5, fileBytes: 600_000 });
    const { frames } = lossy.analysis;
    expectWhole(lossy.paths);
    const waits = lossy.paths.flatMap(({ segments }) =>
      segments.filter(({ holder }) => holder === 'recovery').map(({ event }) => frames.at(event)),
    );
    const repeated = waits.filter((frame) => frames.path(frame) !== 'peer');
    expect(repeated.length).toBeGreaterThan(0);
    for (const frame of repeated) expect(frames.isRetransmission(frame)).toBe(true);
  });

  it('waits for earlier data where more sends are posted than are on the wire', () => {
    const last = chimney[chimney.length - 1]!;
    expect(timeWith(last, 'earlier-data')).toBeGreaterThan(0);
  });

  it('goes through the intermediate drivers of a stack, down and up', () => {
    const stacked = pathsOf('stacked-drivers', { fileBytes: 200_000 });
    const through = stacked.paths.filter(({ path }) => path === 'chimney');
    expect(through.length).toBeGreaterThan(3);
    for (const path of through) expect(timeWith(path, 'intermediate-driver')).toBeGreaterThan(0);
  });

  it('is the same whichever of the nested calls is asked about', () => {
    const { calls, frames } = clean.analysis;
    const source = { calls, frames, store: clean.store };
    const [path] = chimney;
    const inner = calls.at(path!.request) + 1;
    expect(calls.handler(inner).functionName).toBe('MiniportTcpOffloadSend');
    expect(criticalPathOf(source, calls.event(inner))).toEqual({ ok: true, value: path });
  });

  it('is refused with a reason for what sends nothing', () => {
    const { calls, frames } = clean.analysis;
    const source = { calls, frames, store: clean.store };
    expect(criticalPathOf(source, calls.event(0))).toMatchObject({ ok: false, error: { kind: 'no-send' } });
    expect(criticalPathOf(source, 0)).toMatchObject({ ok: false, error: { kind: 'no-send' } });
    expect(clean.problems.every((kind) => kind === 'no-send')).toBe(true);
  });
});
