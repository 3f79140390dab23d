/**
 * Where received data goes: into posted receives in posting order, or, where there are none, to an indication. The firmware's part of
 * the receive delivery algorithm (WDK page "Delivery Algorithm"); one per connection.
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  NdisAdvanceNetBufferDataStart,
  netBufferListInfo,
  type NET_BUFFER_LIST,
} from '../ndis/netBufferList';

interface Posted {
  readonly list: NET_BUFFER_LIST;
  readonly capacity: number;
  /** Bytes that the host had put there before it posted the list (RCV-009), and bytes there now. */
  readonly prefilled: number;
  filled: number;
  readonly pushMode: boolean;
}

interface Piece {
  bytes: Uint8Array;
  readonly push: boolean;
}

/** Writes into a list what its completion must say. */
export function settle(list: NET_BUFFER_LIST, status: NdisStatus, bytesTransferred: number): void {
  list.Next = null;
  list.Status = status;
  list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] = bytesTransferred;
  NdisAdvanceNetBufferDataStart(list.FirstNetBuffer, bytesTransferred);
}

/** See the file's head. */
export class Placement {
  /** Bytes that have been received and not handed over. */
  heldBytes = 0;
  private readonly posted: Posted[] = [];
  private readonly pieces: Piece[] = [];
  /** After a refusal, and while BufferedData of the hand-over waits, only a posted receive brings things to move (IND-015). */
  private blocked = false;

  constructor(private readonly completed: (list: NET_BUFFER_LIST) => void) {}

  /** Whether a partly filled receive waits for the push timer (RCV-018). */
  get awaitsPush(): boolean {
    const [first] = this.posted;
    return first !== undefined && first.pushMode && first.filled > first.prefilled;
  }

  /** Data that is to be indicated. */
  unplaced(): readonly Uint8Array[] {
    return this.posted.length > 0 || this.blocked ? [] : this.pieces.map(({ bytes }) => bytes);
  }

  /** Takes BufferedData of an initiate. */
  adopt(bytes: Uint8Array): void {
    this.pieces.push({ bytes, push: true });
    this.heldBytes += bytes.length;
    this.blocked = true;
  }

  /** In-sequence data has arrived. */
  add(bytes: Uint8Array, push: boolean): void {
    this.pieces.push({ bytes, push });
    this.heldBytes += bytes.length;
    this.place();
  }

  /** A receive has been posted. */
  post(list: NET_BUFFER_LIST): void {
    const capacity = list.FirstNetBuffer.DataLength;
    const given = list.NetBufferListInfo[netBufferListInfo.TcpReceiveBytesTransferred] ?? 0;
    const prefilled = Math.min(given, capacity);
    const pushMode = list.NetBufferListInfo[netBufferListInfo.TcpReceiveNoPush] === 0;
    this.posted.push({ list, capacity, prefilled, filled: prefilled, pushMode });
    this.blocked = false;
    this.place();
  }

  /** An indication took so many bytes. */
  indicated(count: number, tookAll: boolean): void {
    for (let left = count; left > 0;) left -= this.take(left).length;
    this.blocked = !tookAll && this.posted.length === 0;
  }

  /** The push timer has expired. */
  pushExpired(): void {
    if (this.awaitsPush) this.complete(this.posted.shift()!, NDIS_STATUS.SUCCESS);
  }

  /** Hands every receive back; those that hold data with SUCCESS, unless the connection is aborted (RCV-026). */
  returnPosted(statusWhenEmpty: NdisStatus): void {
    const aborted = statusWhenEmpty === NDIS_STATUS.REQUEST_ABORTED;
    for (const receive of this.posted.splice(0)) {
      const holdsData = receive.filled > receive.prefilled && !aborted;
      this.complete(receive, holdsData ? NDIS_STATUS.SUCCESS : statusWhenEmpty);
    }
  }

  /** Takes out everything that has not been handed over: BufferedData of a terminate. */
  takeAll(): Uint8Array[] {
    this.heldBytes = 0;
    return this.pieces.splice(0).map(({ bytes }) => bytes);
  }

  private place(): void {
    for (let receive = this.posted[0]; receive !== undefined; receive = this.posted[0]) {
      let pushed = false;
      while (receive.filled < receive.capacity && this.pieces.length > 0) {
        const { push, bytes } = this.pieces[0]!;
        const taken = this.take(receive.capacity - receive.filled);
        copyInto(receive, taken);
        pushed = push && taken.length === bytes.length;
      }
      const isFull = receive.filled === receive.capacity;
      if (!isFull && !(pushed && receive.pushMode)) return;
      this.posted.shift();
      this.complete(receive, NDIS_STATUS.SUCCESS);
    }
  }

  /** The next bytes, `most` of them or fewer. */
  private take(most: number): Uint8Array {
    const piece = this.pieces[0]!;
    const bytes = piece.bytes.subarray(0, most);
    if (bytes.length === piece.bytes.length) this.pieces.shift();
    else piece.bytes = piece.bytes.subarray(most);
    this.heldBytes -= bytes.length;
    return bytes;
  }

  private complete({ list, filled, prefilled }: Posted, status: NdisStatus): void {
    settle(list, status, filled - prefilled);
    this.completed(list);
  }
}

function copyInto(receive: Posted, bytes: Uint8Array): void {
  let skip = receive.filled;
  let left = bytes;
  receive.list.FirstNetBuffer.forEachRun((run) => {
    const count = Math.max(0, Math.min(left.length, run.length - skip));
    if (count > 0) run.set(left.subarray(0, count), skip);
    left = left.subarray(count);
    skip = Math.max(0, skip - run.length);
  });
  receive.filled += bytes.length;
}
