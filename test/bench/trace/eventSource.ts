/**
 * Events as a busy driver stack makes them, without a driver stack: calls that nest, returns, completions that come later and out of order,
 * frames and what becomes of them, changes of state variables. 1,024 connections are used by Zipf's law (exponent 1.05), times jitter and
 * have idle gaps, and about 3 % of the events carry a structure of 50 to 500 bytes. The same seed makes the same events.
 */
import { offloadStateVariables } from '../../../shared/ddi/offloadState';
import type { StructureName } from '../../../shared/ddi/catalogue';
import type { CallArgument, ComponentRole, EventId } from '../../../shared/trace/records';
import type { Probe } from '../../../electron/emulator/probe';
import { Chance, ZipfLaw } from './chance';
import { frameMaker, type FrameMaker } from './frameMaker';

/** Connections of the source; the number of one is its rank, 0 is the busiest. */
export const connectionCount = 1024;

const components: readonly (readonly [ComponentRole, string])[] = [
  ['host-stack', 'Host stack'],
  ['ndis', 'NDIS'],
  ['offload-target', 'Offload target'],
  ['peer', 'Peer'],
];

const processorCount = 4;

/** Requests that wait for their completion before any comes. */
const fewestPending = 96;

const pending = 0x103;
const failure = 0xc000_009a;

/** Structures that requests carry, with the bytes that the source gives them. */
const structures: readonly { readonly name: StructureName; readonly bytes: number }[] = [
  { name: 'NEIGHBOR_OFFLOAD_STATE_CACHED', bytes: 56 },
  { name: 'PATH_OFFLOAD_STATE_CONST', bytes: 64 },
  { name: 'TCP_OFFLOAD_STATE_CACHED', bytes: 88 },
  { name: 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS', bytes: 120 },
  { name: 'NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', bytes: 152 },
  { name: 'TCP_OFFLOAD_STATE_DELEGATED', bytes: 480 },
];

/** A request under way. */
interface Request {
  event: EventId;
  connection: number;
  address: number;
  bytes: number;
  isSend: boolean;
}

/** What is known of a connection while events are made. */
interface Flow {
  readonly object: number;
  readonly maker: FrameMaker;
  sent: number;
  acknowledged: number;
  received: number;
  window: number;
}

/** Where the variables stand that a busy connection changes. */
const [sndUna, sndNxt, sndWnd, rcvNxt, cwnd] = ['SndUna', 'SndNxt', 'SndWnd', 'RcvNxt', 'CWnd'].map(
  (name) => {
    const variable = offloadStateVariables('tcp').findIndex((candidate) => candidate.name === name);
    if (variable < 0) throw new Error(`no variable ${name}`);
    return variable;
  },
) as [number, number, number, number, number];

/** See the file's head. */
export class EventSource {
  private readonly chance: Chance;
  private readonly law: ZipfLaw;
  private readonly flows: Flow[] = [];
  private readonly requests: Request[] = [];
  private readonly variables = new Uint16Array(8);
  private readonly values = new Float64Array(8);
  /** Virtual time, ns. */
  now = 0;
  /** Events so far. */
  events = 0;
  private host = 0;
  private ndis = 0;
  private target = 0;
  private peer = 0;
  private processor = 0;
  private nextAddress = 0x1_0000;

  constructor(
    private readonly probe: Probe,
    seed = 1,
  ) {
    this.chance = new Chance(seed);
    this.law = new ZipfLaw(connectionCount, 1.05);
  }

  /** Makes events until there are at least `count`. */
  run(count: number): void {
    if (this.flows.length === 0) this.declare();
    while (this.events < count) this.step();
  }

  private declare(): void {
    const { probe } = this;
    const declared = components.map(([role, name]) => probe.component(role, name));
    [this.host, this.ndis, this.target, this.peer] = declared as [number, number, number, number];
    this.events += 4;
    const neighbor = probe.stateObject(0, 'neighbor', undefined, undefined, 'neighbor');
    const path = probe.stateObject(0, 'path', neighbor, undefined, 'path');
    this.events += 2;
    for (let index = 0; index < connectionCount; index++) {
      const connection = probe.connection(this.now, `192.0.2.1:${49152 + index}`, '192.0.2.2:80');
      const object = probe.stateObject(this.now, 'tcp', path, connection, `connection ${connection}`);
      probe.ownership(this.now, object, 'target', undefined);
      this.events += 3;
      const maker = frameMaker(index, this.chance);
      this.flows.push({ object, maker, sent: 1, acknowledged: 1, received: 1, window: 65_535 });
      this.pass();
    }
  }

  /** Time passes: some hundred ns. */
  private pass(): void {
    this.now += 40 + this.chance.below(this.chance.below(16) === 0 ? 6000 : 700);
  }

  private step(): void {
    const { chance } = this;
    this.processor = chance.below(processorCount);
    this.now += chance.below(4000);
    if (chance.below(1500) === 0) this.now += 1_000_000 + chance.below(4_000_000);
    const connection = this.law.draw(chance);
    const kind = chance.below(100);
    if (this.requests.length > fewestPending && kind < 44) this.complete();
    else if (kind < 66) this.post(connection, kind % 2 === 0);
    else if (kind < 78) this.acknowledge(connection);
    else if (kind < 94) this.administer(connection);
    else this.defer(connection);
  }

  private call(
    functionName: string,
    caller: number,
    callee: number,
    connection: number | undefined,
    parent: EventId | undefined,
    cause: EventId | undefined,
    completes: readonly EventId[],
    args: readonly CallArgument[],
  ): EventId {
    this.pass();
    this.events++;
    return this.probe.call(this.now, {
      functionName,
      caller,
      callee,
      irql: caller === this.host ? 0 : 2,
      processor: this.processor,
      connection,
      parent,
      cause,
      completes,
      arguments: args,
    });
  }

  private return(call: EventId, status: number | undefined): void {
    this.pass();
    this.events++;
    this.probe.return(this.now, { call, status, outputs: [] });
  }

  private lists(address: number, bytes: number, status: number, transferred: number): CallArgument {
    return {
      kind: 'net-buffer-lists',
      name: 'NetBufferList',
      lists: [
        {
          address,
          dataLength: bytes,
          netBufferCount: 1,
          mdlCount: 1 + (bytes >>> 14),
          status,
          bytesTransferred: transferred,
          streamOffset: undefined,
        },
      ],
    };
  }

  private handle(name: string, connection: number): CallArgument {
    return { kind: 'pointer', name, value: 0x40_0000 + connection * 0x240, label: 'offloaded connection' };
  }

  /** A send or a receive is posted: two calls deep, pending; a send makes frames and changes state. */
  private post(connection: number, isSend: boolean): void {
    const { host, ndis, target, chance } = this;
    const bytes = isSend ? 1460 * (1 + chance.below(8)) : 16_384;
    const address = (this.nextAddress = this.nextAddress >= 0x20_0000 ? 0x1_0000 : this.nextAddress + 0x1c0);
    const [outer, inner] = isSend
      ? (['NdisOffloadTcpSend', 'MiniportTcpOffloadSend'] as const)
      : (['NdisOffloadTcpReceive', 'MiniportTcpOffloadReceive'] as const);
    const event = this.call(
      outer,
      host,
      ndis,
      connection,
      undefined,
      undefined,
      [],
      [this.handle('NdisOffloadHandle', connection), this.lists(address, bytes, 0, 0)],
    );
    const nested = this.call(
      inner,
      ndis,
      target,
      connection,
      event,
      undefined,
      [],
      [
        { kind: 'pointer', name: 'MiniportAdapterContext', value: 0x8000, label: 'adapter' },
        this.handle('MiniportOffloadContext', connection),
        this.lists(address, bytes, 0, 0),
      ],
    );
    if (isSend) {
      this.frame(connection, nested, Math.min(bytes, 1460));
      const flow = this.flows[connection]!;
      flow.sent += bytes;
      this.variables[0] = sndNxt;
      this.values[0] = flow.sent % 0x1_0000_0000;
      this.change(flow, nested, 1);
    }
    this.return(nested, pending);
    this.return(event, pending);
    this.requests.push({ event, connection, address, bytes, isSend });
  }

  /** One of the oldest requests is completed. */
  private complete(): void {
    const { host, ndis, target, chance, requests } = this;
    const place = chance.below(chance.below(8) === 0 ? requests.length : 12);
    const { event, connection, address, bytes, isSend } = requests[place]!;
    const last = requests.pop()!;
    if (place < requests.length) requests[place] = last;
    const status = chance.below(500) === 0 ? failure : 0;
    const transferred = status === 0 ? bytes : 0;
    const [outer, inner] = isSend
      ? (['NdisTcpOffloadSendComplete', 'ProtocolTcpOffloadSendComplete'] as const)
      : (['NdisTcpOffloadReceiveComplete', 'ProtocolTcpOffloadReceiveComplete'] as const);
    if (!isSend) this.arrive(connection, 1460);
    const completion = this.call(
      outer,
      target,
      ndis,
      connection,
      undefined,
      event,
      [event],
      [
        { kind: 'pointer', name: 'NdisMiniportHandle', value: 0x9000, label: 'miniport' },
        this.lists(address, bytes, status, transferred),
      ],
    );
    const nested = this.call(
      inner,
      ndis,
      host,
      connection,
      completion,
      undefined,
      [event],
      [this.handle('ProtocolOffloadContext', connection), this.lists(address, bytes, status, transferred)],
    );
    this.return(nested, undefined);
    this.return(completion, undefined);
  }

  /** The peer acknowledges. */
  private acknowledge(connection: number): void {
    this.arrive(connection, 0);
    const flow = this.flows[connection]!;
    flow.acknowledged += Math.floor((flow.sent - flow.acknowledged) / 2) + 1;
    if (flow.acknowledged > flow.sent) flow.sent = flow.acknowledged;
    flow.window = 65_535 - this.chance.below(8) * 1460;
    this.variables[0] = sndUna;
    this.values[0] = flow.acknowledged % 0x1_0000_0000;
    this.variables[1] = sndWnd;
    this.values[1] = flow.window;
    this.variables[2] = cwnd;
    this.values[2] = 14_600 + (flow.acknowledged % 100_000);
    this.change(flow, undefined, 3);
  }

  /** A request about the connection's state, with a structure. */
  private administer(connection: number): void {
    const { chance } = this;
    const { name, bytes } = structures[chance.below(structures.length)]!;
    const content = new Uint8Array(bytes);
    // Mostly zeros and small numbers, a few that nobody can foresee.
    for (let at = 0; at < bytes; at += 8) content[at] = chance.below(3) === 0 ? chance.below(256) : at;
    const event = this.call(
      'NdisOidRequest',
      this.host,
      this.ndis,
      connection,
      undefined,
      undefined,
      [],
      [
        this.handle('NdisOffloadHandle', connection),
        { kind: 'structure', name: 'OffloadState', structure: name, address: 0x5000, bytes: content },
      ],
    );
    this.return(event, chance.below(200) === 0 ? failure : 0);
  }

  /** A deferred call or a timer: no connection, nothing inside. */
  private defer(connection: number): void {
    const event = this.call(
      'MiniportInterruptDpc',
      this.ndis,
      this.target,
      undefined,
      undefined,
      undefined,
      [],
      [{ kind: 'number', name: 'MessageId', value: connection % processorCount, group: undefined }],
    );
    this.return(event, undefined);
  }

  private change(flow: Flow, cause: EventId | undefined, count: number): void {
    this.events++;
    this.probe.stateNumbers(this.now, flow.object, this.target, cause, count, this.variables, this.values);
  }

  private frame(connection: number, cause: EventId | undefined, payload: number): void {
    const flow = this.flows[connection]!;
    this.pass();
    const bytes = flow.maker(flow.sent, flow.received, payload, true);
    const frame = this.probe.frame(
      this.now,
      this.target,
      'chimney',
      connection,
      cause,
      bytes.length,
      payload,
      false,
      bytes,
    );
    this.pass();
    this.probe.frameFate(this.now, frame, this.chance.below(1000) === 0 ? 'lost' : 'delivered', this.peer);
    this.events += 2;
  }

  private arrive(connection: number, payload: number): void {
    const flow = this.flows[connection]!;
    this.pass();
    const bytes = flow.maker(flow.received, flow.sent, payload, false);
    flow.received += payload;
    const frame = this.probe.frame(
      this.now,
      this.peer,
      'peer',
      connection,
      undefined,
      bytes.length,
      payload,
      false,
      bytes,
    );
    this.pass();
    this.probe.frameFate(this.now, frame, 'delivered', this.target);
    this.events += 2;
    if (payload === 0) return;
    this.variables[0] = rcvNxt;
    this.values[0] = flow.received % 0x1_0000_0000;
    this.change(flow, frame, 1);
  }
}
