import { describe, expect, it } from 'vitest';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { liveEditSchema, type LiveEdit } from '../../../shared/contract/liveEdit';
import { meetsCondition, type StopCondition } from '../../../shared/debug/stopCondition';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { readTrace } from '../../harness/readTrace';
import { concatenate } from '../../harness/traceBytes';

/** Runs the transfer until its connection is offloaded and a while further, does something by hand, and goes on to the end. */
function edited(...edits: readonly LiveEdit[]): { readonly model: TraceModel; readonly bytes: Uint8Array } {
  const pieces: Uint8Array[] = [];
  const recording = new Recording(
    'test',
    { scenario: 'transfer', seed: 1, loss: 0, file: inventFile(1, 200_000), drivers: {} },
    'made up',
    { write: (piece) => pieces.push(piece.slice()) },
  );
  while (recording.progress < 0.3) recording.advance(10);
  for (const edit of edits) recording.edit(edit);
  while (recording.advance(1000));
  recording.finish(false);
  const bytes = concatenate(pieces);
  return { model: readTrace(bytes), bytes };
}

function notes({ store }: TraceModel): string[] {
  return Array.from({ length: store!.length }, (_, event) => store!.record(event)).flatMap((record) =>
    record.kind === 'note' && record.text.startsWith('By hand: ') ? [record.text] : [],
  );
}

function countOf({ calls }: TraceModel, functionName: string): number {
  return calls.calls.filter((call) => call.functionName === functionName).length;
}

const plain = edited();

describe('what is done by hand while a run stands still', () => {
  const query: LiveEdit = { kind: 'query', connection: 0, layer: 'tcp', classes: 'delegated' };

  it.each<[LiveEdit, string, string]>([
    [query, 'NdisQueryOffloadState', 'queries the delegated variables of the tcp object'],
    [{ kind: 'update', connection: 0, layer: 'path' }, 'NdisUpdateOffload', 'updates the path object'],
    [
      { kind: 'invalidate', connection: 0, layer: 'neighbor' },
      'NdisInvalidateOffload',
      'invalidates the neighbor object',
    ],
    [{ kind: 'path-mtu', connection: 0, mtu: 1280 }, 'NdisUpdateOffload', "the path's MTU is 1280 bytes"],
    [{ kind: 'terminate', connection: 0 }, 'NdisTerminateOffload', 'takes the connection back'],
    [
      { kind: 'post-receive', connection: 0, bytes: 4096 },
      'NdisOffloadTcpReceive',
      'posts a receive of 4096 bytes',
    ],
    [
      { kind: 'event', connection: 0, event: 'TcpIndicateRetrieve', reason: 'LowActivity' },
      'NdisTcpOffloadEventHandler',
      'the target raises TcpIndicateRetrieve',
    ],
    [
      { kind: 'event', connection: 0, event: 'TcpIndicateSendBacklogChange' },
      'NdisTcpOffloadEventHandler',
      'the target raises TcpIndicateSendBacklogChange',
    ],
    [
      { kind: 'oid', oid: 'OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG' },
      'NdisOidRequest',
      'the host stack queries OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG',
    ],
    [
      { kind: 'status', status: 'NDIS_STATUS_OFFLOAD_PAUSE' },
      'NdisMIndicateStatusEx',
      'the target indicates NDIS_STATUS_OFFLOAD_PAUSE',
    ],
    [{ kind: 'upload-all' }, 'NdisMIndicateStatusEx', 'the target wants everything back'],
    [{ kind: 'statistics', version: 'ipv4' }, 'NdisOidRequest', 'asks for the statistics'],
    [{ kind: 'power', state: 'D3' }, 'ProtocolNetPnPEvent', 'wants the adapter in D3'],
  ])('%j is a call of its own, and a note', (edit, functionName, text) => {
    const { model } = edited(edit);
    expect(notes(model)[0]).toContain(text);
    const before = countOf(plain.model, functionName);
    // Taking back early saves taking back at the end, and the events of the end.
    if (edit.kind === 'terminate' || (edit.kind === 'event' && edit.reason !== undefined))
      expect(model.calls.calls.find((call) => call.functionName === functionName)!.event).toBeLessThan(
        plain.model.calls.calls.find((call) => call.functionName === functionName)!.event,
      );
    else expect(countOf(model, functionName)).toBeGreaterThan(before);
  });

  it('has the peer send more, which the target passes on', () => {
    const received = ({ frames }: TraceModel): number =>
      frames.frames.reduce((sum, { path, payloadLength }) => sum + (path === 'peer' ? payloadLength : 0), 0);
    const { model } = edited({ kind: 'indicate', connection: 0, bytes: 700 });
    expect(notes(model)).toEqual(['By hand: the peer sends 700 bytes']);
    expect(received(model) - received(plain.model)).toBe(700);
  });

  it('can be any OID, status and event of the catalogue, and the run goes on to its end', () => {
    const enumOf = (kind: LiveEdit['kind'], field: string): string[] => {
      const option = liveEditSchema.options.find(({ shape }) => shape.kind.value === kind)!;
      return (option.shape as unknown as Record<string, { options: string[] }>)[field]!.options;
    };
    const all = [
      ...enumOf('oid', 'oid').map((oid) => ({ kind: 'oid', oid })),
      ...enumOf('status', 'status').map((status) => ({ kind: 'status', status })),
      ...enumOf('event', 'event').map((event) => ({ kind: 'event', connection: 0, event })),
    ].map((edit) => liveEditSchema.parse(edit));
    expect(all.length).toBeGreaterThan(50);
    for (const edit of all) expect(notes(edited(edit).model)[0]).toMatch(/queries|indicates|raises/);
  });

  it('leads to a call that nothing else led to, right behind its note', () => {
    const { store } = edited(query).model;
    const records = Array.from({ length: store!.length }, (_, event) => store!.record(event));
    const surroundings = { roleOf: () => undefined, processorOf: () => undefined };
    const first = (condition: StopCondition): number =>
      records.findIndex(
        (record, event) =>
          record.kind !== 'unknown' && meetsCondition(condition, record, event, surroundings),
      );
    const note = first({ kind: 'by-hand' });
    expect(records[note]).toMatchObject({ kind: 'note', text: expect.stringContaining('queries') as string });
    const outcome = first({ kind: 'outcome', note });
    expect(records[outcome]).toMatchObject({ kind: 'call', functionName: 'NdisQueryOffloadState' });
    expect(outcome - note).toBeLessThan(5);
  });

  it('is not done to what is not the target’s, and the trace says why', () => {
    const { model } = edited({ kind: 'initiate', connection: 0 });
    expect(notes(model)).toEqual(['By hand: initiate is not asked for: the connection is Offloaded']);
    expect(notes(edited({ kind: 'terminate', connection: 99 }).model)).toEqual([
      'By hand: terminate: the host stack does not know connection 99',
    ]);
  });

  it('gives the same trace for the same edit at the same event, and leaves no trace of itself without one', () => {
    expect(edited(query).bytes).toEqual(edited(query).bytes);
    expect(notes(plain.model)).toEqual([]);
  });
});
