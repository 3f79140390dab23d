/** The series of a run over time: data on the wire by path, requests in flight, bytes of posted sends, receives that wait. */
import type { EventId, TraceRecord, VirtualTime } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import type { CallColumns, CallObserver } from './callColumns';
import { AmountSeries, LevelSeries } from './levelOfDetail';

/** See the file's head. Give it to `CallColumns` and to the reader, behind the columns; `attach` says whose calls they are. */
export class RunSeries implements CallObserver, TraceListener {
  /** Bytes of TCP payload on their first transmission, by who made the frame. */
  readonly newBytes = {
    host: new AmountSeries(),
    chimney: new AmountSeries(),
    peer: new AmountSeries(),
  } as const;
  /** Bytes of payload that had been sent before. */
  readonly retransmittedBytes = new AmountSeries();
  /** Requests of the host stack that have not been completed. */
  readonly requestsInFlight = new LevelSeries();
  /** Bytes of sends that the host stack has handed to the chimney and not got back. */
  readonly postedSendBytes = new LevelSeries();
  /** Receives that the host stack has posted and not got back. */
  readonly pendingReceives = new LevelSeries();
  private columns: CallColumns | undefined;
  private readonly hostStacks = new Set<number>();
  private readonly switches = new Set<number>();
  private now: VirtualTime = 0;

  /** Says whose calls these are; before the first record. */
  attach(columns: CallColumns): void {
    this.columns = columns;
  }

  onRecord(record: TraceRecord, _event: EventId, time: VirtualTime): void {
    this.now = time;
    if (record.kind === 'component') {
      if (record.role === 'host-stack') this.hostStacks.add(record.id);
      else if (record.role === 'wire') this.switches.add(record.id);
    } else if (record.kind === 'frame' && record.payloadLength > 0 && !this.switches.has(record.sender)) {
      if (record.retransmission) this.retransmittedBytes.add(time, record.payloadLength);
      else this.newBytes[record.path].add(time, record.payloadLength);
    }
  }

  onEnter(call: number): void {
    this.count(call, this.columns!.start(call), 1);
  }

  onLeave(call: number): void {
    this.now = this.columns!.end(call)!;
  }

  onComplete(call: number): void {
    this.now = this.columns!.start(this.columns!.completion(call)!);
  }

  onEnd(call: number): void {
    this.count(call, this.now, -1);
  }

  private count(call: number, time: VirtualTime, by: 1 | -1): void {
    const { functionName, caller, isAsynchronous } = this.columns!.handler(call);
    if (!isAsynchronous || !this.hostStacks.has(caller)) return;
    this.requestsInFlight.step(time, by);
    if (functionName === 'NdisOffloadTcpSend')
      this.postedSendBytes.step(time, by * this.columns!.bytes(call));
    else if (functionName === 'NdisOffloadTcpReceive') this.pendingReceives.step(time, by);
  }
}
