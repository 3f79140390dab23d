/** Where steps land, read off the records one by one: slow, and with nothing in common with the indexes that it checks. */
import { functionEntry, isFunctionName } from '../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../shared/ddi/status';
import type { Step } from '../../shared/debug/step';
import type { CallRecord, ComponentRole, EventId, ReturnRecord } from '../../shared/trace/records';
import type { TraceStore } from '../../shared/trace/traceStore';

type AnyRecord = ReturnType<TraceStore['record']>;

const happening = ['call', 'return', 'frame', 'frame-fate', 'state-change', 'ownership', 'relink', 'note'];
const drivers: readonly (ComponentRole | undefined)[] = [
  'host-stack',
  'intermediate-driver',
  'offload-target',
];

/** Something happens, but it is about nothing. */
const strayReturn: AnyRecord = {
  kind: 'note',
  component: -1,
  connection: undefined,
  cause: undefined,
  text: '',
};

/** All records of a trace by id; the first return of each call is its return, others are none. */
export class StepReading {
  private readonly records: (AnyRecord | undefined)[] = [];
  private readonly returns = new Map<EventId, EventId>();

  constructor(private readonly store: TraceStore) {
    for (let event = store.nextPresent(0); event < store.length; event = store.nextPresent(event + 1)) {
      const record = store.record(event);
      if (
        record.kind === 'return' &&
        (this.returns.has(record.call) || this.call(record.call) === undefined)
      ) {
        this.records[event] = strayReturn;
        continue;
      }
      this.records[event] = record;
      if (record.kind === 'return') this.returns.set(record.call, event);
    }
  }

  /** Ids of records that are there. */
  get events(): EventId[] {
    return Object.keys(this.records).map(Number);
  }

  record(event: EventId): AnyRecord | undefined {
    return this.records[event];
  }

  /** The call that a record enters or leaves, or inside which it was made. */
  callAt(cursor: EventId): EventId | undefined {
    const record = this.records[cursor];
    if (record?.kind === 'call') return cursor;
    if (record?.kind === 'return') return record.call;
    if (record === undefined || !('cause' in record) || record.cause === undefined) return undefined;
    if (this.call(record.cause) === undefined || record.cause > cursor) return undefined;
    const returned = this.returns.get(record.cause);
    return returned === undefined || returned > cursor ? record.cause : undefined;
  }

  target(cursor: EventId, step: Step): EventId | undefined {
    if (step.kind === 'cursor') return this.scan(step.event - 1, true, () => true);
    const forward = step.direction === 'forward';
    const scan = (holds: (record: AnyRecord, event: EventId) => boolean): EventId | undefined =>
      this.scan(cursor, forward, holds);
    const record = this.records[cursor];
    const at = this.callAt(cursor);
    const call = at === undefined ? undefined : this.call(at);
    switch (step.kind) {
      case 'event':
        return scan(({ kind }) => happening.includes(kind));
      case 'call':
        return scan((found) => this.isHandler(found));
      case 'connection': {
        const connection = this.connectionAt(cursor);
        if (connection === undefined) return undefined;
        return scan((found) => this.isHandler(found) && found.connection === connection);
      }
      case 'driver': {
        const driver = this.driverAt(cursor);
        if (driver === undefined) return undefined;
        return scan((found) => this.isHandler(found) && found.callee === driver);
      }
      case 'over':
        if (forward && record?.kind === 'call') return this.returns.get(cursor);
        if (!forward && record?.kind === 'return') return record.call;
        return this.target(cursor, { kind: 'into', direction: step.direction });
      case 'into':
        if (call === undefined) return scan(({ kind }) => happening.includes(kind));
        return scan((found) => {
          if (found.kind === 'call') return found.processor === call.processor;
          return found.kind === 'return' && this.call(found.call)!.processor === call.processor;
        });
      case 'out': {
        if (at === undefined || call === undefined) return undefined;
        const inside = record?.kind !== 'call' && record?.kind !== 'return';
        const around =
          call.parent !== undefined && this.call(call.parent) !== undefined ? call.parent : undefined;
        const nearEnd = record?.kind === (forward ? 'call' : 'return') ? at : undefined;
        const left = inside ? at : (around ?? nearEnd);
        return left === undefined ? undefined : forward ? this.returns.get(left) : left;
      }
      case 'completion':
        if (!forward) return this.target(cursor, { kind: 'request', direction: 'backward' });
        if (at === undefined || call === undefined) return undefined;
        return scan((found) => {
          if (found.kind === 'call') return found.completes.includes(at);
          return found.kind === 'return' && found.call === at && endsWork(call, found);
        });
      case 'request':
        return call?.completes.find((request) => this.call(request) !== undefined);
    }
  }

  private scan(
    cursor: EventId,
    forward: boolean,
    holds: (record: AnyRecord, event: EventId) => boolean,
  ): EventId | undefined {
    const next = forward ? 1 : -1;
    for (let event = cursor + next; event >= 0 && event < this.store.length; event += next) {
      const record = this.records[event];
      if (record !== undefined && holds(record, event)) return event;
    }
    return undefined;
  }

  private call(event: EventId): CallRecord | undefined {
    const record = this.records[event];
    return record?.kind === 'call' ? record : undefined;
  }

  private isHandler(record: AnyRecord): record is CallRecord {
    return record.kind === 'call' && this.isDriver(record.callee);
  }

  private isDriver(component: number): boolean {
    return drivers.includes(this.store.components[component]?.role);
  }

  private connectionAt(cursor: EventId): number | undefined {
    const record = this.records[cursor];
    if (record === undefined) return undefined;
    if (record.kind === 'return') return this.call(record.call)?.connection;
    if (record.kind === 'frame-fate') return this.connectionAt(record.frame);
    if ('object' in record && record.kind !== 'finding')
      return this.store.stateObjects[record.object]?.connection;
    return happening.includes(record.kind) && 'connection' in record ? record.connection : undefined;
  }

  private driverAt(cursor: EventId): number | undefined {
    const record = this.records[cursor];
    const candidates = ((): number[] => {
      switch (record?.kind) {
        case 'call':
          return [record.callee, record.caller];
        case 'return': {
          const call = this.call(record.call)!;
          return [call.callee, call.caller];
        }
        case 'frame':
          return [record.sender];
        case 'frame-fate':
          return [record.receiver];
        case 'state-change':
          return [record.writer];
        case 'note':
          return [record.component];
        default:
          return [];
      }
    })();
    return candidates.find((component) => this.isDriver(component));
  }
}

function endsWork({ functionName }: CallRecord, { status }: ReturnRecord): boolean {
  const isAsynchronous = isFunctionName(functionName) && functionEntry(functionName).asynchronous === true;
  return !isAsynchronous || (status !== undefined && status !== NDIS_STATUS.PENDING);
}
