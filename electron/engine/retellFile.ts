/** Reads what a run has recorded so far once more, for somebody who begins to look at it late. */
import { filePieces } from '../files/filePieces';
import { zlibCodec } from '../files/zlibCodec';
import type { EventId, TraceRecord, VirtualTime } from '../../shared/trace/records';
import { TraceReader } from '../../shared/trace/traceReader';

/**
 * Tells all records of a file, in order. The file is this process's own, so that it is whole as far as it goes.
 * @param onPiece called now and then, for whoever watches over the thread
 * @throws Error (with Node's `code`) if the file can't be read
 */
export function retellFile(
  path: string,
  to: (record: TraceRecord, event: EventId, time: VirtualTime) => void,
  onPiece: () => void,
): void {
  const reader = new TraceReader([{ onRecord: to }], zlibCodec, { isFresh: true });
  for (const piece of filePieces(path)) {
    const pushed = reader.push(piece);
    if (!pushed.ok) throw new Error(pushed.error.message);
    onPiece();
  }
}
