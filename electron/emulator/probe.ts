/**
 * Where the emulator reports what happens. It knows neither trace files nor windows: the recorder implements this interface,
 * and so can a test.
 */
import type {
  CallRecord,
  ComponentRole,
  EventId,
  FrameFate,
  FramePath,
  ReturnRecord,
  StateChangeRecord,
  StateLayer,
  StateOwner,
} from '../../shared/trace/records';

/** Receives every event of a run in order of time. Ids that it answers are the ids in the trace. */
export interface Probe {
  component(role: ComponentRole, name: string): number;
  connection(time: number, local: string, remote: string): number;
  stateObject(
    time: number,
    layer: StateLayer,
    parent: number | undefined,
    connection: number | undefined,
    label: string,
  ): number;
  /** The first `count` entries of `variables` and `values` took new values; both arrays are reused by the caller. */
  stateNumbers(
    time: number,
    object: number,
    writer: number,
    cause: EventId | undefined,
    count: number,
    variables: ArrayLike<number>,
    values: ArrayLike<number>,
  ): void;
  /** As `stateNumbers`, for values that may be bytes. */
  stateValues(
    time: number,
    object: number,
    writer: number,
    cause: EventId | undefined,
    changes: StateChangeRecord['changes'],
  ): void;
  ownership(time: number, object: number, owner: StateOwner, cause: EventId | undefined): void;
  /** A path or TCP state object depends on another parent from now on. */
  relink(time: number, object: number, parent: number | undefined, cause: EventId | undefined): void;
  call(time: number, call: Omit<CallRecord, 'kind'>): EventId;
  return(time: number, result: Omit<ReturnRecord, 'kind'>): void;
  /** `bytes` may be longer than `length` and is reused by the caller. */
  frame(
    time: number,
    sender: number,
    path: FramePath,
    connection: number | undefined,
    cause: EventId | undefined,
    length: number,
    payloadLength: number,
    retransmission: boolean,
    bytes: Uint8Array,
  ): EventId;
  /** `flippedBits`: those that changed on the way, ascending; absent where none did. */
  frameFate(
    time: number,
    frame: EventId,
    fate: FrameFate,
    receiver: number,
    flippedBits?: readonly number[],
  ): void;
  /** A miniport is there; answers whether packets between it and what is bound to it are wanted. Absent: none ever. */
  packetInterface?(name: string): boolean;
  /** A packet of the ordinary path crosses the edge between a miniport and what is bound to it, by a call that has been recorded. */
  packet?(
    time: number,
    miniport: string,
    direction: 'inbound' | 'outbound',
    call: EventId,
    connection: number | undefined,
    bytes: Uint8Array,
  ): void;
  /** A number that belongs to no state object has another value from now on. Absent: nobody wants to know, and nothing is recorded. */
  counter?(time: number, component: number, name: string, value: number): void;
  /** Whoever runs the run has found a broken rule, severity `error`. Absent: nobody wants to know. */
  finding?(time: number, rule: string, events: readonly EventId[], text: string): void;
  /** Somebody beside the run says something of a stretch of the trace. Absent: nobody wants to know. */
  annotation?(time: number, from: EventId, to: EventId, author: string, text: string): void;
  note(
    time: number,
    component: number,
    connection: number | undefined,
    cause: EventId | undefined,
    text: string,
  ): void;
}
