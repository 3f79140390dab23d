import { bench, describe } from 'vitest';
import { checkExpression } from '../../shared/expression/check';
import { compileExpression, type ExpressionSource, type Predicate } from '../../shared/expression/compile';
import { TraceRows } from '../../shared/expression/traceRows';
import { recordScenario } from '../harness/recordScenario';

const rows = 1_000_000;

/** Columns of a million calls: what a columnar store is. A row is a position. */
const handlers = [
  'MiniportTcpOffloadSend',
  'MiniportTcpOffloadReceive',
  'NdisOffloadTcpSend',
  'NdisMSendNetBufferListsComplete',
];
const handlerCodes = Uint8Array.from({ length: rows }, (_, row) => (row * 7) % handlers.length);
const statuses = Uint32Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? 0x103 : 0));
const bytes = Float64Array.from({ length: rows }, (_, row) => (row * 7919) % 200_000);

const columns: ExpressionSource<number> = {
  number: ({ field }) =>
    field.name === 'status'
      ? (row) => statuses[row]!
      : field.name === 'bytes'
        ? (row) => bytes[row]!
        : undefined,
  text: ({ field }) => (field.name === 'handler' ? (row) => handlers[handlerCodes[row]!] : undefined),
  dictionary: ({ field }) =>
    field.name === 'handler'
      ? { code: (row) => handlerCodes[row]!, text: (code) => handlers[code] }
      : undefined,
  changed: () => undefined,
};

function compiled(text: string): Predicate<number> {
  const checked = checkExpression(text);
  if (!checked.ok) throw new Error(text);
  return compileExpression(checked.value, columns);
}

/** What is found is counted, so that nothing is optimised away. */
const seen = { found: 0 };

describe('1,000,000 rows of columns', () => {
  for (const text of [
    'bytes > 64K',
    'handler == "MiniportTcpOffloadSend" && bytes > 64K && status != SUCCESS',
    'handler like "Ndis*Complete" || bytes in (1000..2000, 5000..6000)',
  ]) {
    const predicate = compiled(text);
    bench(text, () => {
      for (let row = 0; row < rows; row++) if (predicate(row)) seen.found++;
    });
  }
});

const { model } = recordScenario('transfer', { fileBytes: 4_000_000, loss: 0.01 });
const source = new TraceRows(model, model.store!);

describe(`a recorded trace of ${model.store!.length} records`, () => {
  for (const text of [
    'status == PENDING && irql == DISPATCH_LEVEL',
    'handler == "MiniportTcpOffloadSend" && bytes > 64K && status != SUCCESS',
    'tcp.flags.ack && tcp.len > 1000',
    'connection == 0 && SndWnd < 64K',
  ]) {
    const checked = checkExpression(text);
    if (!checked.ok) throw new Error(text);
    bench(text, () => {
      for (const _event of source.matching(checked.value)) seen.found++;
    });
  }
});

describe('reading', () => {
  bench('the example of the specification, checked', () => {
    if (checkExpression('handler == "MiniportTcpOffloadSend" && bytes > 64K && status != SUCCESS').ok)
      seen.found++;
  });
});
