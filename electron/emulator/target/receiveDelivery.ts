/**
 * The receive delivery algorithm of an offload target (WDK page "Delivery Algorithm"), one per connection. Received bytes go into
 * posted requests in posting order; what finds no request is indicated; what the client refuses waits for the next post.
 * Completions and indications form one critical section (RCV-033): whatever arrives while one is under way is looked at after it.
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  NdisAdvanceNetBufferDataStart,
  chainToArray,
  linkChain,
  netBufferListInfo,
  type NET_BUFFER_LIST,
  type ReceiveIndicationAnswer,
} from '../kit';

/** What the algorithm does to the world. */
export interface DeliveryActions {
  /** NdisTcpOffloadReceiveComplete. */
  completeReceives(lists: NET_BUFFER_LIST): void;
  /** Allocates an indication list for the bytes and calls NdisTcpOffloadReceiveHandler. */
  indicate(bytes: Uint8Array): ReceiveIndicationAnswer;
  /** RcvIndicationSize: bytes that an indication should carry; 0: as much as there is. */
  indicationSize(): number;
  /** Arms or stops the push timer. */
  startPushTimer(): void;
  stopPushTimer(): void;
  /** All data of a closed stream has been consumed: time for TcpIndicateDisconnect. */
  drained(): void;
}

interface PostedReceive {
  readonly list: NET_BUFFER_LIST;
  readonly capacity: number;
  /** Bytes that the host had put there before it posted the request (A107). */
  readonly prefilled: number;
  /** Bytes there now. */
  filled: number;
  readonly pushMode: boolean;
}

interface Piece {
  bytes: Uint8Array;
  readonly push: boolean;
  /** Whether its memory is somebody else's, until `onData` returns. */
  borrowed: boolean;
}

/** See the file's head. */
export class ReceiveDelivery {
  private readonly posted: PostedReceive[] = [];
  /** Receives that can't be served and wait until a completion or an indication has returned. */
  private readonly refused: NET_BUFFER_LIST[] = [];
  private readonly data: Piece[] = [];
  private held = 0;
  private busy = false;
  /** Indications wait for a post: after a refusal, and while BufferedData of the hand-over waits. */
  private blocked = false;
  /**
   * An indication of the preferred size has been taken: the rest waits for the receive that the application will post (IND-007),
   * but no longer than the push timer, for there may be no such receive.
   */
  private awaitsReceive = false;
  /** Nothing is delivered before the initiate has been completed. */
  private started = false;
  private peerClosed = false;
  private drainedReported = false;

  constructor(private readonly actions: DeliveryActions) {}

  /** Bytes that have been received and not handed over. */
  get bufferedBytes(): number {
    return this.held;
  }

  /** Takes BufferedData of an initiate: it waits for posted receives. */
  adopt(bytes: Uint8Array): void {
    this.data.push({ bytes, push: true, borrowed: false });
    this.held += bytes.length;
    this.blocked = true;
  }

  /** The initiate has been completed; deliveries may begin. */
  start(): void {
    this.started = true;
    this.run();
  }

  /** In-sequence data has arrived; takes a copy of what does not go into a posted request at once. */
  onData(bytes: Uint8Array, start: number, length: number, push: boolean): void {
    if (this.placeAtOnce(bytes, start, length, push)) return;
    const piece = { bytes: bytes.subarray(start, start + length), push, borrowed: true };
    this.data.push(piece);
    this.held += length;
    this.run();
    keep(piece);
  }

  /** Receives have been posted (MiniportTcpOffloadReceive). */
  post(lists: NET_BUFFER_LIST): void {
    const isIdle = this.posted.length === 0;
    this.append(lists);
    this.blocked = false;
    if (this.awaitsReceive) {
      this.awaitsReceive = false;
      this.actions.stopPushTimer();
    }
    const [first] = this.posted;
    this.run();
    // TMR-048: bytes that the host stack has put there wait no longer than any others.
    if (isIdle && first === this.posted[0]) this.awaitPush();
  }

  /** Whether receives are posted. */
  get hasPosted(): boolean {
    return this.posted.length > 0;
  }

  /** Takes receives that come back unserved, behind those that do so, too (RCV-019). */
  append(lists: NET_BUFFER_LIST): void {
    for (const list of chainToArray(lists)) {
      list.Next = null;
      const pushMode = list.NetBufferListInfo[netBufferListInfo.TcpReceiveNoPush] === 0;
      const capacity = list.FirstNetBuffer.DataLength;
      const given = list.NetBufferListInfo[netBufferListInfo.TcpReceiveBytesTransferred] ?? 0;
      const prefilled = Math.min(given, capacity);
      this.posted.push({ list, capacity, prefilled, filled: prefilled, pushMode });
    }
  }

  /** Hands back receives that can't be served, with the status that each has: at once, or after what is under way (RCV-033). */
  refuse(lists: NET_BUFFER_LIST): void {
    this.refused.push(...chainToArray(lists));
    if (!this.busy) this.handBackRefused();
  }

  /** The peer has closed: posted receives are completed with what they hold once the data is consumed (A110). */
  onPeerClosed(): void {
    this.peerClosed = true;
    this.run();
  }

  /** The push timer has expired. */
  onPushTimer(): void {
    if (this.awaitsReceive) {
      this.awaitsReceive = false;
      this.run();
      return;
    }
    const first = this.posted[0];
    if (first === undefined || !first.pushMode || first.filled === 0) return;
    if (this.busy) {
      // A completion or an indication is under way on another processor.
      this.actions.startPushTimer();
      return;
    }
    this.posted.shift();
    this.complete([first], NDIS_STATUS.SUCCESS);
    this.run();
  }

  /**
   * Hands back every posted receive: those that hold bytes with SUCCESS or `statusWhenEmpty`'s counterpart for aborts, empty ones
   * with `statusWhenEmpty` (A140).
   */
  returnPosted(statusWhenEmpty: NdisStatus): void {
    const all = this.posted.splice(0);
    if (all.length === 0) return;
    this.actions.stopPushTimer();
    const aborted = statusWhenEmpty === NDIS_STATUS.REQUEST_ABORTED;
    this.complete(all, undefined, (request) =>
      request.filled > 0 && !aborted ? NDIS_STATUS.SUCCESS : statusWhenEmpty,
    );
  }

  /** Takes out everything that has not been handed over: BufferedData of a terminate. */
  takeBuffered(): Uint8Array[] {
    this.held = 0;
    this.data.forEach(keep);
    return this.data.splice(0).map((piece) => piece.bytes);
  }

  private run(): void {
    if (this.busy || !this.started) return;
    for (;;) {
      if ((this.data.length > 0 && this.posted.length > 0) || isFull(this.posted[0])) this.place();
      else if (this.data.length > 0 && !this.blocked && !this.awaitsReceive) this.indicate();
      else break;
    }
    if (this.peerClosed && this.data.length === 0 && !this.drainedReported) {
      this.drainedReported = true;
      this.returnPosted(NDIS_STATUS.SUCCESS);
      this.actions.drained();
    }
  }

  /** PLACE for data that does not fill the first request and finds nothing before it, as most does; false: not such data. */
  private placeAtOnce(bytes: Uint8Array, start: number, length: number, push: boolean): boolean {
    const first = this.posted[0];
    if (first === undefined || this.data.length > 0 || this.busy || !this.started) return false;
    if (length === 0 || first.filled + length >= first.capacity) return false;
    first.list.FirstNetBuffer.write(first.filled, bytes, start, length);
    first.filled += length;
    if (!first.pushMode) return true;
    if (push) {
      this.posted.shift();
      this.actions.stopPushTimer();
      this.complete([first], NDIS_STATUS.SUCCESS);
      this.awaitPush();
      this.run();
    } else this.actions.startPushTimer();
    return true;
  }

  /** PLACE of the flowchart: fills requests, completes the full ones, and a partial one if the data was pushed. */
  private place(): void {
    let full: PostedReceive[] | undefined;
    let pushed = false;
    for (let request = this.posted[0]; request !== undefined; request = this.posted[0]) {
      while (this.data.length > 0 && request.filled < request.capacity) {
        const piece = this.data[0]!;
        const count = Math.min(piece.bytes.length, request.capacity - request.filled);
        const all = count === piece.bytes.length;
        this.copyInto(request, all ? piece.bytes : piece.bytes.subarray(0, count));
        this.held -= count;
        pushed = piece.push && all;
        if (all) {
          this.data.shift();
          piece.borrowed = false;
        } else piece.bytes = piece.bytes.subarray(count);
      }
      if (request.filled < request.capacity) break;
      (full ??= []).push(request);
      this.posted.shift();
    }
    const partial = this.posted[0];
    if (this.data.length === 0 && partial !== undefined && partial.filled > 0 && partial.pushMode && pushed) {
      (full ??= []).push(partial);
      this.posted.shift();
    }
    if (full !== undefined) {
      this.actions.stopPushTimer();
      this.complete(full, NDIS_STATUS.SUCCESS);
    }
    this.awaitPush();
  }

  /** Bytes in a request that is not full go up after a while, even if nothing more comes. */
  private awaitPush(): void {
    const left = this.posted[0];
    if (left !== undefined && left.filled > 0 && left.pushMode && this.data.length === 0)
      this.actions.startPushTimer();
  }

  /** INDICATE of the flowchart. */
  private indicate(): void {
    // The other side keeps what it is shown.
    this.data.forEach(keep);
    const all = joined(this.data);
    const size = this.actions.indicationSize();
    const bytes = size > 0 && size < all.length ? all.subarray(0, size) : all;
    this.busy = true;
    const { status, BytesConsumed } = this.actions.indicate(bytes);
    this.busy = false;
    const taken = status === NDIS_STATUS.SUCCESS ? bytes.length : Math.min(BytesConsumed, bytes.length);
    this.discard(taken);
    if (status === NDIS_STATUS.SUCCESS && this.data.length > 0 && size > 0 && this.posted.length === 0) {
      this.awaitsReceive = true;
      this.actions.startPushTimer();
    }
    if (status !== NDIS_STATUS.SUCCESS) this.blocked = this.posted.length === 0;
    this.handBackRefused();
  }

  private discard(count: number): void {
    this.held -= count;
    let left = count;
    while (left > 0) {
      const piece = this.data[0]!;
      if (piece.bytes.length <= left) {
        left -= piece.bytes.length;
        this.data.shift();
      } else {
        piece.bytes = piece.bytes.subarray(left);
        left = 0;
      }
    }
  }

  private copyInto(request: PostedReceive, bytes: Uint8Array): void {
    request.list.FirstNetBuffer.write(request.filled, bytes);
    request.filled += bytes.length;
  }

  private complete(
    completed: readonly PostedReceive[],
    status: NdisStatus | undefined,
    statusOf?: (request: PostedReceive) => NdisStatus,
  ): void {
    for (const request of completed) {
      const { list } = request;
      list.Status = status ?? statusOf!(request);
      const placed = request.filled - request.prefilled;
      list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] = placed;
      NdisAdvanceNetBufferDataStart(list.FirstNetBuffer, placed);
    }
    const chain = linkChain(completed.map((request) => request.list));
    if (chain === null) return;
    const outermost = !this.busy;
    this.busy = true;
    this.actions.completeReceives(chain);
    if (!outermost) return;
    this.busy = false;
    this.handBackRefused();
  }

  private handBackRefused(): void {
    while (this.refused.length > 0) {
      this.busy = true;
      this.actions.completeReceives(linkChain(this.refused.splice(0))!);
      this.busy = false;
    }
  }
}

function isFull(request: PostedReceive | undefined): boolean {
  return request !== undefined && request.capacity === request.filled;
}

/** Makes a piece's memory its own. */
function keep(piece: Piece): void {
  if (!piece.borrowed) return;
  piece.borrowed = false;
  piece.bytes = piece.bytes.slice();
}

function joined(pieces: readonly Piece[]): Uint8Array {
  const first = pieces[0];
  if (pieces.length === 1 && first !== undefined) return first.bytes;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.bytes.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece.bytes, at);
    at += piece.bytes.length;
  }
  return bytes;
}
