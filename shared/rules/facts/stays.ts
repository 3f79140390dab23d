/**
 * What each connection goes through while a driver has it, from the initiate to the completion of the terminate, as the calls at the driver's
 * miniport edge tell: where its sends stand in the byte stream, how far received data has been handed over, and what ends it.
 */
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import { bufferedDataOf, chainOf } from '../engine/attachedLists';
import type { Call } from '../engine/call';
import { asksForAbort } from '../engine/disconnectFlags';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import { treeOf } from '../engine/tree';
import { isTaken } from './objectFacts';

const events = {
  disconnect: constantValue('TcpIndicateDisconnect'),
  retrieve: constantValue('TcpIndicateRetrieve'),
  abort: constantValue('TcpIndicateAbort'),
} as const;

/** Sends whose places are remembered. */
const mostSends = 512;

/** A send with its place in the byte stream. */
export interface PlacedSend {
  readonly address: number;
  /** Sequence number of its first byte. */
  start: number;
  readonly length: number;
  /** The call that handed it over: a post, a disconnect, or the initiate whose chain it is in. */
  readonly call: Call;
  /** Position in the chain of that call. */
  readonly position: number;
  /** Its first six bytes as a number, where the trace has them. */
  readonly firstBytes: number | undefined;
}

/** An indication that was not accepted in full, and what is left of it. */
export interface Refusal {
  readonly call: Call;
  /** Sequence number of the first byte that was not taken, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  /** Bytes that were not taken. */
  readonly held: number;
}

/** A connection at a driver. */
export class Stay {
  /** Sequence number behind everything that has been posted. */
  sendEnd: number;
  /** The latest sends, in the order of the stream. */
  readonly sends: PlacedSend[] = [];
  /** Sequence number of the next byte to be handed over. */
  delivered: number;
  /** How data was handed over last: the completion or the indication. */
  lastDelivery: Call | undefined;
  /** The last post of a receive. */
  lastPost: Call | undefined;
  /** The last indication that was not accepted in full, until a receive is posted. */
  refusal: Refusal | undefined;
  /** The last one, whether a receive has been posted since or not. */
  lastRefusal: Refusal | undefined;
  /** Whether segments have come by another way than the wire. */
  forwarded = false;
  /** The completion of the initiate. */
  taken: Call | undefined;
  retrieve: Call | undefined;
  abort: Call | undefined;
  disconnect: Call | undefined;
  abortiveClose: Call | undefined;
  terminate: Call | undefined;
  invalidate: Call | undefined;
  uploadAll: Call | undefined;
  /** RcvIndicationSize of the last initiate or update. */
  indicationSize = 0;

  constructor(
    readonly driver: number,
    readonly connection: number,
    readonly object: number,
    readonly initiate: Call,
    sendUna: number,
    delivered: number,
    /** Bytes of received data that came with the initiate. */
    readonly buffered: number,
  ) {
    this.sendEnd = sendUna;
    this.delivered = delivered;
  }

  /** What says that the connection is going back to the host stack; undefined while nothing does. */
  get upload(): Call | undefined {
    return this.retrieve ?? this.uploadAll ?? this.terminate;
  }

  /** The send in which a sequence number lies. */
  sendAt(sequence: number): PlacedSend | undefined {
    for (let index = this.sends.length - 1; index >= 0; index--) {
      const send = this.sends[index]!;
      const offset = (sequence - send.start) | 0;
      if (offset >= 0) return offset < send.length ? send : undefined;
    }
    return undefined;
  }

  /** The place of a list that is lent as a send. */
  placeOf(address: number): PlacedSend | undefined {
    for (let index = this.sends.length - 1; index >= 0; index--)
      if (this.sends[index]!.address === address) return this.sends[index];
    return undefined;
  }

  /** A send is given back of which a part has not gone out: what stands behind it moves up. */
  withdraw(address: number, sent: number): void {
    let missing = 0;
    for (const send of this.sends) {
      send.start = (send.start - missing) >>> 0;
      if (send.address === address && missing === 0) missing = send.length - sent;
    }
    this.sendEnd = (this.sendEnd - missing) >>> 0;
  }

  /** Notes lists that are to be sent behind everything else. */
  append(call: Call, lists: Call['lists'], firstBytes?: number): void {
    lists.forEach(({ address, dataLength }, position) => {
      const first = position === 0 && dataLength >= 6 ? firstBytes : undefined;
      const start = this.sendEnd;
      this.sends.push({ address, start, length: dataLength, call, position, firstBytes: first });
      this.sendEnd = (start + dataLength) >>> 0;
    });
    if (this.sends.length > 2 * mostSends) this.sends.splice(0, this.sends.length - mostSends);
  }
}

function keyOf(driver: number, connection: number): number {
  return connection * 256 + driver;
}

/** See the file's head. */
export class Stays implements Handlers {
  private readonly stays = new Map<number, Stay>();
  private readonly uploadsAll = new Map<number, Call>();

  constructor(private readonly facts: Facts) {}

  /** A connection at a driver; undefined while the driver doesn't have it. */
  of(driver: number, connection: number | undefined): Stay | undefined {
    return connection === undefined ? undefined : this.stays.get(keyOf(driver, connection));
  }

  /** The stay that a completion is about: of its connection, or of the lists that it names. */
  ofCompletion(call: Call): Stay | undefined {
    const connection =
      call.connection ??
      this.facts.lists.find('miniport', call.caller, call.lists[0]?.address ?? 0)?.connection;
    return this.of(call.caller, connection);
  }

  /** Every connection that somebody has. */
  all(): IterableIterator<Stay> {
    return this.stays.values();
  }

  readonly call: NonNullable<Handlers['call']> = {
    MiniportInitiateOffload: (call) => {
      this.begin(call);
    },
    NdisMInitiateOffloadComplete: (call) => {
      for (const block of treeOf(call)) {
        const stay = this.ofObject(call.caller, block.object);
        if (stay === undefined || stay.taken !== undefined || block.role !== 'new') continue;
        if (isTaken(block)) stay.taken = call;
        else this.stays.delete(keyOf(stay.driver, stay.connection));
      }
    },
    MiniportUpdateOffload: (call) => {
      for (const block of treeOf(call)) {
        const size = block.state('TCP_OFFLOAD_STATE_CACHED')?.number('RcvIndicationSize');
        const stay = this.ofObject(call.callee, block.object);
        if (stay !== undefined && size !== undefined) stay.indicationSize = size;
      }
    },
    MiniportInvalidateOffload: (call) => {
      for (const stay of this.stays.values()) if (stay.driver === call.callee) stay.invalidate ??= call;
    },
    MiniportTerminateOffload: (call) => {
      for (const block of treeOf(call)) {
        const stay = this.ofObject(call.callee, block.object);
        if (stay !== undefined) stay.terminate ??= call;
      }
    },
    NdisMTerminateOffloadComplete: (call) => {
      for (const block of treeOf(call)) {
        const stay = this.ofObject(call.caller, block.object);
        if (stay === undefined) continue;
        if (block.status === NDIS_STATUS.SUCCESS) this.stays.delete(keyOf(stay.driver, stay.connection));
        else stay.terminate = undefined;
      }
    },
    MiniportTcpOffloadSend: (call) => {
      this.of(call.callee, call.connection)?.append(call, call.lists, call.number('FirstBytes'));
    },
    MiniportTcpOffloadDisconnect: (call) => {
      const stay = this.of(call.callee, call.connection);
      if (stay === undefined) return;
      stay.append(call, call.lists);
      if (asksForAbort(call)) stay.abortiveClose ??= call;
    },
    MiniportTcpOffloadReceive: (call) => {
      const stay = this.of(call.callee, call.connection);
      if (stay === undefined) return;
      stay.lastPost = call;
      stay.refusal = undefined;
    },
    NdisTcpOffloadSendComplete: (call) => {
      const stay = this.ofCompletion(call);
      if (stay === undefined || stay.upload !== undefined || stay.abort !== undefined) return;
      if (stay.abortiveClose !== undefined) return;
      for (const { address, status, bytesTransferred } of call.lists)
        if (status !== NDIS_STATUS.SUCCESS) stay.withdraw(address, bytesTransferred);
    },
    NdisTcpOffloadReceiveComplete: (call) => {
      const stay = this.ofCompletion(call);
      if (stay === undefined) return;
      stay.lastDelivery = call;
      for (const { address, bytesTransferred } of call.lists)
        if (this.facts.lists.find('miniport', call.caller, address)?.purpose === 'receive')
          stay.delivered = (stay.delivered + bytesTransferred) >>> 0;
    },
    MiniportTcpOffloadForward: (call) => {
      const stay = this.of(call.callee, call.connection);
      if (stay !== undefined) stay.forwarded = true;
    },
    NdisTcpOffloadEventHandler: (call) => {
      const stay = this.of(call.caller, call.connection);
      const type = call.number('EventType');
      if (stay === undefined) return;
      if (type === events.retrieve) stay.retrieve ??= call;
      else if (type === events.abort) stay.abort ??= call;
      else if (type === events.disconnect) stay.disconnect ??= call;
    },
    NdisMIndicateStatusEx: (call) => {
      const code = call.number('StatusCode');
      if (code === NDIS_STATUS.OFFLOAD_RESUME) this.uploadsAll.delete(call.caller);
      if (code !== NDIS_STATUS.UPLOAD_ALL) return;
      this.uploadsAll.set(call.caller, call);
      for (const stay of this.stays.values()) if (stay.driver === call.caller) stay.uploadAll = call;
    },
  };

  readonly returned: NonNullable<Handlers['returned']> = {
    NdisTcpOffloadReceiveHandler: (call) => {
      const stay = this.of(call.caller, call.connection);
      if (stay === undefined) return;
      stay.lastDelivery = call;
      const length = call.lists[0]?.dataLength ?? 0;
      const isAccepted = call.status === NDIS_STATUS.SUCCESS;
      const taken = isAccepted ? length : Math.min(length, call.numberOut('BytesConsumed') ?? 0);
      const end = (stay.delivered + length) >>> 0;
      stay.delivered = (stay.delivered + taken) >>> 0;
      // What is posted during the indication lifts the block as well.
      const isAnswered = stay.lastPost !== undefined && stay.lastPost.event > call.event;
      if (isAccepted) return;
      stay.lastRefusal = { call, start: stay.delivered, end, held: length - taken };
      if (!isAnswered) stay.refusal = stay.lastRefusal;
    },
  };

  private begin(call: Call): void {
    for (const block of treeOf(call)) {
      const { object } = block;
      const connection = this.facts.objects.find(object)?.connection;
      const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
      const sendUna = delegated?.number('SndUna');
      const received = delegated?.number('RcvNxt');
      if (object === undefined || connection === undefined || sendUna === undefined || received === undefined)
        continue;
      let buffered = 0;
      for (const { dataLength } of bufferedDataOf(call, block)) buffered += dataLength;
      const stay = new Stay(
        call.callee,
        connection,
        object,
        call,
        sendUna,
        (received - buffered) >>> 0,
        buffered,
      );
      stay.indicationSize = block.state('TCP_OFFLOAD_STATE_CACHED')?.number('RcvIndicationSize') ?? 0;
      stay.uploadAll = this.uploadsAll.get(call.callee);
      stay.append(call, chainOf(call, block));
      this.stays.set(keyOf(call.callee, connection), stay);
    }
  }

  private ofObject(driver: number, object: number | undefined): Stay | undefined {
    const stay = this.of(driver, this.facts.objects.find(object)?.connection);
    return stay?.object === object ? stay : undefined;
  }
}

/** Connections at drivers: `facts.of(stays)`. */
export const stays: FactDefinition<Stays> = { start: (facts) => new Stays(facts) };
