/** What a recording that was killed has to be: whatever its file holds is the beginning of what the run would have recorded. */
import { isDeepStrictEqual } from 'node:util';
import { TraceFile } from '../../../shared/trace/traceFile';
import { TraceReader } from '../../../shared/trace/traceReader';
import type { TraceStore } from '../../../shared/trace/traceStore';
import { memorySource } from '../../../shared/trace/traceSource';
import { zlibCodec } from '../../../electron/files/zlibCodec';

/** What was found in a file. */
export interface Judged {
  /** `empty`: killed before the first frame was there. */
  readonly ending: 'empty' | 'cut' | 'complete';
  readonly events: number;
  /** Bytes behind the last whole frame. */
  readonly tornBytes: number;
}

/** Reads a trace that is known to be whole. */
export function readReference(bytes: Uint8Array): TraceStore {
  const reader = new TraceReader([], zlibCodec);
  const pushed = reader.push(bytes);
  const ending = reader.close();
  if (!pushed.ok || !ending.ok || ending.value.kind !== 'complete')
    throw new Error('the recording to compare with is not complete');
  return reader.store!;
}

/**
 * Opens the file of a killed recording in both ways and compares every record.
 * @throws Error that says what is wrong with it
 */
export async function judgeRecording(reference: TraceStore, bytes: Uint8Array): Promise<Judged> {
  const reader = new TraceReader([], zlibCodec);
  const pushed = reader.push(bytes);
  const ending = reader.close();
  if (!ending.ok || !pushed.ok) {
    // Magic and header are two writes; before them there is nothing to open.
    if (bytes.length <= 8) return { ending: 'empty', events: 0, tornBytes: bytes.length };
    throw new Error(ending.ok ? 'refused' : ending.error.message);
  }
  if (ending.value.kind === 'damaged') throw new Error(ending.value.message);
  const store = reader.store!;
  for (let event = 0; event < store.length; event++) {
    if (store.time(event) !== reference.time(event)) throw new Error(`event ${event} has another time`);
    if (!isDeepStrictEqual(store.record(event), reference.record(event)))
      throw new Error(`event ${event} is another one`);
  }
  const file = await TraceFile.open(memorySource(bytes), { codec: zlibCodec });
  if (!file.ok) throw new Error(file.error.message);
  if (file.value.length !== store.length)
    throw new Error(`${file.value.length} events here and ${store.length} there`);
  if (file.value.length > 0) await file.value.record(file.value.length - 1);
  const tornBytes = ending.value.kind === 'cut' ? bytes.length - ending.value.byteOffset : 0;
  return { ending: ending.value.kind, events: store.length, tornBytes };
}
