import { open } from 'node:fs/promises';
import path from 'node:path';
import type { TraceOrigin, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import { fileProblem } from '../files/fileProblem';

/** Bytes that are read and sent at a time. */
const pieceLength = 1024 * 1024;

/**
 * Streams a trace file to the window, piece by piece; whether it is a trace is for the page's reader to say.
 * @param as what the window takes it for
 */
export async function streamTraceFile(
  file: string,
  emit: (event: TraceStreamEvent) => void,
  as: { readonly origin: TraceOrigin; readonly name: string; readonly trace?: string } = {
    origin: 'file',
    name: path.basename(file),
  },
): Promise<void> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      emit({ kind: 'begin', ...as });
      for (let done = 0; ;) {
        const piece = new Uint8Array(pieceLength);
        const { bytesRead } = await handle.read(piece, 0, pieceLength, done);
        if (bytesRead === 0) break;
        done += bytesRead;
        emit({ kind: 'bytes', bytes: bytesRead === pieceLength ? piece : piece.slice(0, bytesRead) });
        emit({ kind: 'progress', fraction: size === 0 ? 1 : Math.min(1, done / size) });
      }
      emit({ kind: 'end' });
    } finally {
      await handle.close();
    }
  } catch (error) {
    emit({ kind: 'failed', message: fileProblem(error, 'read', file) });
  }
}
