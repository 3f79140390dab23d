/** Collects the pieces of a trace and sends them to the window in larger ones; each message owns its memory. */
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';

/** Bytes of trace that go to the window in one message at most; what there is goes after each slice. */
const bytesPerMessage = 256 * 1024;

/** See the file's head. */
export class WindowFeed {
  private pieces: Uint8Array[] = [];
  private length = 0;

  constructor(private readonly tell: (event: TraceStreamEvent) => void) {}

  add(bytes: Uint8Array): void {
    this.pieces.push(bytes.slice());
    this.length += bytes.length;
    if (this.length >= bytesPerMessage) this.flush();
  }

  flush(): void {
    if (this.length === 0) return;
    const message = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      message.set(piece, at);
      at += piece.length;
    }
    this.pieces = [];
    this.length = 0;
    this.tell({ kind: 'bytes', bytes: message });
  }
}
