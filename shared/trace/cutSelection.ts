/**
 * What a cut takes along: which events of a range, and which state objects and connections they need. Nothing is written here.
 */
import type { EventId, TraceRecord, VirtualTime } from './records';
import { StateReader, type StateAt } from './stateReader';
import type { TraceFile } from './traceFile';
import type { TraceCodec } from './codec';

/** What is to be cut out; all that is given must hold. */
export interface CutRequest {
  /** Events at `from` or later, and before `to`; ns. */
  readonly from?: VirtualTime | undefined;
  readonly to?: VirtualTime | undefined;
  /**
   * Calls, frames and notes of this connection, its state and what it depends on, the calls around its calls, and what completes them. Notes
   * that belong to no connection are about all of them, and stay.
   */
  readonly connection?: number | undefined;
  /** Calls, frames and notes that match, the calls around these calls, and what completes them. State stays whole. */
  readonly matches?: ((event: EventId) => boolean) | undefined;
}

/** See the file's head. */
export interface CutSelection {
  /** First event of the range, and the one behind its last. */
  readonly first: EventId;
  readonly end: EventId;
  /** State right before the range; undefined where the range begins with the trace. */
  readonly before: StateAt | undefined;
  /** State objects and connections that are taken along, whether they are there before the range or come into being in it. */
  readonly objects: ReadonlySet<number>;
  readonly connections: ReadonlySet<number>;
  /** Those of them that are declared in the range. */
  readonly declaredObjects: ReadonlySet<number>;
  readonly declaredConnections: ReadonlySet<number>;
  readonly declaredComponents: ReadonlySet<number>;
  /** Whether an event of the range is taken along; calls, frames and notes only. */
  keeps(event: EventId): boolean;
  /** Whether nothing of the range was left out. */
  readonly isWhole: boolean;
  /** Calls, frames and notes that were asked for, those left out that merely surround or complete them. */
  readonly matched: number;
}

/** Visits the rows of a range that are of some kinds, in order. */
export async function visitRows(
  file: TraceFile,
  first: EventId,
  end: EventId,
  isWanted: (kind: TraceRecord['kind'] | number) => boolean,
  visit: (record: TraceRecord, event: EventId, time: VirtualTime) => void,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<void> {
  if (first >= end) return;
  const wanted = file.definitions.shapes.map(({ kind }) => isWanted(kind));
  const { chunks } = file.index;
  for (let place = file.chunkOf(first); place < chunks.length && chunks[place]!.firstEvent < end; place++) {
    const summary = chunks[place]!;
    if (!Array.from(summary.shapes).some((shape) => wanted[shape])) continue;
    const chunk = await file.chunk(place);
    const shapes = chunk.shapes();
    const times = chunk.times();
    const last = Math.min(chunk.rows, end - chunk.firstEvent);
    for (let row = Math.max(0, first - chunk.firstEvent); row < last; row++) {
      if (!wanted[shapes[row]!]!) continue;
      const record = file.rowOf(chunk, row);
      if (record.kind !== 'unknown') visit(record, chunk.firstEvent + row, times[row]!);
    }
    onProgress((chunk.firstEvent + last - first) / (end - first));
  }
}

const declarations: ReadonlySet<unknown> = new Set(['component', 'connection', 'state-object']);
const stateKinds: ReadonlySet<unknown> = new Set(['state-change', 'ownership', 'relink']);
const chosenKinds: ReadonlySet<unknown> = new Set(['call', 'frame', 'note']);

/** What the declarations and state records of a range say. */
interface RangeStates {
  readonly declaredComponents: Set<number>;
  readonly declaredConnections: Set<number>;
  readonly declaredObjects: Set<number>;
  /** Objects that records of the range are about. */
  readonly touched: Set<number>;
  /** New parents of objects, by object. */
  readonly parents: Map<number, Set<number>>;
}

async function readStates(file: TraceFile, first: EventId, end: EventId): Promise<RangeStates> {
  const states: RangeStates = {
    declaredComponents: new Set(),
    declaredConnections: new Set(),
    declaredObjects: new Set(),
    touched: new Set(),
    parents: new Map(),
  };
  await visitRows(
    file,
    first,
    end,
    (kind) => declarations.has(kind) || stateKinds.has(kind),
    (record) => {
      switch (record.kind) {
        case 'component':
          states.declaredComponents.add(record.id);
          break;
        case 'connection':
          states.declaredConnections.add(record.id);
          break;
        case 'state-object':
          states.declaredObjects.add(record.id);
          break;
        case 'relink':
          states.touched.add(record.object);
          if (record.parent !== undefined) {
            const parents = states.parents.get(record.object) ?? new Set();
            states.parents.set(record.object, parents.add(record.parent));
          }
          break;
        case 'state-change':
        case 'ownership':
          states.touched.add(record.object);
          break;
        default:
          break;
      }
    },
  );
  return states;
}

/** Objects that are taken along: those that are asked for, and what they depend on while the range lasts. */
function selectObjects(
  file: TraceFile,
  before: StateAt | undefined,
  states: RangeStates,
  connection: number | undefined,
): Set<number> {
  const { stateObjects } = file.definitions;
  const objects = new Set<number>();
  const waiting: number[] = [];
  const take = (id: number | undefined): void => {
    if (id === undefined || id >= stateObjects.length || objects.has(id)) return;
    objects.add(id);
    waiting.push(id);
  };
  for (const { id, connection: own } of stateObjects) {
    if (connection !== undefined && own !== connection) continue;
    const isThere =
      states.declaredObjects.has(id) ||
      states.touched.has(id) ||
      (before !== undefined && id < before.objectCount && before.object(id) !== undefined);
    if (isThere) take(id);
  }
  while (waiting.length > 0) {
    const id = waiting.pop()!;
    take(states.declaredObjects.has(id) ? stateObjects[id]!.parent : before?.remains(id)?.parent);
    for (const parent of states.parents.get(id) ?? []) take(parent);
  }
  return objects;
}

/** Which calls, frames and notes of a range are asked for or needed by those that are. */
class EventChoice {
  private readonly kept: Uint8Array;
  /** The call around each call, by its distance from the range's first event, plus one. */
  private readonly parents: Uint32Array;
  /** Pairs of a call that completes and the call that it completes. */
  private readonly completions: number[] = [];
  matched = 0;

  constructor(
    private readonly first: EventId,
    end: EventId,
  ) {
    this.kept = new Uint8Array(end - first);
    this.parents = new Uint32Array(end - first);
  }

  isKept(event: EventId): boolean {
    return this.kept[event - this.first] === 1;
  }

  /** Takes note of a call, and of whether it is asked for. */
  call(event: EventId, parent: EventId | undefined, completes: readonly EventId[], isAsked: boolean): void {
    if (parent !== undefined && parent >= this.first)
      this.parents[event - this.first] = parent - this.first + 1;
    for (const request of completes) if (request >= this.first) this.completions.push(event, request);
    if (isAsked) this.ask(event);
  }

  ask(event: EventId): void {
    this.matched++;
    this.keep(event);
  }

  /** Keeps what completes a call that is kept, until nothing is missing. */
  close(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (let at = 0; at < this.completions.length; at += 2) {
        const completer = this.completions[at]!;
        if (!this.isKept(this.completions[at + 1]!) || this.isKept(completer)) continue;
        this.keep(completer);
        changed = true;
      }
    }
  }

  private keep(event: EventId): void {
    for (let at = event - this.first; at >= 0 && this.kept[at] === 0; at = this.parents[at]! - 1)
      this.kept[at] = 1;
  }
}

async function chooseEvents(
  file: TraceFile,
  first: EventId,
  end: EventId,
  { connection, matches }: CutRequest,
  objects: ReadonlySet<number>,
  onProgress: (fraction: number) => void,
): Promise<EventChoice> {
  const choice = new EventChoice(first, end);
  const namesObject = (record: TraceRecord): boolean =>
    record.kind === 'call' &&
    record.arguments.some(
      (argument) =>
        argument.kind === 'block-list' &&
        argument.blocks.some(
          ({ object }) =>
            object !== undefined &&
            objects.has(object) &&
            file.definitions.stateObjects[object]?.connection === connection,
        ),
    );
  await visitRows(
    file,
    first,
    end,
    (kind) => chosenKinds.has(kind),
    (record, event) => {
      if (record.kind !== 'call' && record.kind !== 'frame' && record.kind !== 'note') return;
      const isOfConnection =
        connection === undefined ||
        record.connection === connection ||
        (record.kind === 'note' && record.connection === undefined) ||
        namesObject(record);
      const isAsked = isOfConnection && (matches === undefined || matches(event));
      if (record.kind === 'call') choice.call(event, record.parent, record.completes, isAsked);
      else if (isAsked) choice.ask(event);
    },
    onProgress,
  );
  choice.close();
  return choice;
}

/** Connections that rows of a range belong to, as far as the rows are kept. */
async function usedConnections(
  file: TraceFile,
  first: EventId,
  end: EventId,
  isKept: (event: EventId) => boolean,
): Promise<Set<number>> {
  const used = new Set<number>();
  const { chunks } = file.index;
  for (let place = file.chunkOf(first); place < chunks.length && chunks[place]!.firstEvent < end; place++) {
    const chunk = await file.chunk(place);
    const connections = chunk.connections();
    const last = Math.min(chunk.rows, end - chunk.firstEvent);
    for (let row = Math.max(0, first - chunk.firstEvent); row < last; row++)
      if (connections[row] !== 0 && isKept(chunk.firstEvent + row)) used.add(connections[row]! - 1);
  }
  return used;
}

/**
 * Decides what a cut takes along.
 * @throws MalformedBytes where the file is damaged
 */
export async function selectCut(
  file: TraceFile,
  request: CutRequest,
  codec: TraceCodec,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<CutSelection> {
  const first = request.from === undefined ? 0 : await file.firstAtOrAfter(request.from);
  const end = request.to === undefined ? file.length : Math.max(first, await file.firstAtOrAfter(request.to));
  const before = first === 0 ? undefined : await new StateReader(file, codec).at(first - 1);
  const states = await readStates(file, first, end);
  const objects = selectObjects(file, before, states, request.connection);
  const isWhole = request.connection === undefined && request.matches === undefined;
  const choice =
    isWhole || first === end ? undefined : await chooseEvents(file, first, end, request, objects, onProgress);
  const keeps = (event: EventId): boolean => choice?.isKept(event) ?? true;
  const connections = first === end ? new Set<number>() : await usedConnections(file, first, end, keeps);
  for (const id of objects) {
    const { connection } = file.definitions.stateObjects[id]!;
    if (connection !== undefined) connections.add(connection);
  }
  if (isWhole) for (const id of states.declaredConnections) connections.add(id);
  return {
    first,
    end,
    before,
    objects,
    connections,
    declaredObjects: states.declaredObjects,
    declaredConnections: states.declaredConnections,
    declaredComponents: states.declaredComponents,
    keeps,
    isWhole,
    matched: choice?.matched ?? end - first,
  };
}
