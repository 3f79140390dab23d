/** What a record may refer to: checked once, while a chunk is read, so that analysis need not. */
import { MalformedBytes } from './byteReader';
import type { EventId, TraceRecord } from './records';
import type { TraceStore } from './traceStore';

/**
 * Refuses references to what was never declared, and to events of the wrong kind. The chunk of `record` is the store's last one.
 * @throws MalformedBytes
 */
export function checkReferences(record: TraceRecord, store: TraceStore): void {
  const { components, connections, stateObjects } = store.definitions;
  const component = (id: number): void => {
    if (components[id] === undefined) throw new MalformedBytes(`unknown component ${id}`);
  };
  const connection = (id: number | undefined): void => {
    if (id !== undefined && connections[id] === undefined)
      throw new MalformedBytes(`unknown connection ${id}`);
  };
  const stateObject = (id: number | undefined): void => {
    if (id !== undefined && stateObjects[id] === undefined)
      throw new MalformedBytes(`unknown state object ${id}`);
  };
  const kindOf = (event: EventId | undefined, kind: TraceRecord['kind']): void => {
    if (event === undefined) return;
    const found = store.kind(event);
    if (found !== kind && found !== 'unknown') throw new MalformedBytes(`event ${event} is no ${kind}`);
  };
  switch (record.kind) {
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
