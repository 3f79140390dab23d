import { expect, test } from 'vitest';
import { faultForm, faultGroups, faultText, readFaultForm } from '../../../renderer/scenario/faultWords';
import { draftOf } from '../../../renderer/forms/schemaForm';
import { faultKinds, faultSchema, type WrittenFault } from '../../../shared/scenario/faults';
import { readFault } from '../../../shared/scenario/readFault';

const written: readonly WrittenFault[] = [
  { kind: 'link-down', at: '2ms', for: '250ms' },
  { kind: 'drop-completion', request: 'send', probability: '1/20', times: 3 },
  {
    kind: 'refuse',
    request: 'send',
    status: 'RESOURCES',
    when: 'function == "MiniportTcpOffloadSend" && bytes > 4K',
  },
  { kind: 'wire', for: 5_000_000, direction: 'inbound', loss: 0.25, at: '1ms' },
];

test('every kind of fault can be chosen, once', () => {
  expect(faultGroups.flatMap(({ kinds }) => kinds).sort()).toEqual([...faultKinds].sort());
});

test.each(written)('$kind is told as the command line takes it, and fills its form', (fault) => {
  expect(readFault(faultText(fault))).toEqual({ ok: true, value: faultSchema.parse(fault) });
  expect(readFaultForm(fault.kind, draftOf(faultForm(fault.kind), fault))).toEqual({
    ok: true,
    value: fault,
  });
});

test('what is missing, wrong, or no expression is told of its field', () => {
  const fieldsOf = (...form: Parameters<typeof readFaultForm>): unknown[] => {
    const read = readFaultForm(...form);
    return read.ok ? [] : read.error.map(({ field }) => field);
  };
  expect(fieldsOf('stall', {})).toEqual(['for']);
  expect(fieldsOf('stall', { for: '2ms', probability: '3' })).toEqual(['probability']);
  expect(fieldsOf('refuse', { request: 'send', status: 'NO_SUCH_STATUS' })).toEqual(['status']);
  expect(fieldsOf('refuse', { request: 'send', when: 'function ==' })).toEqual(['when']);
});
