/**
 * A small but believable trace, made without the emulator: two registrations, an offload of three state objects, sends with
 * completions, frames of both paths with a loss and a retransmission, a disconnect and a terminate.
 */
import type { RunReport } from '../../shared/analysis/runReport';
import { encodeStructure, objectHeader, stateHeader } from '../../shared/ddi/structureCodec';
import { offloadStateVariable } from '../../shared/ddi/offloadState';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { pointerOf } from '../../shared/base/address';
import type {
  CallArgument,
  EventId,
  FramePath,
  StateLayer,
  StateOwner,
  TraceRecord,
} from '../../shared/trace/records';
import { TraceEncoder } from '../../shared/trace/traceEncoder';
import { tcpFrame } from './tcpFrame';

/** What may be asked of the trace. */
export interface SyntheticOptions {
  /** Number of sends through the chimney. */
  readonly sends?: number;
  /** Leaves the end record out: a recording that was cut. */
  readonly withoutEnd?: boolean;
}

const components = [
  { role: 'application', name: 'Echo client' },
  { role: 'host-stack', name: 'tcpip.sys' },
  { role: 'ndis', name: 'ndis.sys' },
  { role: 'offload-target', name: 'soot.sys' },
  { role: 'peer', name: 'Echo server' },
] as const;
const [application, host, ndis, target, peer] = [0, 1, 2, 3, 4] as const;

class Writer {
  readonly chunks: Uint8Array[] = [];
  time = 0;
  private readonly encoder: TraceEncoder;

  constructor(seed: number) {
    this.encoder = new TraceEncoder(
      {
        format: 'chimneysweep-trace',
        version: 1,
        application: 'chimneysweep synthetic',
        scenario: 'first-sweep',
        title: 'First sweep',
        seed,
        settings: { loss: 0.01, fileBytes: 65_536 },
        snapLength: 128,
      },
      { write: (bytes) => void this.chunks.push(bytes.slice()) },
    );
  }

  /** Appends a record `after` ns later. */
  add(after: number, record: TraceRecord): EventId {
    this.time += after;
    return this.encoder.write(this.time, record);
  }

  call(
    functionName: string,
    caller: number,
    callee: number,
    values: readonly CallArgument[],
    links: { parent?: EventId; completes?: EventId; cause?: EventId; connection?: number; irql?: 0 | 2 } = {},
  ): EventId {
    return this.add(400, {
      kind: 'call',
      functionName,
      caller,
      callee,
      irql: links.irql ?? 0,
      processor: 0,
      connection: links.connection,
      parent: links.parent,
      cause: links.cause,
      completes: links.completes === undefined ? [] : [links.completes],
      arguments: values,
    });
  }

  leave(call: EventId, status: number | undefined, outputs: readonly CallArgument[] = []): void {
    this.add(300, { kind: 'return', call, status, outputs });
  }

  finish(): Uint8Array {
    this.encoder.flush();
    const bytes = new Uint8Array(this.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of this.chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }
}

function setState(
  writer: Writer,
  object: number,
  layer: StateLayer,
  by: number,
  cause: EventId | undefined,
  values: readonly (readonly ['const' | 'cached' | 'delegated', string, number | Uint8Array])[],
): void {
  const changes = values.map(([stateClass, name, value]) => {
    const variable = offloadStateVariable(layer, stateClass, name);
    if (variable === undefined) throw new Error(`no ${stateClass} variable ${name} in ${layer}`);
    return { variable: variable.index, value };
  });
  writer.add(10, { kind: 'state-change', object, cause, writer: by, changes });
}

function blockList(form: 'protocol' | 'miniport', status: number): CallArgument {
  const tcpStates = [
    {
      structure: 'TCP_OFFLOAD_STATE_DELEGATED' as const,
      bytes: encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', {
        Header: stateHeader('TCP_OFFLOAD_STATE_DELEGATED'),
        SndUna: 1000,
        SndNxt: 5000,
        CWnd: 14_600,
        RcvWnd: 65_535,
      }),
    },
  ];
  const structure =
    form === 'protocol' ? 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST' : 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST';
  return {
    kind: 'block-list',
    name: 'OffloadBlockList',
    form,
    blocks: [0, 1, 2].map((depth) => ({
      address: 0x12000 + depth * 0x400,
      depth,
      role: 'new',
      object: depth,
      bytes: encodeStructure(structure, {
        Status: status,
        DependentBlockList: depth < 2 ? pointerOf(0x12400 + depth * 0x400) : 0n,
      }),
      states: depth === 2 ? tcpStates : [],
    })),
  };
}

function netBufferLists(offset: number, status: number, transferred: number): CallArgument {
  return {
    kind: 'net-buffer-lists',
    name: 'NetBufferList',
    lists: [
      {
        address: 0x40_000 + offset,
        dataLength: 1460,
        netBufferCount: 1,
        mdlCount: 1,
        status,
        bytesTransferred: transferred,
        streamOffset: offset,
      },
    ],
  };
}

function register(writer: Writer): void {
  const unload: CallArgument = {
    kind: 'pointer',
    name: 'DriverObject',
    value: 0x8000,
    label: 'soot.sys driver object',
  };
  const registering = writer.call('NdisMRegisterMiniportDriver', target, ndis, [unload]);
  const options = writer.call(
    'MiniportSetOptions',
    ndis,
    target,
    [{ kind: 'pointer', name: 'NdisDriverHandle', value: 0x8100, label: 'driver handle' }],
    { parent: registering },
  );
  for (const structure of [
    'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
    'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
  ] as const) {
    const bytes = encodeStructure(structure, { Header: objectHeader(structure), Flags: 0 });
    const call = writer.call(
      'NdisSetOptionalHandlers',
      target,
      ndis,
      [
        { kind: 'pointer', name: 'NdisHandle', value: 0x8100, label: 'driver handle' },
        { kind: 'structure', name: 'OptionalHandlers', structure, address: 0x8200, bytes },
      ],
      { parent: options },
    );
    writer.leave(call, NDIS_STATUS.SUCCESS);
  }
  writer.leave(options, NDIS_STATUS.SUCCESS);
  const initialize = writer.call('MiniportInitializeEx', ndis, target, [], { parent: registering });
  writer.leave(initialize, NDIS_STATUS.SUCCESS);
  writer.leave(registering, NDIS_STATUS.SUCCESS, [
    { kind: 'pointer', name: 'NdisMiniportDriverHandle', value: 0x8100, label: 'driver handle' },
  ]);
}

function frame(
  writer: Writer,
  path: FramePath,
  payloadLength: number,
  sequence: number,
  fate: { retransmission?: boolean; lost?: boolean; cause?: EventId } = {},
): void {
  const sender = path === 'host' ? host : path === 'chimney' ? target : peer;
  const event = writer.add(600, {
    kind: 'frame',
    sender,
    path,
    connection: 0,
    cause: fate.cause,
    length: 54 + payloadLength,
    payloadLength,
    retransmission: fate.retransmission ?? false,
    bytes: tcpFrame({ fromPeer: path === 'peer', sequence, acknowledgment: 7000, payloadLength }),
  });
  writer.add(9000, {
    kind: 'frame-fate',
    frame: event,
    fate: fate.lost === true ? 'lost' : 'delivered',
    receiver: path === 'peer' ? target : peer,
  });
}

function own(writer: Writer, owner: StateOwner, cause: EventId): void {
  for (const object of [0, 1, 2]) writer.add(5, { kind: 'ownership', object, owner, cause });
}

/** The request through both doors, and its completion. */
function throughNdis(
  writer: Writer,
  names: readonly [string, string],
  values: (form: 'protocol' | 'miniport') => readonly CallArgument[],
  status: number | undefined,
  cause?: EventId,
): readonly [EventId, EventId] {
  const links = { connection: 0, irql: 2, ...(cause === undefined ? {} : { cause }) } as const;
  const outer = writer.call(names[0], host, ndis, values('protocol'), links);
  const inner = writer.call(names[1], ndis, target, values('miniport'), {
    connection: 0,
    irql: 2,
    parent: outer,
  });
  writer.leave(inner, status);
  writer.leave(outer, status);
  return [outer, inner];
}

function complete(
  writer: Writer,
  names: readonly [string, string],
  requests: readonly [EventId, EventId],
  values: (form: 'protocol' | 'miniport') => readonly CallArgument[],
): EventId {
  const links = { connection: 0, irql: 2 } as const;
  const outer = writer.call(names[0], target, ndis, values('miniport'), { ...links, completes: requests[1] });
  const inner = writer.call(names[1], ndis, host, values('protocol'), {
    ...links,
    parent: outer,
    completes: requests[0],
  });
  writer.leave(inner, undefined);
  writer.leave(outer, undefined);
  return outer;
}

/** The bytes of the trace. */
export function syntheticTrace(options: SyntheticOptions = {}): Uint8Array {
  const sends = options.sends ?? 40;
  const writer = new Writer(7);
  const note = (component: number, text: string, cause?: EventId): EventId =>
    writer.add(50, { kind: 'note', component, connection: 0, cause, text });
  components.forEach((component, id) => writer.add(0, { kind: 'component', id, ...component }));
  writer.add(0, { kind: 'connection', id: 0, local: '192.0.2.1:49152', remote: '192.0.2.2:7' });
  register(writer);
  (['neighbor', 'path', 'tcp'] as const).forEach((layer, id) => {
    const label = { neighbor: 'Neighbor 192.0.2.2', path: 'Path to 192.0.2.2', tcp: 'TCP 49152 → 7' }[layer];
    const parent = id === 0 ? undefined : id - 1;
    writer.add(20, {
      kind: 'state-object',
      id,
      layer,
      parent,
      connection: layer === 'tcp' ? 0 : undefined,
      label,
    });
  });
  setState(writer, 0, 'neighbor', host, undefined, [
    ['const', 'DlSourceAddress', Uint8Array.of(2, 0, 0, 0, 0, 1)],
    ['cached', 'DlDestinationAddress', Uint8Array.of(2, 0, 0, 0, 0, 2)],
  ]);
  setState(writer, 1, 'path', host, undefined, [['cached', 'PathMtu', 1500]]);
  setState(writer, 2, 'tcp', host, undefined, [
    ['delegated', 'SndUna', 1000],
    ['delegated', 'SndNxt', 1000],
    ['delegated', 'CWnd', 4380],
  ]);
  note(host, 'Connection established');
  let sequence = 1000;
  for (let index = 0; index < 4; index++) {
    frame(writer, 'host', 1460, sequence);
    sequence += 1460;
    frame(writer, 'peer', 0, 7000);
    setState(writer, 2, 'tcp', host, undefined, [
      ['delegated', 'SndUna', sequence],
      ['delegated', 'SndNxt', sequence],
      ['delegated', 'CWnd', 4380 + index * 1460],
    ]);
  }
  const initiate = throughNdis(
    writer,
    ['NdisInitiateOffload', 'MiniportInitiateOffload'],
    (form) => [blockList(form, NDIS_STATUS.SUCCESS)],
    undefined,
  );
  own(writer, 'offloading', initiate[0]);
  writer.time += 30_000;
  const initiated = complete(
    writer,
    ['NdisMInitiateOffloadComplete', 'ProtocolInitiateOffloadComplete'],
    initiate,
    (form) => [blockList(form, NDIS_STATUS.SUCCESS)],
  );
  own(writer, 'target', initiated);
  note(host, 'Offload accepted: neighbor, path and TCP connection', initiated);
  const sent: number[] = [];
  for (let index = 0; index < sends; index++) {
    const offset = index * 1460;
    const send = throughNdis(
      writer,
      ['NdisOffloadTcpSend', 'MiniportTcpOffloadSend'],
      () => [netBufferLists(offset, 0, 0)],
      NDIS_STATUS.PENDING,
    );
    const lost = index % 16 === 9;
    frame(writer, 'chimney', 1460, sequence, { lost, cause: send[1] });
    if (lost) {
      writer.time += 60_000;
      frame(writer, 'chimney', 1460, sequence, { retransmission: true, cause: send[1] });
    }
    sequence += 1460;
    frame(writer, 'peer', 1460, 7000 + offset);
    setState(writer, 2, 'tcp', target, send[1], [
      ['delegated', 'SndUna', sequence],
      ['delegated', 'SndNxt', sequence],
      ['delegated', 'CWnd', lost ? 2920 : 10_000 + (index % 16) * 1460],
      ['delegated', 'RcvNxt', 7000 + offset + 1460],
    ]);
    complete(writer, ['NdisTcpOffloadSendComplete', 'ProtocolTcpOffloadSendComplete'], send, () => [
      netBufferLists(offset, NDIS_STATUS.SUCCESS, 1460),
    ]);
    sent.push(send[0]);
  }
  note(application, 'Everything sent', sent[sent.length - 1]);
  const terminate = throughNdis(
    writer,
    ['NdisTerminateOffload', 'MiniportTerminateOffload'],
    (form) => [blockList(form, NDIS_STATUS.SUCCESS)],
    undefined,
  );
  own(writer, 'uploading', terminate[0]);
  writer.time += 20_000;
  const terminated = complete(
    writer,
    ['NdisMTerminateOffloadComplete', 'ProtocolTerminateOffloadComplete'],
    terminate,
    (form) => [blockList(form, NDIS_STATUS.SUCCESS)],
  );
  own(writer, 'host', terminated);
  note(host, 'The host stack owns the connection again', terminated);
  const retransmitted = Math.floor((sends + 6) / 16);
  const hash = 'ab'.repeat(32);
  const report: RunReport = {
    scenario: 'first-sweep',
    success: true,
    summary: 'The file came back unchanged; the chimney carried most of it.',
    seed: 7,
    fileBytes: (sends + 4) * 1460,
    sha256: { source: hash, peer: hash, returned: hash },
    bytesSent: { hostPath: 4 * 1460, chimney: sends * 1460 },
    bytesReceived: { hostPath: 0, chimney: sends * 1460 },
    callsRecorded: 13 + sends * 4,
    optionalHandlersCalls: 2,
    frames: { sent: 8 + sends * 2 + retransmitted, lost: retransmitted, retransmitted },
    virtualTime: writer.time,
  };
  if (options.withoutEnd !== true) writer.add(1000, { kind: 'end', report: JSON.stringify(report) });
  return writer.finish();
}
