/** Reads a File, a Blob or a response body in pieces, so that no trace has to fit into one buffer. */
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';

/** Bytes per piece of a file: large enough to be quick, small enough for the window to stay live. */
export const pieceLength = 1024 * 1024;

/** What is read: `File` and `Blob` have it, and tests can make one. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

type Emit = (event: TraceStreamEvent) => void;

/** Gives the window a turn between two pieces. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Streams a file; a file that cannot be read ends in a `failed` event. */
export async function streamBlob(name: string, blob: BlobLike, emit: Emit): Promise<void> {
  emit({ kind: 'begin', origin: 'file', name });
  try {
    for (let start = 0; start < blob.size; start += pieceLength) {
      const end = Math.min(blob.size, start + pieceLength);
      emit({ kind: 'bytes', bytes: new Uint8Array(await blob.slice(start, end).arrayBuffer()) });
      emit({ kind: 'progress', fraction: end / blob.size });
      await nextTurn();
    }
  } catch (error) {
    emit({ kind: 'failed', message: `${name} could not be read: ${reasonOf(error)} Choose it again.` });
    return;
  }
  emit({ kind: 'end' });
}

/** Streams a trace from an address; a refusal by server or network ends in a `failed` event. */
export async function streamAddress(address: string, emit: Emit, get: typeof fetch = fetch): Promise<void> {
  const name = nameOfAddress(address);
  emit({ kind: 'begin', origin: 'file', name });
  try {
    const response = await get(address);
    if (!response.ok || response.body === null) {
      const status = `${response.status} ${response.statusText}`.trim();
      emit({
        kind: 'failed',
        message: `${address} could not be loaded: the server answers ${status}. Check the address.`,
      });
      return;
    }
    const total = Number(response.headers.get('content-length') ?? '0');
    const reader = response.body.getReader();
    let received = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      received += value.length;
      emit({ kind: 'bytes', bytes: value });
      if (total >= received) emit({ kind: 'progress', fraction: received / total });
    }
  } catch (error) {
    emit({
      kind: 'failed',
      message:
        `${address} could not be loaded: ${reasonOf(error)} ` +
        'Only addresses that this page may read work here; save the file and drop it on the window.',
    });
    return;
  }
  emit({ kind: 'end' });
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function nameOfAddress(address: string): string {
  const path = address.split(/[?#]/, 1)[0]!;
  const last = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last) || address;
  } catch {
    return last;
  }
}
