/** The index at the end of a complete trace: where everything stands, so that a reader need not walk the file. */
import { ByteReader, MalformedBytes } from './byteReader';
import { ByteWriter } from './byteWriter';
import type { ChunkSummary } from './chunkSummary';
import type { TraceCodec } from './codec';
import { packPayload, unpackPayload } from './packedPayload';
import { readIntegers, writeIntegers } from './integerColumn';
import { withinLimit } from './limits';
import { overviewSeries, type Overview } from './overview';

/** Where a frame stands in the file. */
export interface FramePlace {
  readonly offset: number;
  readonly length: number;
}

/** A checkpoint: the state behind every event below `event`. */
export interface CheckpointPlace extends FramePlace {
  readonly event: number;
}

/** See the file's head. */
export interface TraceIndex {
  /** Id of the next event, and how many of those before it are lost. */
  readonly events: number;
  readonly lostRecords: number;
  readonly definitions: readonly FramePlace[];
  readonly chunks: readonly ChunkSummary[];
  readonly checkpoints: readonly CheckpointPlace[];
  readonly overview: Overview | undefined;
}

function column(out: ByteWriter, values: readonly number[] | Float64Array): void {
  writeIntegers(out, Float64Array.from(values), values.length);
}

/** A list of ascending numbers for each chunk. */
function lists(out: ByteWriter, all: readonly ArrayLike<number>[]): void {
  column(
    out,
    all.map(({ length }) => length),
  );
  const flat = new Float64Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of all) {
    flat.set(list, at);
    at += list.length;
  }
  out.varint(flat.length);
  column(out, flat);
}

/** The payload of an `INDX` frame. */
export function writeTraceIndex(index: TraceIndex, codec: TraceCodec | undefined): Uint8Array {
  const out = new ByteWriter(64 * 1024);
  const { definitions, chunks, checkpoints, overview } = index;
  out.varint(index.events);
  out.varint(index.lostRecords);
  for (const places of [definitions, chunks, checkpoints]) {
    out.varint(places.length);
    column(
      out,
      places.map(({ offset }) => offset),
    );
    column(
      out,
      places.map(({ length }) => length),
    );
  }
  column(
    out,
    chunks.map(({ firstEvent }) => firstEvent),
  );
  column(
    out,
    chunks.map(({ rows }) => rows),
  );
  column(
    out,
    chunks.map(({ firstTime }) => firstTime),
  );
  column(
    out,
    chunks.map(({ lastTime }) => lastTime),
  );
  lists(
    out,
    chunks.map(({ shapes }) => shapes),
  );
  lists(
    out,
    chunks.map(({ connections }) => connections ?? []),
  );
  lists(
    out,
    chunks.map(({ objects }) => objects ?? []),
  );
  lists(
    out,
    chunks.map(({ statuses }) => statuses ?? []),
  );
  column(
    out,
    checkpoints.map(({ event }) => event),
  );
  out.varint(overview === undefined ? 0 : overview.bins);
  if (overview !== undefined) {
    out.varint(overview.width);
    out.varint(overview.components.length);
    for (const series of overview.components) {
      out.varint(series.length);
      for (const values of series) column(out, values);
    }
  }
  return packPayload(out.bytes.subarray(0, out.length), codec);
}

/**
 * Chunks that follow each other and make up the trace: looking things up relies on it.
 * @throws MalformedBytes where they don't
 */
function checkChunks(
  events: number,
  lostRecords: number,
  firstEvents: Float64Array,
  rows: Float64Array,
  firstTimes: Float64Array,
  lastTimes: Float64Array,
): void {
  let next = 0;
  let time = 0;
  let lost = 0;
  for (let place = 0; place < rows.length; place++) {
    const first = firstEvents[place]!;
    if (!(first >= next && rows[place]! > 0)) throw new MalformedBytes('chunks of the index out of order');
    if (!(firstTimes[place]! >= time && lastTimes[place]! >= firstTimes[place]!))
      throw new MalformedBytes('time goes backwards in the index');
    lost += first - next;
    next = first + withinLimit(rows[place]!, 'rows of a chunk');
    time = lastTimes[place]!;
  }
  if (next !== events || lost !== lostRecords)
    throw new MalformedBytes('the index has other events than its chunks');
}

/**
 * Reads the payload of an `INDX` frame of a file of `fileLength` bytes.
 * @throws MalformedBytes where it is none
 */
export function readTraceIndex(payload: Uint8Array, fileLength: number, codec: TraceCodec): TraceIndex {
  const raw = unpackPayload(payload, codec);
  const input = new ByteReader(raw, 0, raw.length);
  const events = input.varint();
  const lostRecords = input.varint();
  const count = (): number => withinLimit(input.varint(), 'chunks of an index');
  const read = (rows: number): Float64Array => readIntegers(input, rows);
  const places = (): { readonly offsets: Float64Array; readonly lengths: Float64Array } => {
    const rows = count();
    const offsets = read(rows);
    const lengths = read(rows);
    for (let row = 0; row < rows; row++)
      if (offsets[row]! + lengths[row]! > fileLength)
        throw new MalformedBytes('the index points behind the file');
    return { offsets, lengths };
  };
  const definitions = places();
  const chunks = places();
  const checkpoints = places();
  const rows = chunks.offsets.length;
  const firstEvents = read(rows);
  const rowCounts = read(rows);
  const firstTimes = read(rows);
  const lastTimes = read(rows);
  const readLists = (): Float64Array[] => {
    const counts = read(rows);
    const all = read(withinLimit(input.varint(), 'numbers of an index'));
    let at = 0;
    const found: Float64Array[] = [];
    for (let row = 0; row < rows; row++) {
      found.push(all.subarray(at, at + counts[row]!));
      at += counts[row]!;
    }
    if (at !== all.length) throw new MalformedBytes('lists of the index that do not add up');
    return found;
  };
  const [shapes, connections, objects, statuses] = [readLists(), readLists(), readLists(), readLists()];
  const checkpointEvents = read(checkpoints.offsets.length);
  checkChunks(events, lostRecords, firstEvents, rowCounts, firstTimes, lastTimes);
  for (let row = 0; row < checkpointEvents.length; row++)
    if (!(checkpointEvents[row]! >= (checkpointEvents[row - 1] ?? 0) && checkpointEvents[row]! <= events))
      throw new MalformedBytes('checkpoints out of order');
  const bins = withinLimit(input.varint(), 'bins of an overview');
  let overview: Overview | undefined;
  if (bins > 0) {
    const width = input.varint();
    const components: Float64Array[][] = [];
    const lanes = withinLimit(input.varint(), 'lanes of an overview');
    withinLimit(lanes * overviewSeries.length * bins, 'numbers of an overview');
    for (let left = lanes; left > 0; left--) {
      const series = input.varint();
      if (series !== 0 && series !== overviewSeries.length)
        throw new MalformedBytes('an overview of other series');
      components.push(Array.from({ length: series }, () => read(bins)));
    }
    overview = { width, bins, components };
  }
  const place = ({ offsets, lengths }: ReturnType<typeof places>, row: number): FramePlace => ({
    offset: offsets[row]!,
    length: lengths[row]!,
  });
  return {
    events,
    lostRecords,
    definitions: Array.from(definitions.offsets, (_, row) => place(definitions, row)),
    chunks: Array.from(chunks.offsets, (_, row) => ({
      ...place(chunks, row),
      firstEvent: firstEvents[row]!,
      rows: rowCounts[row]!,
      firstTime: firstTimes[row]!,
      lastTime: lastTimes[row]!,
      shapes: shapes[row]!,
      connections: connections[row]!,
      objects: objects[row]!,
      statuses: statuses[row]!,
    })),
    checkpoints: Array.from(checkpoints.offsets, (_, row) => ({
      ...place(checkpoints, row),
      event: checkpointEvents[row]!,
    })),
    overview,
  };
}
