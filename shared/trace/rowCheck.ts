/** What a record may refer to: checked once, while a chunk is read, so that analysis need not. */
import { MalformedBytes } from './byteReader';
import type { EventId, TraceRecord } from './records';
import type { TraceStore } from './traceStore';

/** Records that may have taken the ids of lost ones: the loss record, and the state behind it. */
const kindsBehindLosses: ReadonlySet<string> = new Set<TraceRecord['kind']>([
  'loss',
  'relink',
  'ownership',
  'state-change',
]);

/** How many of each rows have declared so far: the ids below are known. */
export interface Declared {
  component: number;
  connection: number;
  'state-object': number;
}

/**
 * Refuses references to what was never declared, and to events of the wrong kind. The chunk of `record` is the store's last one.
 * @throws MalformedBytes
 */
export function checkReferences(record: TraceRecord, store: TraceStore, declared: Declared): void {
  const component = (id: number): void => {
    if (id >= declared.component) throw new MalformedBytes(`unknown component ${id}`);
  };
  const connection = (id: number | undefined): void => {
    if (id !== undefined && id >= declared.connection) throw new MalformedBytes(`unknown connection ${id}`);
  };
  const stateObject = (id: number | undefined): void => {
    if (id !== undefined && id >= declared['state-object'])
      throw new MalformedBytes(`unknown state object ${id}`);
  };
  const kindOf = (event: EventId | undefined, kind: TraceRecord['kind']): void => {
    if (event === undefined) return;
    const found = store.kind(event);
    if (found === kind || found === 'unknown') return;
    if (kindsBehindLosses.has(found) && store.isLost(event)) return;
    throw new MalformedBytes(`event ${event} is no ${kind}`);
  };
  switch (record.kind) {
    case 'state-object':
      stateObject(record.parent);
      connection(record.connection);
      return;
    case 'state-change':
      stateObject(record.object);
      component(record.writer);
      return;
    case 'ownership':
      stateObject(record.object);
      return;
    case 'relink':
      stateObject(record.object);
      stateObject(record.parent);
      return;
    case 'call':
      component(record.caller);
      component(record.callee);
      connection(record.connection);
      kindOf(record.parent, 'call');
      for (const request of record.completes) kindOf(request, 'call');
      return;
    case 'return':
      kindOf(record.call, 'call');
      return;
    case 'frame':
      component(record.sender);
      connection(record.connection);
      return;
    case 'frame-fate':
      kindOf(record.frame, 'frame');
      component(record.receiver);
      return;
    case 'note':
      component(record.component);
      connection(record.connection);
      return;
    case 'counter':
      component(record.component);
      return;
    case 'finding':
      stateObject(record.object);
      return;
    default:
      return;
  }
}
