/**
 * Cuts a part out of a trace: a range of time, a connection, or what an expression chooses, as a smaller trace that stands by itself. It begins with
 * the state at the cut, as records like any other: declarations, then owner and variables of each object as who wrote them last left them.
 */
import { fail, succeed, type Result } from '../base/result';
import { portableCodec, type TraceCodec } from './codec';
import { selectCut, visitRows, type CutRequest, type CutSelection } from './cutSelection';
import type { EventId, StateChangeRecord, TraceHeader, TraceRecord, VirtualTime } from './records';
import { renumbered, type Renumbering } from './renumbering';
import type { StateObjectAt } from './stateReader';
import { TraceEncoder, type TraceSink } from './traceEncoder';
import type { TraceFile } from './traceFile';

export type { CutRequest } from './cutSelection';

/** What a cut has become. */
export interface CutResult {
  /** Records of the new trace. */
  readonly events: number;
  /** Those of them at its beginning that declare and say what the state is. */
  readonly preludeEvents: number;
  /** Records of the original that were taken over, and that were left behind. */
  readonly taken: number;
  readonly left: number;
}

/** Why nothing was cut out. */
export type CutProblem =
  | { readonly code: 'no-such-connection'; readonly message: string }
  | { readonly code: 'empty-range'; readonly message: string }
  /** Nothing in the range matches; no trace was written. */
  | { readonly code: 'nothing-matches'; readonly message: string };

/** How a cut is made. */
export interface CutOptions {
  readonly codec?: TraceCodec | undefined;
  /** The expression behind `matches`, for the header. */
  readonly where?: string | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Longest text of a header's setting. */
const longestSetting = 10_000;

function cutHeader(
  header: TraceHeader,
  file: TraceFile,
  { from, to, connection }: CutRequest,
  where: string | undefined,
  preludeEvents: number,
): TraceHeader {
  return {
    ...header,
    settings: {
      ...header.settings,
      cutOfEvents: file.length - file.index.lostRecords,
      cutPreludeEvents: preludeEvents,
      ...(from === undefined ? {} : { cutFromNs: from }),
      ...(to === undefined ? {} : { cutToNs: to }),
      ...(connection === undefined ? {} : { cutConnection: connection }),
      ...(where === undefined ? {} : { cutWhere: where.slice(0, longestSetting) }),
    },
  };
}

function milliseconds(time: VirtualTime): string {
  return `${(time / 1e6).toFixed(3)} ms`;
}

/** A trace that is being cut. */
class Cut implements Renumbering {
  private readonly objects = new Map<number, number>();
  private readonly connections = new Map<number, number>();
  /** New id of each event of the range, plus one. */
  private readonly events: Uint32Array;
  private readonly remembered = new Map<number, StateObjectAt | undefined>();
  /** Objects whose parent was not there when they were declared. */
  private readonly declaredLater = new Set<number>();
  private nextComponent = 0;
  taken = 0;

  constructor(
    private readonly file: TraceFile,
    private readonly selection: CutSelection,
  ) {
    this.events = new Uint32Array(selection.end - selection.first);
  }

  event(event: EventId): EventId | undefined {
    const number = this.events[event - this.selection.first] ?? 0;
    return number === 0 ? undefined : number - 1;
  }

  object(object: number): number | undefined {
    return this.objects.get(object);
  }

  connection(connection: number): number | undefined {
    return this.connections.get(connection);
  }

  /** The records at the beginning: what is there already, and in what state. */
  async prelude(): Promise<TraceRecord[]> {
    const { file, selection } = this;
    const { definitions } = file;
    const records: TraceRecord[] = [];
    // Components keep their numbers, so that none may be left out.
    let last = definitions.components.length - 1;
    while (last >= 0 && selection.declaredComponents.has(last)) last--;
    for (; this.nextComponent <= last; this.nextComponent++)
      records.push(definitions.components[this.nextComponent]!);
    for (const id of [...selection.connections].sort((left, right) => left - right)) {
      const connection = definitions.connections[id];
      if (connection === undefined || selection.declaredConnections.has(id)) continue;
      records.push(this.declareConnection(connection));
    }
    const present = [...selection.objects]
      .filter((id) => !selection.declaredObjects.has(id))
      .sort((left, right) => left - right);
    for (const id of this.parentsFirst(present)) records.push(this.declareObject(id, this.parentBefore(id)));
    for (const id of present) {
      // Circles of parents can't be declared; only a trace that was made by hand has any.
      const parent = this.parentBefore(id);
      const missing =
        parent !== undefined && this.declaredLater.has(id) ? this.objects.get(parent) : undefined;
      if (missing !== undefined)
        records.push({ kind: 'relink', object: this.objects.get(id)!, parent: missing, cause: undefined });
    }
    records.push(...(await this.states(present)));
    return records;
  }

  /** Writes the records of the range. */
  async write(encoder: TraceEncoder, onProgress: (fraction: number) => void): Promise<void> {
    const { file, selection } = this;
    const isFiltered = (kind: TraceRecord['kind']): boolean =>
      kind === 'call' || kind === 'frame' || kind === 'note';
    await visitRows(
      file,
      selection.first,
      selection.end,
      () => true,
      (record, event, time) => {
        if (isFiltered(record.kind) && !selection.keeps(event)) return;
        const taken = this.take(record);
        if (taken === undefined) return;
        this.taken++;
        this.events[event - selection.first] = encoder.write(time, taken) + 1;
      },
      onProgress,
    );
  }

  /** What stands at the end of the original whatever is cut out of it: its report, and annotations of what is there. */
  async epilogue(): Promise<TraceRecord[]> {
    const { file, selection } = this;
    const ends: TraceRecord[] = [];
    const annotations: TraceRecord[] = [];
    await visitRows(
      file,
      0,
      file.length,
      (kind) => kind === 'end' || kind === 'annotation',
      (record, event) => {
        if (record.kind === 'end') ends.push(record);
        else if (record.kind === 'annotation' && event >= selection.end) {
          const annotation = this.annotation(record);
          if (annotation !== undefined) annotations.push(annotation);
        }
      },
    );
    this.taken += annotations.length + Math.min(1, ends.length);
    return [...ends.slice(-1), ...annotations];
  }

  private take(record: TraceRecord): TraceRecord | undefined {
    switch (record.kind) {
      case 'component':
        if (record.id !== this.nextComponent) return undefined;
        this.nextComponent++;
        return record;
      case 'connection':
        return this.selection.connections.has(record.id) && !this.connections.has(record.id)
          ? this.declareConnection(record)
          : undefined;
      case 'state-object':
        return this.selection.objects.has(record.id) && !this.objects.has(record.id)
          ? this.declareObject(record.id, record.parent)
          : undefined;
      case 'annotation':
        return this.annotation(record);
      case 'end':
        return undefined;
      case 'counter':
        return this.selection.isWhole ? record : undefined;
      case 'finding': {
        const taken = renumbered(record, this);
        if (this.selection.isWhole || taken?.kind !== 'finding') return taken;
        return taken.object !== undefined || taken.events.length > 0 ? taken : undefined;
      }
      default:
        return renumbered(record, this);
    }
  }

  private declareConnection(record: Extract<TraceRecord, { kind: 'connection' }>): TraceRecord {
    const id = this.connections.size;
    this.connections.set(record.id, id);
    return { ...record, id };
  }

  private declareObject(old: number, oldParent: number | undefined): TraceRecord {
    const record = this.file.definitions.stateObjects[old]!;
    const parent = oldParent === undefined ? undefined : this.objects.get(oldParent);
    if (oldParent !== undefined && parent === undefined) this.declaredLater.add(old);
    const connection = record.connection === undefined ? undefined : this.connections.get(record.connection);
    const id = this.objects.size;
    this.objects.set(old, id);
    return { ...record, id, parent, connection };
  }

  /** What an object is right before the range. */
  private remains(id: number): StateObjectAt | undefined {
    if (!this.remembered.has(id)) this.remembered.set(id, this.selection.before?.remains(id));
    return this.remembered.get(id);
  }

  private parentBefore(id: number): number | undefined {
    return this.remains(id)?.parent;
  }

  /** Objects in an order in which no child comes before its parent, as far as there is one. */
  private parentsFirst(objects: readonly number[]): number[] {
    const present = new Set(objects);
    const ordered = new Set<number>();
    for (const id of objects) {
      const chain: number[] = [];
      const onChain = new Set<number>();
      let at: number | undefined = id;
      while (at !== undefined && present.has(at) && !ordered.has(at) && !onChain.has(at)) {
        chain.push(at);
        onChain.add(at);
        at = this.parentBefore(at);
      }
      while (chain.length > 0) ordered.add(chain.pop()!);
    }
    return [...ordered];
  }

  /** Owners and variables of objects as they are right before the range, each as its last writer would write it. */
  private async states(objects: readonly number[]): Promise<TraceRecord[]> {
    const known = objects.flatMap((id) => this.remains(id) ?? []);
    const writers = await this.writers(
      known.flatMap(({ variables }) => variables.map(({ writtenBy }) => writtenBy)),
    );
    const records: TraceRecord[] = [];
    for (const { object: old, owner, ownedSince, variables } of known) {
      const object = this.objects.get(old)!;
      if (ownedSince !== undefined) records.push({ kind: 'ownership', object, owner, cause: undefined });
      const byWriter = new Map<number, { last: EventId; changes: StateChangeRecord['changes'][number][] }>();
      for (const { variable, value, writtenBy } of variables) {
        const writer = writers.get(writtenBy) ?? 0;
        const written = byWriter.get(writer) ?? { last: writtenBy, changes: [] };
        written.last = Math.max(written.last, writtenBy);
        written.changes.push({ variable, value });
        byWriter.set(writer, written);
      }
      for (const [writer, { changes }] of [...byWriter].sort(([, left], [, right]) => left.last - right.last))
        records.push({ kind: 'state-change', object, writer, cause: undefined, changes });
    }
    return records;
  }

  /** Who wrote these changes; a change that is lost has no writer. */
  private async writers(events: readonly EventId[]): Promise<Map<EventId, number>> {
    const writers = new Map<EventId, number>();
    const distinct = Float64Array.from(new Set(events)).sort();
    for (const event of distinct) {
      const record = await this.file.record(event);
      if (record.kind === 'state-change') writers.set(event, record.writer);
    }
    return writers;
  }

  /** An annotation of what is left of its stretch; undefined where nothing is. */
  private annotation(record: Extract<TraceRecord, { kind: 'annotation' }>): TraceRecord | undefined {
    const { first, end } = this.selection;
    const low = Math.max(first, Math.min(record.from, record.to));
    const high = Math.min(end - 1, Math.max(record.from, record.to));
    let from: EventId | undefined;
    let to: EventId | undefined;
    for (let event = low; event <= high && from === undefined; event++) from = this.event(event);
    for (let event = high; event >= low && to === undefined; event--) to = this.event(event);
    return from === undefined || to === undefined ? undefined : { ...record, from, to };
  }
}

function check(file: TraceFile, { from, to, connection }: CutRequest): CutProblem | undefined {
  const count = file.definitions.connections.length;
  if (connection !== undefined && connection >= count)
    return {
      code: 'no-such-connection',
      message: `There is no connection ${connection}; the trace has ${count}, counted from 0.`,
    };
  const start = from ?? 0;
  if (file.length === 0 || start > file.lastTime || (to !== undefined && to <= start))
    return {
      code: 'empty-range',
      message:
        to !== undefined && to <= start
          ? `Nothing lies between ${milliseconds(start)} and ${milliseconds(to)}. Name an end behind the beginning.`
          : `Nothing happens from ${milliseconds(start)} on; the trace ends at ${milliseconds(file.lastTime)}.`,
    };
  return undefined;
}

/**
 * Writes a part of a trace as a trace of its own. Nothing is written where the result has a problem.
 * @throws MalformedBytes where the file is damaged in what is read of it
 */
export async function cutTrace(
  file: TraceFile,
  request: CutRequest,
  sink: TraceSink,
  { codec = portableCodec, where, onProgress = () => undefined }: CutOptions = {},
): Promise<Result<CutResult, CutProblem>> {
  const problem = check(file, request);
  if (problem !== undefined) return fail(problem);
  const selection = await selectCut(file, request, codec, (fraction) => onProgress(fraction / 2));
  if (selection.matched === 0)
    return fail({ code: 'nothing-matches', message: 'No event of the trace is what was asked for.' });
  const cut = new Cut(file, selection);
  const prelude = await cut.prelude();
  const originals = file.length - file.index.lostRecords;
  const encoder = new TraceEncoder(cutHeader(file.header, file, request, where, prelude.length), sink, {
    codec,
  });
  const start = Math.max(request.from ?? 0, 0);
  for (const record of prelude) encoder.write(start, record);
  const skipped = recordsBefore(file, selection.first);
  if (skipped > 0) {
    encoder.write(start, { kind: 'loss', reason: 'cut', records: skipped, from: 0, until: start });
    // A reader takes what has been defined by the time of a loss for declared; nothing more may be.
    encoder.flush();
  }
  await cut.write(encoder, (fraction) => onProgress(0.5 + fraction / 2));
  const end = Math.max(start, Math.min(request.to ?? file.lastTime, file.lastTime));
  const epilogue = await cut.epilogue();
  const further = originals - skipped - cut.taken;
  if (further > 0)
    encoder.write(end, { kind: 'loss', reason: 'cut', records: further, from: start, until: file.lastTime });
  for (const record of epilogue) encoder.write(end, record);
  encoder.finish();
  return succeed({
    events: encoder.eventCount,
    preludeEvents: prelude.length,
    taken: cut.taken,
    left: originals - cut.taken,
  });
}

/** Records that are there before an event. */
function recordsBefore(file: TraceFile, event: EventId): number {
  const { chunks } = file.index;
  let records = 0;
  for (const { firstEvent, rows } of chunks) {
    if (firstEvent >= event) break;
    records += Math.min(rows, event - firstEvent);
  }
  return records;
}
