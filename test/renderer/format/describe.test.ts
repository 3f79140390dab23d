import { expect, test } from 'vitest';
import { describeEvent, speakEvent } from '../../../renderer/format/describe';
import { readTrace } from '../../harness/readTrace';
import { syntheticTrace } from '../../harness/syntheticTrace';

const model = readTrace(syntheticTrace());
const called = (name: string): number => model.calls.calls.find((call) => call.functionName === name)!.event;

test('a request says who made it, what it returned and what completed it', () => {
  const sentence = speakEvent(model, called('MiniportTcpOffloadSend'));
  expect(sentence).toContain('MiniportTcpOffloadSend: ndis.sys → soot.sys');
  expect(sentence).toContain('returned NDIS_STATUS_PENDING');
  expect(sentence).toMatch(/completed after .* by NdisTcpOffloadSendComplete\.$/);
});

test('a completion names its request', () => {
  const { facts } = describeEvent(model, called('ProtocolTcpOffloadSendComplete'))!;
  expect(facts.join(' ')).toContain('completes NdisOffloadTcpSend after');
});

test('frames, milestones and changes of owner have words', () => {
  const lost = model.frames.frames.find((frame) => frame.fate === 'lost')!;
  expect(speakEvent(model, lost.event)).toContain('lost after');
  const again = model.frames.frames.find((frame) => frame.retransmission)!;
  expect(describeEvent(model, again.event)!.title).toBe('Retransmission of 1514 bytes');
  expect(describeEvent(model, model.notes.notes[0]!.event)!.title).toBe('Connection established');
  const span = model.states.ownershipSpans(2)[1]!;
  expect(describeEvent(model, span.event)!.title).toBe('TCP 49152 → 7: target');
});

test('events that do not exist have no words', () => {
  expect(describeEvent(model, -1)).toBeUndefined();
  expect(describeEvent(model, model.store!.length)).toBeUndefined();
  expect(speakEvent(model, 1e9)).toBe('');
});
