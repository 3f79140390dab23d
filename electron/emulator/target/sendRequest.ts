import type { NdisStatus } from '../../../shared/ddi/status';
import { NdisAdvanceNetBufferDataStart, netBufferListInfo, type NET_BUFFER_LIST } from '../kit';
import type { SendOwner } from '../tcp/sendQueue';

/** A posted send, or the data of a disconnect, and how much of it the peer has acknowledged. */
export class SendRequest implements SendOwner {
  /** Bytes to send. */
  readonly length: number;
  acknowledged = 0;

  constructor(
    readonly list: NET_BUFFER_LIST,
    private readonly onFinished: (request: SendRequest) => void,
  ) {
    this.length = list.dataLength;
  }

  onAcknowledged(count: number): void {
    this.acknowledged += count;
    if (this.acknowledged === this.length) this.onFinished(this);
  }
}

/** Writes into a NET_BUFFER_LIST what its completion must say (SND-021 to SND-023, RCV-022, DSC-016). */
export function settleList(list: NET_BUFFER_LIST, status: NdisStatus, bytesTransferred: number): void {
  list.Status = status;
  list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] = bytesTransferred;
  NdisAdvanceNetBufferDataStart(list.FirstNetBuffer, bytesTransferred);
}
