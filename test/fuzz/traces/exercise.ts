/** Everything that reads a trace, put to work on bytes that may say anything. What it throws is a finding. */
import { TraceModel } from '../../../shared/analysis/traceModel';
import { Random } from '../../../shared/base/random';
import type { Result } from '../../../shared/base/result';
import { MalformedBytes } from '../../../shared/trace/byteReader';
import { portableCodec, type TraceCodec } from '../../../shared/trace/codec';
import { rewriteTrace } from '../../../shared/trace/compaction';
import { findEvents, type EventQuery } from '../../../shared/trace/eventQuery';
import { StateReader } from '../../../shared/trace/stateReader';
import { recoverTrace } from '../../../shared/trace/recovery';
import { TraceFile } from '../../../shared/trace/traceFile';
import type { TraceSink } from '../../../shared/trace/traceEncoder';
import { TraceReader } from '../../../shared/trace/traceReader';
import { memorySource } from '../../../shared/trace/traceSource';
import { concatenate } from '../../harness/traceBytes';
import { zlibCodec } from '../../../electron/files/zlibCodec';
import { analyse, askModel } from './exerciseAnalysis';

/** How far the readers came; for counting what fuzzing reaches. */
export interface Exercised {
  readonly streamed: 'refused' | 'cut' | 'damaged' | 'complete';
  readonly opened: 'refused' | 'walked' | 'by its index';
}

/** Events of a trace that are looked at one by one. */
const mostLooks = 24;

/** Events across a trace: the first, the last, and some between. */
function someEvents(random: Random, length: number): number[] {
  if (length === 0) return [];
  const events = [0, length - 1];
  for (let left = Math.min(mostLooks, length); left > 0; left--)
    events.push(Math.min(length - 1, Math.floor(random.nextFraction() * length)));
  return events;
}

/** Runs what may say that the file is damaged where it looks. */
async function allowDamage(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
  }
}

function stream(bytes: Uint8Array, random: Random): Exercised['streamed'] {
  const model = new TraceModel();
  const piece = random.nextBelow(3) === 0 ? 1 + random.nextBelow(5000) : bytes.length;
  for (let start = 0; start < bytes.length; start += piece)
    if (!model.push(bytes.subarray(start, start + piece)).ok) break;
  const ending = model.close();
  const { store } = model;
  if (store !== undefined)
    for (const event of someEvents(random, store.length)) {
      store.record(event);
      store.kind(event);
      if (store.firstAtOrAfter(store.time(event)) > event) throw new Error('an event is before its own time');
    }
  askModel(model);
  return ending.ok ? ending.value.kind : 'refused';
}

async function look(file: TraceFile, random: Random, codec: TraceCodec): Promise<void> {
  const events = someEvents(random, file.length);
  for (const event of events) {
    await allowDamage(() => file.record(event));
    await allowDamage(async () => file.firstAtOrAfter(await file.time(event)));
  }
  const middle = file.lastTime / 2;
  const queries: EventQuery[] = [
    { limit: 50 },
    { connection: random.nextBelow(3), from: middle },
    { component: random.nextBelow(4), to: middle },
    { kind: 'call', functionName: 'NdisOffloadTcpSend', limit: 20 },
    { status: 0 },
  ];
  for (const query of queries) await allowDamage(() => findEvents(file, query));
  const states = new StateReader(file, codec);
  for (const event of events.slice(0, 4)) await allowDamage(async () => (await states.at(event)).objects());
  if (file.length > 0) await allowDamage(() => states.difference(0, file.length - 1));
}

/** See the file's head. */
export async function exercise(bytes: Uint8Array, seed: number): Promise<Exercised> {
  const random = new Random(seed, 1);
  const codec = random.nextBelow(2) === 0 ? portableCodec : zlibCodec;
  const streamed = stream(bytes, random);
  const source = memorySource(bytes);
  const opened = await TraceFile.open(source, { codec, cacheBytes: 1024 * 1024 });
  if (opened.ok) await look(opened.value, random, codec);
  if (random.nextBelow(4) === 0) await writeAndRead((sink) => rewriteTrace(source, sink, codec));
  if (random.nextBelow(3) === 0) await writeAndRead((sink) => recoverTrace(source, sink, codec));
  // Chance of its own: what was found before this was here can still be made again.
  const other = new Random(seed, 2);
  if (other.nextBelow(3) === 0)
    analyse(bytes, (below) => Math.min(below - 1, Math.floor(other.nextFraction() * below)));
  return {
    streamed,
    opened: !opened.ok ? 'refused' : opened.value.flaw === undefined ? 'by its index' : 'walked',
  };
}

/** What is saved of a file can be read to its end, one way and the other. */
async function writeAndRead(write: (sink: TraceSink) => Promise<Result<unknown, unknown>>): Promise<void> {
  const pieces: Uint8Array[] = [];
  const result = await write({ write: (piece) => void pieces.push(piece.slice()) });
  if (!result.ok) return;
  const bytes = concatenate(pieces);
  const reader = new TraceReader();
  const pushed = reader.push(bytes);
  const ending = reader.close();
  const flaw = !pushed.ok
    ? pushed.error.message
    : !ending.ok
      ? ending.error.message
      : ending.value.kind === 'damaged' && ending.value.message;
  if (flaw !== false) throw new Error(`what was saved can't be read: ${flaw}`);
  const file = await TraceFile.open(memorySource(bytes));
  if (!file.ok || file.value.flaw !== undefined) throw new Error('what was saved has no index');
  if (file.value.length !== reader.store!.length) throw new Error('what was saved has two lengths');
}
