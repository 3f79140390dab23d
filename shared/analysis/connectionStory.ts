/**
 * What happened to each connection: opened, offered, taken or refused and why, uploaded and for what reason, closed, and how many bytes
 * went which way. `connectionStoryText.ts` makes sentences of it.
 */
import { constantValue } from '../ddi/catalogue';
import { offloadStateVariable } from '../ddi/offloadState';
import { NDIS_STATUS, type NdisStatus } from '../ddi/status';
import { decodeStructure } from '../ddi/structureCodec';
import { fateDelivers } from '../trace/frameFates';
import type {
  BlockSnapshot,
  CallArgument,
  CallRecord,
  ComponentRole,
  EventId,
  FrameRecord,
  TraceRecord,
  VirtualTime,
} from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import { sequenceDistance, tcpFlag, tcpHeaderOffset, u32At } from './tcpSegment';

/** Whose end of a connection did something. */
export type ConnectionSide = 'local' | 'peer';

/** What can happen to a connection, without when. */
export type StoryMatter =
  | { readonly kind: 'opened' | 'finished' | 'reset'; readonly by: ConnectionSide }
  | { readonly kind: 'established' }
  | { readonly kind: 'offered'; readonly outstandingSends: number }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly status: NdisStatus }
  | { readonly kind: 'upload-asked-for'; readonly reason: number }
  | { readonly kind: 'peer-disconnect-indicated' | 'abort-indicated' }
  | { readonly kind: 'invalidated' | 'terminated' }
  | { readonly kind: 'uploaded'; readonly status: NdisStatus }
  | { readonly kind: 'closed' };

/** One thing that happened. */
export type StoryMoment = StoryMatter & { readonly event: EventId; readonly time: VirtualTime };

/** Sums over data that left this end by one path. */
export interface SentSums {
  /** Bytes that had not been on the wire before. */
  newBytes: number;
  retransmissions: number;
  retransmittedBytes: number;
  lostFrames: number;
}

/** One connection. */
export interface ConnectionStory {
  readonly connection: number;
  readonly local: string;
  readonly remote: string;
  /** In order. */
  readonly moments: StoryMoment[];
  readonly sent: { readonly host: SentSums; readonly chimney: SentSums };
  /** Bytes that arrived in order, by who was the first to acknowledge them. */
  readonly received: { host: number; chimney: number };
  /** Frames with data that the peer had to repeat. */
  peerRetransmissions: number;
  /** Updates and queries of its state, and segments that the host stack forwarded to the target. */
  updates: number;
  queries: number;
  forwardedSegments: number;
}

function emptySums(): SentSums {
  return { newBytes: 0, retransmissions: 0, retransmittedBytes: 0, lostFrames: 0 };
}

const eventTypes = {
  disconnect: constantValue('TcpIndicateDisconnect'),
  retrieve: constantValue('TcpIndicateRetrieve'),
  abort: constantValue('TcpIndicateAbort'),
} as const;

const stateVariable = offloadStateVariable('tcp', 'delegated', 'State')?.index;
/** TCP_OFFLOAD_CONNECTION_STATE values after which nothing more is sent. */
const closedStates: ReadonlySet<unknown> = new Set([0, 10]);

/** What is remembered of a connection besides its story. */
interface Following {
  readonly story: ConnectionStory;
  readonly done: Set<string>;
  isOpen: boolean;
  /** Sequence number behind the last byte that this end has sent, and the last acknowledgment number that it has sent. */
  sentEnd: number | undefined;
  acknowledged: number | undefined;
  /** Sequence number behind the peer's FIN, which takes one; and whether it is among what has been acknowledged. */
  peerFinish: number | undefined;
  isFinishAcknowledged: boolean;
}

/** The stories of all connections; a {@link TraceListener}. */
export class ConnectionStories implements TraceListener {
  /** By connection. */
  readonly stories: ConnectionStory[] = [];
  private readonly following: Following[] = [];
  private readonly roles: ComponentRole[] = [];
  private readonly connectionOf = new Map<number, number>();
  /** Data frames of this end under way: as many as a network holds. */
  private readonly underWay = new Map<EventId, SentSums>();

  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void {
    switch (record.kind) {
      case 'component':
        this.roles[record.id] = record.role;
        return;
      case 'connection':
        this.open(record.id, record.local, record.remote);
        return;
      case 'state-object':
        if (record.layer === 'tcp' && record.connection !== undefined)
          this.connectionOf.set(record.id, record.connection);
        return;
      case 'state-change': {
        const followed = this.of(record.object);
        if (followed === undefined) return;
        for (const { variable, value } of record.changes)
          if (variable === stateVariable) this.changeState(followed, value, event, time);
        return;
      }
      case 'frame':
        this.send(record, event, time);
        return;
      case 'frame-fate': {
        const sums = this.underWay.get(record.frame);
        if (sums === undefined || record.fate === 'duplicated') return;
        this.underWay.delete(record.frame);
        if (!fateDelivers(record.fate)) sums.lostFrames++;
        return;
      }
      case 'call':
        this.call(record, event, time);
        return;
      default:
    }
  }

  private open(connection: number, local: string, remote: string): void {
    const story: ConnectionStory = {
      connection,
      local,
      remote,
      moments: [],
      sent: { host: emptySums(), chimney: emptySums() },
      received: { host: 0, chimney: 0 },
      peerRetransmissions: 0,
      updates: 0,
      queries: 0,
      forwardedSegments: 0,
    };
    this.stories[connection] = story;
    this.following[connection] = {
      story,
      done: new Set(),
      isOpen: false,
      sentEnd: undefined,
      acknowledged: undefined,
      peerFinish: undefined,
      isFinishAcknowledged: false,
    };
  }

  /** The connection whose TCP state an object is. */
  private of(object: number | undefined): Following | undefined {
    const connection = object === undefined ? undefined : this.connectionOf.get(object);
    return connection === undefined ? undefined : this.following[connection];
  }

  private changeState(followed: Following, value: unknown, event: EventId, time: VirtualTime): void {
    if (!closedStates.has(value)) followed.isOpen = true;
    else if (followed.isOpen) {
      followed.isOpen = false;
      followed.story.moments.push({ kind: 'closed', event, time });
    }
  }

  private send(frame: FrameRecord, event: EventId, time: VirtualTime): void {
    const followed = frame.connection === undefined ? undefined : this.following[frame.connection];
    // What a switch passes on is somebody else's frame.
    if (followed === undefined || this.roles[frame.sender] === 'wire') return;
    const { story, done } = followed;
    const by: ConnectionSide = frame.path === 'peer' ? 'peer' : 'local';
    const header = tcpHeaderOffset(frame.bytes);
    const flags = header < 0 ? 0 : frame.bytes[header + 13]!;
    const once = (key: string, matter: StoryMatter): void => {
      if (done.has(key)) return;
      done.add(key);
      story.moments.push({ ...matter, event, time });
    };
    if ((flags & tcpFlag.SYN) !== 0) {
      if ((flags & tcpFlag.ACK) === 0) once('opened', { kind: 'opened', by });
    } else if ((flags & tcpFlag.ACK) !== 0 && done.has('opened'))
      once('established', { kind: 'established' });
    if ((flags & tcpFlag.FIN) !== 0) once(`finished ${by}`, { kind: 'finished', by });
    if ((flags & tcpFlag.RST) !== 0) once(`reset ${by}`, { kind: 'reset', by });
    if (frame.path === 'peer') {
      if ((flags & tcpFlag.FIN) !== 0)
        followed.peerFinish = (u32At(frame.bytes, header + 4) + frame.payloadLength + 1) >>> 0;
      if (frame.retransmission && frame.payloadLength > 0) story.peerRetransmissions++;
      return;
    }
    const sums = story.sent[frame.path];
    if (frame.payloadLength > 0) this.underWay.set(event, sums);
    if (frame.retransmission) {
      sums.retransmissions++;
      sums.retransmittedBytes += frame.payloadLength;
    }
    if (!frame.retransmission) sums.newBytes += frame.payloadLength;
    if (header < 0) return;
    const end = (u32At(frame.bytes, header + 4) + (flags & tcpFlag.SYN ? 1 : 0) + frame.payloadLength) >>> 0;
    const beyond = sequenceDistance(followed.sentEnd ?? (end - frame.payloadLength) >>> 0, end);
    if (followed.sentEnd === undefined || beyond > 0) followed.sentEnd = end;
    // What was sent again may have been sent first where no frame was made, such as without a cable.
    if (frame.retransmission) sums.newBytes += Math.min(frame.payloadLength, Math.max(0, beyond));
    if ((flags & tcpFlag.ACK) !== 0) this.acknowledge(followed, frame.path, u32At(frame.bytes, header + 8));
  }

  private acknowledge(followed: Following, path: 'host' | 'chimney', acknowledgment: number): void {
    const { story, peerFinish, isFinishAcknowledged } = followed;
    const beyond = sequenceDistance(followed.acknowledged ?? acknowledgment, acknowledgment);
    if (followed.acknowledged !== undefined && beyond <= 0) return;
    followed.acknowledged = acknowledgment;
    story.received[path] += beyond;
    if (peerFinish === undefined || isFinishAcknowledged) return;
    if (sequenceDistance(peerFinish, acknowledgment) < 0) return;
    followed.isFinishAcknowledged = true;
    story.received[path]--;
  }

  private call(record: CallRecord, event: EventId, time: VirtualTime): void {
    const tell = (followed: Following | undefined, matter: StoryMatter): void => {
      followed?.story.moments.push({ ...matter, event, time });
    };
    const ofCall = record.connection === undefined ? undefined : this.following[record.connection];
    if (this.roles[record.caller] === 'host-stack') {
      switch (record.functionName) {
        case 'NdisInitiateOffload':
          this.eachBlock(record, ({ followed, block }) => {
            tell(followed, { kind: 'offered', outstandingSends: outstandingSends(block) });
          });
          return;
        case 'NdisTerminateOffload':
          this.eachBlock(record, ({ followed }) => {
            tell(followed, { kind: 'terminated' });
          });
          return;
        case 'NdisInvalidateOffload':
          this.eachBlock(record, ({ followed }) => {
            tell(followed, { kind: 'invalidated' });
          });
          return;
        case 'NdisUpdateOffload':
          this.eachBlock(record, ({ followed }) => followed.story.updates++);
          return;
        case 'NdisQueryOffloadState':
          this.eachBlock(record, ({ followed }) => followed.story.queries++);
          return;
        case 'NdisOffloadTcpForward':
          if (ofCall !== undefined) ofCall.story.forwardedSegments++;
          return;
        default:
          return;
      }
    }
    if (this.roles[record.callee] !== 'host-stack') return;
    switch (record.functionName) {
      case 'ProtocolInitiateOffloadComplete':
        this.eachBlock(record, ({ followed, status }) => {
          tell(followed, status === NDIS_STATUS.SUCCESS ? { kind: 'accepted' } : { kind: 'refused', status });
        });
        return;
      case 'ProtocolTerminateOffloadComplete':
        this.eachBlock(record, ({ followed, status }) => {
          tell(followed, { kind: 'uploaded', status });
        });
        return;
      case 'ProtocolTcpOffloadEvent': {
        const type = numberOf(record, 'EventType');
        if (type === eventTypes.retrieve)
          tell(ofCall, {
            kind: 'upload-asked-for',
            reason: numberOf(record, 'EventSpecificInformation') ?? 0,
          });
        else if (type === eventTypes.disconnect) tell(ofCall, { kind: 'peer-disconnect-indicated' });
        else if (type === eventTypes.abort) tell(ofCall, { kind: 'abort-indicated' });
        return;
      }
      default:
    }
  }

  /** Visits the blocks of a call's trees that stand for connections, linkers and placeholders left out. */
  private eachBlock(
    record: CallRecord,
    visit: (found: {
      readonly followed: Following;
      readonly block: BlockSnapshot;
      readonly status: NdisStatus;
    }) => void,
  ): void {
    for (const value of record.arguments) {
      if (value.kind !== 'block-list') continue;
      for (const block of value.blocks) {
        const followed = this.of(block.object);
        if (followed === undefined || (block.role !== 'new' && block.role !== 'reference')) continue;
        visit({ followed, block, status: statusOf(value, block) });
      }
    }
  }
}

function numberOf(record: CallRecord, name: string): number | undefined {
  for (const value of record.arguments)
    if (value.kind === 'number' && value.name === name) return value.value;
  return undefined;
}

function statusOf(list: CallArgument & { readonly kind: 'block-list' }, block: BlockSnapshot): NdisStatus {
  const decoded =
    list.form === 'miniport'
      ? decodeStructure('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', block.bytes)
      : decodeStructure('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', block.bytes);
  return decoded.ok ? (decoded.value.values.Status ?? 0) >>> 0 : 0;
}

/** Bytes between SndUna and SndMax in the state that is offered: sent, and not acknowledged. */
function outstandingSends(block: BlockSnapshot): number {
  for (const { structure, bytes } of block.states) {
    if (structure !== 'TCP_OFFLOAD_STATE_DELEGATED') continue;
    const decoded = decodeStructure('TCP_OFFLOAD_STATE_DELEGATED', bytes);
    if (!decoded.ok) continue;
    const { SndUna: first, SndMax: last } = decoded.value.values;
    return ((last ?? 0) - (first ?? 0)) >>> 0;
  }
  return 0;
}
