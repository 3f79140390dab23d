/**
 * The work of the host's processors, collected from a trace in one pass: frames that the host's own TCP sent and received, and the
 * calls of the chimney's data path. What it costs is decided afterwards, so that other numbers can be tried on the same recording.
 */
import type { CallArgument, CallRecord, EventId, TraceRecord, VirtualTime } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import {
  cyclesOf,
  cyclesPerWork,
  noWork,
  pageBytes,
  pathOfWork,
  workKinds,
  type CostPath,
  type HostCostSettings,
  type HostWork,
  type WorkKind,
} from './hostCostModel';

/** Processor use in equal bins; 1 is all of the processors' time. */
export interface HostCostSeries {
  readonly from: VirtualTime;
  readonly binWidth: VirtualTime;
  readonly hostPath: Float64Array;
  readonly chimney: Float64Array;
}

/** Bytes of Ethernet, IPv4 and TCP headers with timestamps, where a received packet's frame is not known. */
const usualHeaders = 66;

const kindIndex = new Map<WorkKind, number>(workKinds.map((kind, index) => [kind, index]));

/** Interrupt kinds: their amounts are times at which one is due, and only those beyond the coalescing time count. */
const interruptKinds: ReadonlySet<WorkKind> = new Set(['hostInterrupts', 'chimneyInterrupts']);

function listsOf(
  values: readonly CallArgument[],
): Extract<CallArgument, { kind: 'net-buffer-lists' }>['lists'] {
  for (const value of values) if (value.kind === 'net-buffer-lists') return value.lists;
  return [];
}

/** TCP blocks of a tree that carry state: connections that it hands over, or that it asks back. */
function statefulConnections(values: readonly CallArgument[]): number {
  let count = 0;
  for (const value of values)
    if (value.kind === 'block-list')
      for (const block of value.blocks)
        if (block.states.some(({ structure }) => structure.startsWith('TCP_OFFLOAD_STATE'))) count++;
  return count;
}

const dataPathCall = /^(NdisOffloadTcp|MiniportTcpOffload|NdisTcpOffload|ProtocolTcpOffload)/;

/** Calls by which a target interrupts the host. */
const interrupting: ReadonlySet<string> = new Set([
  'NdisTcpOffloadSendComplete',
  'NdisTcpOffloadReceiveComplete',
  'NdisTcpOffloadReceiveHandler',
  'NdisTcpOffloadDisconnectComplete',
  'NdisTcpOffloadEventHandler',
]);

/** See the file's head. */
export class HostCostIndex implements TraceListener {
  private times = new Float64Array(1024);
  private amounts = new Float64Array(1024);
  private kinds = new Uint8Array(1024);
  private length = 0;
  private readonly hosts = new Set<number>();
  private readonly targets = new Set<number>();
  /** Payload of the peers' frames, by their record. */
  private readonly peerPayloads = new Map<EventId, number>();
  private last: VirtualTime = 0;

  /** Time of the last record. */
  get lastTime(): VirtualTime {
    return this.last;
  }

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    this.last = time;
    switch (record.kind) {
      case 'component':
        if (record.role === 'host-stack') this.hosts.add(record.id);
        if (record.role === 'offload-target') this.targets.add(record.id);
        return;
      case 'frame':
        if (record.path === 'peer') this.peerPayloads.set(event, record.payloadLength);
        else if (record.path === 'host') this.hostSegment(time, 'hostBytesSent', record.payloadLength);
        else this.add(time, 'chimneyBytes', record.payloadLength);
        return;
      case 'call':
        this.call(record, time);
        return;
      default:
    }
  }

  /** Everything done from `from` until before `until`, ns. */
  work(settings: HostCostSettings, from: VirtualTime = 0, until: VirtualTime = Infinity): HostWork {
    const work = { ...noWork };
    this.forEach(settings, from, until, (_time, kind, amount) => {
      work[kind] += amount;
    });
    return work;
  }

  /** Cycles spent from `from` until before `until`, ns. */
  cycles(
    settings: HostCostSettings,
    from: VirtualTime = 0,
    until: VirtualTime = Infinity,
  ): Record<CostPath, number> {
    return cyclesOf(this.work(settings, from, until), settings);
  }

  /** Use of the processors in `bins` equal bins. */
  series(settings: HostCostSettings, from: VirtualTime, until: VirtualTime, bins: number): HostCostSeries {
    const binWidth = Math.max(1, (until - from) / bins);
    const series = { from, binWidth, hostPath: new Float64Array(bins), chimney: new Float64Array(bins) };
    const per = cyclesPerWork(settings);
    const available = (settings.clockHz * settings.processors * binWidth) / 1e9;
    this.forEach(settings, from, until, (time, kind, amount) => {
      const bin = Math.min(bins - 1, Math.floor((time - from) / binWidth));
      series[pathOfWork[kind]][bin]! += (amount * per[kind]) / available;
    });
    return series;
  }

  private forEach(
    settings: HostCostSettings,
    from: VirtualTime,
    until: VirtualTime,
    visit: (time: VirtualTime, kind: WorkKind, amount: number) => void,
  ): void {
    // An interrupt takes with it what else comes within the coalescing time, on either path, for there is one adapter.
    let coalescedUntil = -1;
    for (let index = 0; index < this.length; index++) {
      const time = this.times[index]!;
      if (time >= until) break;
      const kind = workKinds[this.kinds[index]!]!;
      if (interruptKinds.has(kind)) {
        if (time < coalescedUntil) continue;
        coalescedUntil = time + settings.interruptCoalescing;
      }
      if (time >= from) visit(time, kind, this.amounts[index]!);
    }
  }

  private add(time: VirtualTime, kind: WorkKind, amount: number): void {
    if (amount === 0) return;
    if (this.length === this.times.length) this.grow();
    this.times[this.length] = time;
    this.kinds[this.length] = kindIndex.get(kind)!;
    this.amounts[this.length] = amount;
    this.length++;
  }

  private grow(): void {
    const size = this.length * 2;
    const times = new Float64Array(size);
    const amounts = new Float64Array(size);
    const kinds = new Uint8Array(size);
    times.set(this.times);
    amounts.set(this.amounts);
    kinds.set(this.kinds);
    this.times = times;
    this.amounts = amounts;
    this.kinds = kinds;
  }

  private hostSegment(
    time: VirtualTime,
    bytes: 'hostBytesSent' | 'hostBytesReceived',
    payload: number,
  ): void {
    if (payload === 0) this.add(time, 'hostAcknowledgments', 1);
    else {
      this.add(time, 'hostSegments', 1);
      this.add(time, bytes, payload);
    }
  }

  private call(record: CallRecord, time: VirtualTime): void {
    const { functionName } = record;
    if (functionName === 'NdisMIndicateReceiveNetBufferLists') this.indicated(record, time);
    else if (functionName === 'NdisInitiateOffload' || functionName === 'NdisTerminateOffload') {
      if (!this.hosts.has(record.caller)) return;
      const kind = functionName === 'NdisInitiateOffload' ? 'initiates' : 'terminates';
      this.add(time, kind, statefulConnections(record.arguments));
    } else if (dataPathCall.test(functionName)) this.dataPath(record, time);
  }

  /** Packets for the host's own TCP; an intermediate driver that passes them on is not counted again. */
  private indicated(record: CallRecord, time: VirtualTime): void {
    if (!this.targets.has(record.caller)) return;
    this.add(time, 'hostInterrupts', 1);
    const lists = listsOf(record.arguments);
    for (const list of lists) {
      const known =
        lists.length === 1 && record.cause !== undefined ? this.peerPayloads.get(record.cause) : undefined;
      this.hostSegment(time, 'hostBytesReceived', known ?? Math.max(0, list.dataLength - usualHeaders));
    }
  }

  private dataPath(record: CallRecord, time: VirtualTime): void {
    const { functionName } = record;
    this.add(time, 'chimneyCalls', 1);
    if (interrupting.has(functionName) && this.targets.has(record.caller))
      this.add(time, 'chimneyInterrupts', 1);
    if (!this.hosts.has(record.caller) && !this.hosts.has(record.callee)) return;
    switch (functionName) {
      case 'NdisOffloadTcpSend':
      case 'NdisOffloadTcpReceive': {
        const lists = listsOf(record.arguments);
        this.add(time, 'chimneySystemCalls', 1);
        this.add(time, 'chimneyRequests', lists.length);
        const pages = lists.reduce((sum, list) => sum + Math.ceil(list.dataLength / pageBytes), 0);
        // A posted receive locks its pages as well, but pays for those that data reaches: buffers are locked once and used again.
        if (functionName === 'NdisOffloadTcpSend') this.add(time, 'chimneyPages', pages);
        return;
      }
      case 'NdisOffloadTcpDisconnect':
        this.add(time, 'chimneySystemCalls', 1);
        this.add(time, 'chimneyRequests', 1);
        return;
      case 'ProtocolTcpOffloadReceiveComplete':
        for (const list of listsOf(record.arguments)) {
          this.add(time, 'chimneyPages', Math.ceil(list.bytesTransferred / pageBytes));
          this.add(time, 'chimneyBytes', list.bytesTransferred);
        }
        return;
      case 'ProtocolTcpOffloadReceiveIndicate': {
        const bytes = listsOf(record.arguments).reduce((sum, list) => sum + list.dataLength, 0);
        this.add(time, 'chimneySystemCalls', 1);
        this.add(time, 'chimneyBytes', bytes);
        this.add(time, 'chimneyCopiedBytes', bytes);
        return;
      }
      default:
    }
  }
}
