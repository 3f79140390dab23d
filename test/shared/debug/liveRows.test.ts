import { describe, expect, it } from 'vitest';
import { checkExpression } from '../../../shared/expression/check';
import { TraceRows } from '../../../shared/expression/traceRows';
import { findStops } from '../../../shared/debug/findStops';
import { LiveRows } from '../../../shared/debug/liveRows';
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import { recordScenario } from '../../harness/recordScenario';

const { model } = recordScenario('transfer', { fileBytes: 16_000_000, loss: 0 });
const store = model.store!;

describe('what is remembered of a run under way', () => {
  it('stays as large as it is, however long the run is', () => {
    const rows = new LiveRows();
    for (const variable of offloadStateVariables('tcp')) rows.states.request(variable);
    let largest = 0;
    let stateRecords = 0;
    for (let event = 0; event < store.length; event++) {
      const record = store.record(event);
      if (record.kind === 'unknown') throw new Error(`event ${event} makes no sense`);
      rows.take(record, event, store.time(event));
      if (record.kind === 'state-change') stateRecords++;
      if (event % 1000 === 0) largest = Math.max(largest, rows.states.size);
    }
    const written = [...Array(store.length).keys()].reduce((sum, event) => {
      const record = store.record(event);
      return record.kind === 'state-change' ? sum + record.changes.length : sum;
    }, 0);
    expect(stateRecords).toBeGreaterThan(20_000);
    expect(written).toBeGreaterThan(2 * largest);
  });

  it.each([
    'SndUna > 1000000 && kind == call && duration > 0',
    'RcvNxt > 1000000 && latency > 10us',
    'kind == frame && frame.fate == delivered && SndUna > 3000000',
    'owner == target && handler == MiniportTcpOffloadSend && completed',
  ])('forgets no value that is asked for: %s', (text) => {
    const checked = checkExpression(text);
    if (!checked.ok) throw new Error(checked.error[0]!.message);
    const stops = findStops(store, [{ id: 'b', on: { kind: 'expression', text }, enabled: true }]);
    if (!stops.ok) throw new Error(stops.error[0]!.problem.message);
    const found = stops.value.map(({ event }) => event).sort((left, right) => left - right);
    expect(found.length).toBeGreaterThan(50);
    expect(found).toEqual([...new TraceRows(model, store).matching(checked.value)]);
  });
});
