/**
 * The vocabulary of a trace: what can be recorded. Types only; `traceEncoder.ts` turns records into bytes and
 * `chunk.ts` turns them back. The byte layout is described in docs/trace-format.md.
 */
import type { StructureName } from '../ddi/generated/structures';

/**
 * Raise it when the byte layout or the meaning of a record changes; then freeze the reader of the version before in a folder of its own,
 * as `v1/` is, and keep golden files of it.
 */
export const traceFormatVersion = 2;

/** Ordinal of a record in its trace, from 0: one number space for calls, frames, state changes and notes. */
export type EventId = number;

/** Virtual time in nanoseconds since the start of the scenario; exact up to 2^53 (104 days). */
export type VirtualTime = number;

/** First thing in a trace: where it comes from and how to make it again. Holds no wall-clock time on purpose. */
export interface TraceHeader {
  readonly format: 'chimneysweep-trace';
  readonly version: number;
  /** Application and version that recorded it, for example `chimneysweep 0.1.0`. */
  readonly application: string;
  /** Id of the scenario, for example `transfer`. */
  readonly scenario: string;
  /** Title of the scenario for people. */
  readonly title: string;
  readonly seed: number;
  /** Every setting that the run depends on, by name. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /**
   * Bytes kept of each frame, besides its headers and 16 bytes behind them, which are kept in any case; longer frames are cut in the trace, never
   * on the wire.
   */
  readonly snapLength: number;
  /** The run itself, for who wants to make it again: `shared/scenario/recordedRun.ts` reads it. Absent in what is no run of a scenario. */
  readonly run?: unknown;
}

/** What part of the emulated machine a component plays; each has a lane on the timeline. */
export type ComponentRole =
  'application' | 'host-stack' | 'ndis' | 'intermediate-driver' | 'offload-target' | 'wire' | 'peer';

/** A driver, NDIS itself, an application, a link or a remote host. Ids count from 0 in order of declaration. */
export interface ComponentRecord {
  readonly kind: 'component';
  readonly id: number;
  readonly role: ComponentRole;
  readonly name: string;
}

/** A TCP connection. Ids count from 0. */
export interface ConnectionRecord {
  readonly kind: 'connection';
  readonly id: number;
  /** Local and remote end as text, for example `192.0.2.1:49152` and `192.0.2.2:7`. */
  readonly local: string;
  readonly remote: string;
}

/** Layer of an offload state object (WDK page "Layers of Offload State"). */
export type StateLayer = 'neighbor' | 'path' | 'tcp';

/** Declares a neighbor, path or TCP state object. Ids count from 0; parents come before children. */
export interface StateObjectRecord {
  readonly kind: 'state-object';
  readonly id: number;
  readonly layer: StateLayer;
  /** The object it depends on: path on neighbor, TCP on path. */
  readonly parent: number | undefined;
  readonly connection: number | undefined;
  readonly label: string;
}

/** Value of a state variable: numbers for integers and flags, bytes for addresses. */
export type StateValue = number | Uint8Array;

/** Variables of one state object that took new values at this instant. */
export interface StateChangeRecord {
  readonly kind: 'state-change';
  readonly object: number;
  readonly cause: EventId | undefined;
  /** Component that wrote the values. */
  readonly writer: number;
  readonly changes: readonly { readonly variable: number; readonly value: StateValue }[];
}

/**
 * Who holds a state object: the host stack, the offload target, or nobody for the time of an initiate
 * (`offloading`) or a terminate (`uploading`); `gone` after it has been deleted.
 */
export type StateOwner = 'host' | 'offloading' | 'target' | 'uploading' | 'gone';

/** The ownership of a state object changes. */
export interface OwnershipRecord {
  readonly kind: 'ownership';
  readonly object: number;
  readonly owner: StateOwner;
  readonly cause: EventId | undefined;
}

/** What role a block plays in a tree (WDK page "Placeholders, Linkers, and New Offloads"). */
export type BlockRole = 'placeholder' | 'linker' | 'new' | 'reference';

/** One block of a block-list tree as it was passed, in the order of the walk (depth first). */
export interface BlockSnapshot {
  readonly address: number;
  /** 0 for the root list, 1 for its dependents, and so on. */
  readonly depth: number;
  readonly role: BlockRole;
  /** The state object that it stands for, if it is known. */
  readonly object: number | undefined;
  /** The 152 bytes of the block list structure. */
  readonly bytes: Uint8Array;
  /** State structures that follow it in memory; in front of them the NDIS_OFFLOAD_HANDLE of the object that it names. */
  readonly states: readonly { readonly structure: StructureName; readonly bytes: Uint8Array }[];
}

/** One NET_BUFFER_LIST of a chain as it was passed. */
export interface NetBufferListSnapshot {
  readonly address: number;
  /** Bytes of data in its NET_BUFFERs. */
  readonly dataLength: number;
  readonly netBufferCount: number;
  readonly mdlCount: number;
  readonly status: number;
  /** NetBufferListInfo[TcpOffloadBytesTransferred] on completions of data requests. */
  readonly bytesTransferred: number;
  /** First state object byte position for people: stream offset of the first byte, when the sender knows it. */
  readonly streamOffset: number | undefined;
}

/** A decoded argument (or output) of a call. */
export type CallArgument =
  | {
      readonly kind: 'number';
      readonly name: string;
      readonly value: number;
      readonly group: string | undefined;
    }
  | { readonly kind: 'status'; readonly name: string; readonly value: number }
  | { readonly kind: 'text'; readonly name: string; readonly value: string }
  | { readonly kind: 'pointer'; readonly name: string; readonly value: number; readonly label: string }
  | {
      readonly kind: 'structure';
      readonly name: string;
      readonly structure: StructureName;
      readonly address: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: 'block-list';
      readonly name: string;
      readonly form: 'protocol' | 'miniport';
      readonly blocks: readonly BlockSnapshot[];
    }
  | {
      readonly kind: 'net-buffer-lists';
      readonly name: string;
      readonly lists: readonly NetBufferListSnapshot[];
    };

/** Interrupt request levels that drivers run at (WDK: PASSIVE_LEVEL 0, APC_LEVEL 1, DISPATCH_LEVEL 2). */
export type Irql = 0 | 1 | 2;

/** Entry of a function: a call into NDIS, a handler that NDIS calls, or a completion. */
export interface CallRecord {
  readonly kind: 'call';
  /** Function name as the WDK spells it. */
  readonly functionName: string;
  readonly caller: number;
  readonly callee: number;
  readonly irql: Irql;
  /** Processor that makes the call, from 0 to 63. */
  readonly processor: number;
  readonly connection: number | undefined;
  /** The call inside which this call was made (same processor, not yet returned). */
  readonly parent: EventId | undefined;
  /** What led to it, when that is not the parent: a frame, a timer's origin, an earlier request. */
  readonly cause: EventId | undefined;
  /** For completions: the requests that this call completes; a chain of lists may end several. Empty for other calls. */
  readonly completes: readonly EventId[];
  readonly arguments: readonly CallArgument[];
}

/** Exit of a function. */
export interface ReturnRecord {
  readonly kind: 'return';
  readonly call: EventId;
  /** Undefined for functions that return VOID. */
  readonly status: number | undefined;
  /** Output parameters after the call. */
  readonly outputs: readonly CallArgument[];
}

/** Who made a frame: the host's own TCP/IP, the offload target's TCP engine, or the remote peer. */
export type FramePath = 'host' | 'chimney' | 'peer';

/** A frame leaves a network interface. */
export interface FrameRecord {
  readonly kind: 'frame';
  /** Component whose interface sends it. */
  readonly sender: number;
  readonly path: FramePath;
  readonly connection: number | undefined;
  readonly cause: EventId | undefined;
  /** Length on the wire in bytes, without preamble and FCS. */
  readonly length: number;
  /** TCP payload in bytes; 0 for anything else. */
  readonly payloadLength: number;
  /** Whether it carries a byte that had been sent before. */
  readonly retransmission: boolean;
  /** The first bytes of the frame; the header's snapLength says how many. */
  readonly bytes: Uint8Array;
}

/**
 * What became of a frame. `reordered`: delivered behind one that left later. `corrupted`: delivered with flipped bits that its frame
 * check sequence did not show. `fcs-error`: discarded by the adapter that received it, as its frame check sequence was wrong.
 * `duplicated`: delivered once more; such a fate follows another one of the same frame.
 */
export type FrameFate =
  'delivered' | 'lost' | 'queue-overflow' | 'reordered' | 'corrupted' | 'fcs-error' | 'duplicated';

/** A frame reaches the other end of its link, or doesn't. */
export interface FrameFateRecord {
  readonly kind: 'frame-fate';
  readonly frame: EventId;
  readonly fate: FrameFate;
  /** Component whose interface receives it (or would have). */
  readonly receiver: number;
  /** Bits of the frame that changed on the way, ascending; bit 0 is the most significant one of the first byte. */
  readonly flippedBits?: readonly number[];
}

/** A milestone in words, for people: "offload accepted", "file sent". */
export interface NoteRecord {
  readonly kind: 'note';
  readonly component: number;
  readonly connection: number | undefined;
  readonly cause: EventId | undefined;
  readonly text: string;
}

/** A path or TCP state object depends on another parent from now on: it was relinked, or its neighbor or path changed. */
export interface RelinkRecord {
  readonly kind: 'relink';
  readonly object: number;
  readonly parent: number | undefined;
  readonly cause: EventId | undefined;
}

/** A number that is sampled over time and belongs to no state object: a queue's depth, host cycles. */
export interface CounterRecord {
  readonly kind: 'counter';
  readonly component: number;
  /** What is counted, with its unit, for example `queue depth (bytes)`. */
  readonly name: string;
  readonly value: number;
}

/** How bad a broken rule is. */
export type FindingSeverity = 'error' | 'warning' | 'advice';

/** A rule of the specification is broken, as the checker found it while recording. */
export interface FindingRecord {
  readonly kind: 'finding';
  /** Id of the rule, for example `SND-012`. */
  readonly rule: string;
  readonly severity: FindingSeverity;
  /** The state object that it is about. */
  readonly object: number | undefined;
  /** The records that contradict each other. */
  readonly events: readonly EventId[];
  readonly text: string;
}

/** What somebody noted about a stretch of the trace, after it had been recorded. */
export interface AnnotationRecord {
  readonly kind: 'annotation';
  /** First and last event of the stretch. */
  readonly from: EventId;
  readonly to: EventId;
  readonly author: string;
  readonly text: string;
}

/** Why records are missing: a ring that keeps the last ones, a disk that took no more, damage that was cut out, or a range that was chosen. */
export type LossReason = 'ring' | 'disk' | 'damage' | 'cut';

/** Records before this one are missing; their ids are, too. */
export interface LossRecord {
  readonly kind: 'loss';
  readonly reason: LossReason;
  /** How many are missing. */
  readonly records: number;
  /** Times between which they were, ns. */
  readonly from: VirtualTime;
  readonly until: VirtualTime;
}

/** Last record of a complete recording: what the scenario reports, as JSON. Its absence means that the recording was cut. Annotations may follow it. */
export interface EndRecord {
  readonly kind: 'end';
  readonly report: string;
}

/** Anything that a trace can hold after its header. */
export type TraceRecord =
  | ComponentRecord
  | ConnectionRecord
  | StateObjectRecord
  | StateChangeRecord
  | OwnershipRecord
  | CallRecord
  | ReturnRecord
  | FrameRecord
  | FrameFateRecord
  | NoteRecord
  | EndRecord
  | RelinkRecord
  | CounterRecord
  | FindingRecord
  | AnnotationRecord
  | LossRecord;

/** The kinds of records; the position is the number on disk, so only append. */
export const recordKinds = [
  'component',
  'connection',
  'state-object',
  'state-change',
  'ownership',
  'call',
  'return',
  'frame',
  'frame-fate',
  'note',
  'end',
  'relink',
  'counter',
  'finding',
  'annotation',
  'loss',
] as const satisfies readonly TraceRecord['kind'][];

/** Roles by number on disk; only append. */
export const componentRoles = [
  'application',
  'host-stack',
  'ndis',
  'intermediate-driver',
  'offload-target',
  'wire',
  'peer',
] as const satisfies readonly ComponentRole[];

/** Layers by number on disk; only append. */
export const stateLayers = ['neighbor', 'path', 'tcp'] as const satisfies readonly StateLayer[];

/** Owners by number on disk; only append. */
export const stateOwners = [
  'host',
  'offloading',
  'target',
  'uploading',
  'gone',
] as const satisfies readonly StateOwner[];

/** Block roles by number on disk; only append. */
export const blockRoles = [
  'placeholder',
  'linker',
  'new',
  'reference',
] as const satisfies readonly BlockRole[];

/** Frame paths by number on disk; only append. */
export const framePaths = ['host', 'chimney', 'peer'] as const satisfies readonly FramePath[];

/** Frame fates by number on disk; only append. */
export const frameFates = [
  'delivered',
  'lost',
  'queue-overflow',
  'reordered',
  'corrupted',
  'fcs-error',
  'duplicated',
] as const satisfies readonly FrameFate[];

/** Argument kinds by number on disk; only append. */
export const argumentKinds = [
  'number',
  'status',
  'text',
  'pointer',
  'structure',
  'block-list',
  'net-buffer-lists',
] as const satisfies readonly CallArgument['kind'][];

/** Severities by number on disk; only append. */
export const findingSeverities = ['error', 'warning', 'advice'] as const satisfies readonly FindingSeverity[];

/** Reasons of loss by number on disk; only append. */
export const lossReasons = ['ring', 'disk', 'damage', 'cut'] as const satisfies readonly LossReason[];
