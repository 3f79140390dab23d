/** Lets the rules see a run while it is recorded: the same records, with the same ids, that they would find in the trace. */
import type { RuleChecker } from '../../../shared/rules/engine/checker';
import { keptFrameLength } from '../../../shared/trace/frameHeader';
import type { EventId, TraceRecord } from '../../../shared/trace/records';
import type { Probe } from '../probe';
import { FrameCopies } from './frameCopies';
import { passOn } from './passOn';

/**
 * A probe in front of `inner`, which must give out ids as a trace does: one for each record, from 0.
 * @param snapLength bytes that the trace keeps of each frame, so that rules see no more live than in the file
 */
export function checkingProbe(inner: Probe, checker: RuleChecker, snapLength: number): Probe {
  const copies = new FrameCopies();
  let next = 0;
  const check = (record: TraceRecord, time: number): void => {
    checker.onRecord(record, next++, time);
  };
  return passOn(inner, {
    component: (role, name) => {
      const id = inner.component(role, name);
      check({ kind: 'component', id, role, name }, 0);
      return id;
    },
    connection: (time, local, remote) => {
      const id = inner.connection(time, local, remote);
      check({ kind: 'connection', id, local, remote }, time);
      return id;
    },
    stateObject: (time, layer, parent, connection, label) => {
      const id = inner.stateObject(time, layer, parent, connection, label);
      check({ kind: 'state-object', id, layer, parent, connection, label }, time);
      return id;
    },
    stateNumbers: (time, object, writer, cause, count, variables, values) => {
      inner.stateNumbers(time, object, writer, cause, count, variables, values);
      const changes: { variable: number; value: number }[] = [];
      for (let index = 0; index < count; index++)
        changes.push({ variable: variables[index]!, value: values[index]! });
      checker.stateChange({ object, writer, cause, changes }, next++, time);
    },
    stateValues: (time, object, writer, cause, changes) => {
      inner.stateValues(time, object, writer, cause, changes);
      checker.stateChange({ object, writer, cause, changes }, next++, time);
    },
    ownership: (time, object, owner, cause) => {
      inner.ownership(time, object, owner, cause);
      check({ kind: 'ownership', object, owner, cause }, time);
    },
    relink: (time, object, parent, cause) => {
      inner.relink(time, object, parent, cause);
      check({ kind: 'relink', object, parent, cause }, time);
    },
    call: (time, call) => {
      const event = inner.call(time, call);
      checker.call(call, next++, time);
      return event;
    },
    return: (time, result) => {
      inner.return(time, result);
      checker.return(result, next++, time);
    },
    frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes) => {
      const event = inner.frame(
        time,
        sender,
        path,
        connection,
        cause,
        length,
        payloadLength,
        retransmission,
        bytes,
      );
      const kept = copies.of(bytes, keptFrameLength(bytes, length, snapLength));
      checker.frame(
        { sender, path, connection, cause, length, payloadLength, retransmission, bytes: kept },
        next++,
        time,
      );
      return event;
    },
    frameFate: (time, frame, fate, receiver, flippedBits) => {
      inner.frameFate(time, frame, fate, receiver, flippedBits);
      const record = { kind: 'frame-fate', frame, fate, receiver } as const;
      checker.fate(flippedBits === undefined ? record : { ...record, flippedBits }, next++, time);
    },
    ...(inner.counter === undefined
      ? {}
      : {
          counter: (time: number, component: number, name: string, value: number) => {
            inner.counter?.(time, component, name, value);
            check({ kind: 'counter', component, name, value }, time);
          },
        }),
    ...(inner.finding === undefined
      ? {}
      : {
          finding: (time: number, rule: string, events: readonly EventId[], text: string) => {
            inner.finding?.(time, rule, events, text);
            check({ kind: 'finding', rule, severity: 'error', object: undefined, events, text }, time);
          },
        }),
    ...(inner.annotation === undefined
      ? {}
      : {
          annotation: (time: number, from: EventId, to: EventId, author: string, text: string) => {
            inner.annotation?.(time, from, to, author, text);
            check({ kind: 'annotation', from, to, author, text }, time);
          },
        }),
    note: (time, component, connection, cause, text) => {
      inner.note(time, component, connection, cause, text);
      check({ kind: 'note', component, connection, cause, text }, time);
    },
  });
}
