/** Rows that show who has the NET_BUFFER_LISTs of a connection, or one of them, over time. Pure. */
import { bufferOwnershipOf, type BufferLife, type BufferStay } from '../../shared/analysis/bufferOwnership';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { formatAddress } from '../../shared/base/address';
import type { ComponentRole, EventId, VirtualTime } from '../../shared/trace/records';
import type { RowSource } from './rowLayout';

/** Which lists are shown: one, by its address, or all that a connection passes. */
export type BufferScope =
  | { readonly kind: 'list'; readonly address: number }
  | { readonly kind: 'connection'; readonly connection: number };

/** Who can have a list; where several stays share a pixel, the first of these is drawn. */
export const ownerRoles = [
  'offload-target',
  'intermediate-driver',
  'wire',
  'peer',
  'host-stack',
  'application',
  'ndis',
] as const satisfies readonly ComponentRole[];

/** Lists at a time are packed into at most this many rows; what is over shares the last, cut where it would overlap. */
export const mostBufferRows = 8;

/** A stay of a list with one owner. */
export interface ShownStay {
  readonly life: BufferLife;
  readonly stay: BufferStay;
}

/** Stays of lists that do not overlap. */
export class BufferRow implements RowSource {
  readonly stays: ShownStay[] = [];
  /** When the last list that is in it came back; Infinity if it never did. */
  freeFrom: VirtualTime = 0;

  constructor(private readonly model: TraceModel) {}

  get length(): number {
    return this.stays.length;
  }

  add(life: BufferLife): void {
    for (const stay of staysOf(life)) this.stays.push({ life, stay });
    this.freeFrom = life.until ?? Infinity;
  }

  start(index: number): VirtualTime {
    return this.stays[index]!.stay.from;
  }

  end(index: number): VirtualTime {
    const { life, stay } = this.stays[index]!;
    const end = stay.until ?? life.until ?? this.model.store?.lastTime ?? stay.from;
    return Math.max(stay.from, Math.min(end, this.stays[index + 1]?.stay.from ?? Infinity));
  }

  category(index: number): number {
    return ownerRoles.indexOf(roleOf(this.model, this.stays[index]!.stay.owner));
  }
}

/** The role of a component; NDIS for one that the trace does not declare. */
export function roleOf(model: TraceModel, component: number): ComponentRole {
  return model.store?.components[component]?.role ?? 'ndis';
}

/** The stays of a life without the one that its end is: its owner has the list again, and it is not lent any more. */
export function staysOf({ stays, untilEvent }: BufferLife): readonly BufferStay[] {
  return stays.filter(({ event }) => event !== untilEvent);
}

/** The lives of the lists that are shown, in the order in which they began. */
export function livesOf(model: TraceModel, scope: BufferScope): readonly BufferLife[] {
  const ownership = bufferOwnershipOf(model);
  if (scope.kind === 'list') return ownership.storyOf(scope.address);
  const last = (model.store?.length ?? 0) - 1;
  return ownership.between(0, last).filter(({ connection }) => connection === scope.connection);
}

/** Lives in rows, each in the first that is free. */
export function bufferRows(model: TraceModel, lives: readonly BufferLife[]): readonly BufferRow[] {
  const rows: BufferRow[] = [];
  for (const life of [...lives].sort((one, other) => one.event - other.event)) {
    let row = rows.find(({ freeFrom }) => freeFrom <= life.from);
    if (row === undefined) {
      if (rows.length < mostBufferRows) rows.push((row = new BufferRow(model)));
      else row = rows[rows.length - 1]!;
    }
    row.add(life);
  }
  // What shares the last row overlaps: its stays are cut where the next begins.
  rows
    .at(-1)
    ?.stays.sort(({ stay: one }, { stay: other }) => one.from - other.from || one.event - other.event);
  return rows;
}

/** What is shown, in words. */
export function scopeTitle(scope: BufferScope): string {
  return scope.kind === 'list'
    ? `List ${formatAddress(scope.address)}`
    : `Lists of connection ${scope.connection}`;
}

/** What an event is about: the first list that a call passes, else the connection. */
export function scopeOf(model: TraceModel, event: EventId): BufferScope | undefined {
  const record = model.store?.record(model.calls.at(event)?.event ?? event);
  if (record?.kind === 'call') {
    for (const value of record.arguments) {
      const [first] = value.kind === 'net-buffer-lists' ? value.lists : [];
      if (first !== undefined) return { kind: 'list', address: first.address };
    }
  }
  const connection =
    model.calls.at(event)?.connection ??
    (record !== undefined && 'connection' in record ? record.connection : undefined);
  return connection === undefined ? undefined : { kind: 'connection', connection };
}
