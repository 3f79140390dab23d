import { expect, test } from 'vitest';
import { FindingsView } from '../../../renderer/stores/findingsView';
import { followPauses } from '../../../renderer/stores/followPauses';
import { Notices } from '../../../renderer/stores/notices';
import { OpenTrace } from '../../../renderer/stores/openTrace';
import { View } from '../../../renderer/stores/view';
import type { RunPause } from '../../../shared/contract/runControl';
import type { Finding } from '../../../shared/rules/engine/finding';
import { syntheticTrace } from '../../harness/syntheticTrace';

const finding: Finding = {
  rule: 'SND-021',
  severity: 'error',
  time: 0,
  events: [3, 5],
  component: undefined,
  connection: undefined,
  object: undefined,
  found: 'too few bytes',
  expected: '',
  fingerprint: '',
};
const pause: RunPause = {
  cause: 'finding',
  event: 0,
  time: 10,
  rule: 'SND-021',
  severity: 'error',
  found: 'too few bytes',
  events: [3, 5],
  count: 1,
};

function make(): { trace: OpenTrace; view: View; findings: FindingsView; shown: () => number } {
  const trace = new OpenTrace(new Notices(), { now: () => 0, nextTurn: (callback) => callback() });
  const view = new View(() => trace.state.model);
  const findings = new FindingsView();
  let shown = 0;
  followPauses(trace, view, findings, () => shown++);
  trace.receive({ kind: 'begin', origin: 'recording', name: 'live' });
  return { trace, view, findings, shown: () => shown };
}

test('the event of a pause is selected when it has been read, the finding when it has been found here', () => {
  const { trace, view, findings, shown } = make();
  trace.receive({ kind: 'paused', pause });
  expect(view.selection.value).toBeUndefined();
  trace.receive({ kind: 'bytes', bytes: syntheticTrace() });
  expect(view.selection.value).toBe(5);
  expect(shown()).toBe(1);
  expect(findings.chosen.value).toBeUndefined();
  const another = { ...finding, found: 'something else' };
  findings.update(trace.state.model, [another, finding]);
  expect(findings.chosen.value).toBe(finding);
});

test('who looks elsewhere during the pause is left alone', () => {
  const { trace, view, findings } = make();
  trace.receive({ kind: 'bytes', bytes: syntheticTrace() });
  trace.receive({ kind: 'paused', pause });
  findings.update(trace.state.model, [finding]);
  view.select(7);
  findings.chosen.value = undefined;
  findings.update(trace.state.model, [finding, { ...finding, events: [8] }]);
  expect(view.selection.value).toBe(7);
  expect(findings.chosen.value).toBeUndefined();
});

test('a view that followed the recording follows it again when the run goes on', () => {
  const { trace, view } = make();
  trace.receive({ kind: 'bytes', bytes: syntheticTrace() });
  trace.receive({ kind: 'paused', pause });
  expect(view.following.value).toBe(false);
  trace.receive({ kind: 'resumed' });
  expect(view.following.value).toBe(true);
  expect(trace.state.pause).toBeUndefined();
});

test('a pause that was asked for selects nothing, and the end of the trace ends it', () => {
  const { trace, view } = make();
  trace.receive({ kind: 'bytes', bytes: syntheticTrace() });
  trace.receive({ kind: 'paused', pause: { cause: 'asked', time: 3, event: 0 } });
  expect(view.selection.value).toBeUndefined();
  trace.receive({ kind: 'end' });
  expect(trace.state.pause).toBeUndefined();
});
