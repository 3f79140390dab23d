import { beforeAll, describe, expect, it } from 'vitest';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { offloadStateVariable } from '../../../shared/ddi/offloadState';
import { checkExpression } from '../../../shared/expression/check';
import { fieldReferences } from '../../../shared/expression/fields';
import { TraceRows } from '../../../shared/expression/traceRows';
import { traceVocabulary } from '../../../shared/expression/traceVocabulary';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { recordScenario } from '../../harness/recordScenario';

let model: TraceModel;
let rows: TraceRows;

beforeAll(() => {
  ({ model } = recordScenario('transfer', { fileBytes: 300_000, loss: 0.02 }));
  rows = new TraceRows(model, model.store!);
});

function find(text: string): number[] {
  const checked = checkExpression(text, traceVocabulary(model));
  if (!checked.ok) throw new Error(checked.error.map(({ message }) => message).join('; '));
  expect(checked.value.warnings).toEqual([]);
  return [...rows.matching(checked.value)];
}

/** Events of calls that satisfy a condition of ours. */
function calls(condition: (call: TraceModel['calls']['calls'][number]) => boolean): number[] {
  return model.calls.calls.filter(condition).map(({ event }) => event);
}

function frames(condition: (frame: TraceModel['frames']['frames'][number]) => boolean): number[] {
  return model.frames.frames.filter(condition).map(({ event }) => event);
}

describe('expressions over a trace', () => {
  it('find calls by handler, status and bytes', () => {
    const sends = calls((call) => call.functionName === 'MiniportTcpOffloadSend');
    expect(sends.length).toBeGreaterThan(2);
    expect(find('handler == "MiniportTcpOffloadSend"')).toEqual(sends);
    const large = find('handler == "MiniportTcpOffloadSend" && bytes > 8K && status != SUCCESS');
    expect(large).toEqual(
      sends.filter((event) => {
        const record = model.store!.record(event);
        if (record.kind !== 'call') return false;
        const bytes = record.arguments
          .flatMap((argument) => (argument.kind === 'net-buffer-lists' ? argument.lists : []))
          .reduce((sum, list) => sum + list.dataLength, 0);
        const { status } = model.calls.at(event)!;
        return bytes > 8192 && status !== undefined && status !== NDIS_STATUS.SUCCESS;
      }),
    );
    expect(find('status == PENDING').length).toBeGreaterThan(0);
    expect(find('status == PENDING')).toEqual(calls((call) => call.status === NDIS_STATUS.PENDING));
  });

  it('find who calls whom, at which IRQL and inside which call', () => {
    const target = model.store!.components.findIndex(({ role }) => role === 'offload-target');
    expect(find('callee.role == "offload-target"')).toEqual(calls((call) => call.callee === target));
    expect(find('kind == call && role == "offload-target"')).toEqual(
      calls((call) => call.callee === target || call.caller === target),
    );
    expect(find('irql == DISPATCH_LEVEL')).toEqual(calls((call) => call.irql === 2));
    const [outer] = calls((call) => call.functionName === 'NdisInitiateOffload');
    expect(find(`parent == ${outer!}`)).toEqual(calls((call) => call.parent === outer));
    expect(find(`parent == ${outer!}`)).not.toEqual([]);
  });

  it('find requests by what became of them', () => {
    const [request] = calls((call) => call.functionName === 'MiniportInitiateOffload');
    const completion = model.calls.at(request!)!.completedBy!;
    expect(find('handler == MiniportInitiateOffload && completed && latency > 0')).toContain(request);
    expect(find(`completes == ${request!}`)).toContain(completion);
    expect(find(`completedBy == ${completion}`)).toContain(request);
    const latency = model.calls.at(completion)!.start - model.calls.at(request!)!.start;
    expect(find(`id == ${request!} && latency == ${latency}ns && pending == latency`)).toEqual([request]);
    expect(find('asynchronous && !completed')).toEqual(find('asynchronous && completed == false'));
    expect(find('exists(completed) && !asynchronous')).toEqual([]);
  });

  it('find frames by their headers and fates', () => {
    expect(find('kind == frame && fate == lost')).toEqual(frames((frame) => frame.fate === 'lost'));
    expect(find('fate == lost').length).toBeGreaterThan(0);
    expect(find('retransmission')).toEqual(frames((frame) => frame.retransmission));
    expect(find('kind == frame && bytes > 1000')).toEqual(frames((frame) => frame.payloadLength > 1000));
    expect(find('tcp.len > 1000')).toEqual(frames((frame) => frame.payloadLength > 1000));
    expect(find('tcp.flags.syn').length).toBeGreaterThanOrEqual(2);
    expect(find('tcp.flags.syn && tcp.flags.ack == false').length).toBeGreaterThan(0);
    expect(find('protocol == ARP').length).toBeGreaterThan(0);
    expect(find('ip.src == 192.0.2.0/24 && ip.protocol == IPPROTO_TCP && tcp.dstport == 7')).toEqual(
      find('protocol == TCP && tcp.dstport == 7'),
    );
    expect(find('path == chimney')).toEqual(frames((frame) => frame.path === 'chimney'));
  });

  it('find events by the ends of their connection', () => {
    const ofConnection = find('connection == 0');
    expect(ofConnection.length).toBeGreaterThan(100);
    expect(find('remote == 192.0.2.2 && remote.port == 7 && local == 192.0.2.1')).toEqual(ofConnection);
    expect(find('connection == 0 && port == 7 && address != 10.0.0.0/8')).toEqual(ofConnection);
  });

  it('find changes of state variables, and what held at other events', () => {
    const variable = offloadStateVariable('tcp', 'delegated', 'SndUna')!;
    const store = model.store!;
    const changes: number[] = [];
    for (let event = 0; event < store.length; event++) {
      const record = store.record(event);
      if (record.kind === 'state-change' && store.stateObjects[record.object]!.layer === 'tcp')
        if (record.changes.some((change) => change.variable === variable.index)) changes.push(event);
    }
    expect(changes.length).toBeGreaterThan(3);
    expect(find('changed(SndUna)')).toEqual(changes);
    for (const event of [changes[2]!, find('kind == frame && connection == 0').at(-20)!]) {
      const held = model.states
        .objectAt(2, event)!
        .variables.find((candidate) => candidate.variable === variable.index)!.value;
      expect(find(`id == ${event} && SndUna == ${Number(held)}`)).toEqual([event]);
    }
    expect(find('kind == state && RemotePort == 7').length).toBeGreaterThan(0);
    expect(find('connection == 0 && DestinationAddress == 192.0.2.2').length).toBeGreaterThan(0);
    expect(find('connection == 0 && PathMtu == 1500').length).toBeGreaterThan(0);
  });

  it('find changes of ownership, and who owned a connection when', () => {
    expect(find('kind == ownership && layer == tcp && owner == target').length).toBe(1);
    expect(find('changed(owner)')).toEqual(find('kind == ownership'));
    const sends = find('handler == MiniportTcpOffloadSend');
    expect(find('handler == MiniportTcpOffloadSend && owner == target')).toEqual(sends);
  });

  it('look into arguments, outputs and members of structures', () => {
    expect(find('arg.EventType == TcpIndicateRetrieve').length).toBeGreaterThan(0);
    expect(find('arg.EventType == "TcpIndicateRetrieve"')).toEqual(
      find('arg.EventType == TcpIndicateRetrieve'),
    );
    expect(find('arg.Status == SUCCESS').length).toBeGreaterThan(0);
    expect(find('arg.StatusIndication.StatusCode > 0').length).toBeGreaterThan(0);
    expect(find('arg.StatusIndication.StatusCode > 0')).toEqual(find('exists(arg.StatusIndication)'));
    expect(find('arg.StatusIndication.Header.Size > 0')).toEqual(find('exists(arg.StatusIndication)'));
    expect(find('arg.BytesRead >= 0').length).toBeGreaterThan(0);
    expect(find('blocks == 3 && handler == MiniportInitiateOffload').length).toBe(1);
    expect(find('lists > 0 && arg.NetBufferList > 0').length).toBeGreaterThan(0);
  });

  it('find notes and words of the summary', () => {
    const [note] = model.notes.notes;
    expect(find(`note == ${JSON.stringify(note!.text)}`)).toContain(note!.event);
    expect(find('summary contains "MiniportInitiateOffload"').length).toBeGreaterThanOrEqual(1);
    expect(
      find(
        'kind == note && exists(writer) && writer.role in (application, "host-stack", ndis, "offload-target", peer, wire)',
      ).length,
    ).toBe(model.notes.notes.length);
  });

  it('look only at the kinds of events that can match, and find the same', () => {
    for (const text of [
      'status == SUCCESS',
      'bytes > 1000 || note contains "e"',
      '!(kind == call) && time > 1ms',
    ]) {
      const checked = checkExpression(text);
      if (!checked.ok) throw new Error(text);
      const all = {
        ...checked.value,
        kinds: new Set(['call', 'frame', 'state', 'ownership', 'note'] as const),
      };
      expect([...rows.matching(checked.value)]).toEqual([...rows.matching(all)]);
    }
  });

  it('have each field only at the kinds of events that the catalogue names, and nearly all of them somewhere', () => {
    const store = model.store!;
    const absent: string[] = [];
    for (const reference of fieldReferences) {
      const { field } = reference;
      if (field.parts !== undefined) continue;
      const isText = field.type === 'text' || field.type === 'address';
      const text = isText ? rows.text(reference) : undefined;
      const number = isText ? undefined : rows.number(reference);
      expect([field.name, text !== undefined || number !== undefined]).toEqual([field.name, true]);
      const kinds = new Set<string>();
      for (let event = 0; event < store.length; event++) {
        const kind = rows.kind(event);
        if (kind === undefined) continue;
        const value = number?.(event);
        if (text?.(event) !== undefined || (value !== undefined && !Number.isNaN(value))) kinds.add(kind);
      }
      for (const kind of kinds)
        expect([field.name, field.kinds]).toEqual([field.name, expect.arrayContaining([kind])]);
      if (kinds.size === 0) absent.push(field.name);
    }
    // No tags, no ICMP, no urgent data in this run; nothing queued and no backlog when state is handed over.
    const rare = /^(vlan|icmp)\.|urgent|^SendData|^BufferedData|BacklogSize$|^DWnd$|^tcp\.delegated\.Flags$/;
    expect(absent.filter((name) => !rare.test(name))).toEqual([]);
  });
});
