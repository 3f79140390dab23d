/** Lets the rules see a run while it is recorded: the same records, with the same ids, that they would find in the trace. */
import type { RuleChecker } from '../../../shared/rules/engine/checker';
import { keptFrameLength } from '../../../shared/trace/frameHeader';
import type { TraceRecord } from '../../../shared/trace/records';
import type { Probe } from '../probe';
import { passOn } from './passOn';

/**
 * A probe in front of `inner`, which must give out ids as a trace does: one for each record, from 0.
 * @param snapLength bytes that the trace keeps of each frame, so that rules see no more live than in the file
 */
export function checkingProbe(inner: Probe, checker: RuleChecker, snapLength: number): Probe {
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
      const changes = Array.from({ length: count }, (_, index) => ({
        variable: variables[index]!,
        value: values[index]!,
      }));
      check({ kind: 'state-change', object, writer, cause, changes }, time);
    },
    stateValues: (time, object, writer, cause, changes) => {
      inner.stateValues(time, object, writer, cause, changes);
      check({ kind: 'state-change', object, writer, cause, changes }, time);
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
      check({ kind: 'call', ...call }, time);
      return event;
    },
    return: (time, result) => {
      inner.return(time, result);
      check({ kind: 'return', ...result }, time);
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
      const kept = bytes.slice(0, keptFrameLength(bytes, length, snapLength));
      check(
        {
          kind: 'frame',
          sender,
          path,
          connection,
          cause,
          length,
          payloadLength,
          retransmission,
          bytes: kept,
        },
        time,
      );
      return event;
    },
    frameFate: (time, frame, fate, receiver, flippedBits) => {
      inner.frameFate(time, frame, fate, receiver, flippedBits);
      check(
        { kind: 'frame-fate', frame, fate, receiver, ...(flippedBits === undefined ? {} : { flippedBits }) },
        time,
      );
    },
    ...(inner.counter === undefined
      ? {}
      : {
          counter: (time: number, component: number, name: string, value: number) => {
            inner.counter?.(time, component, name, value);
            check({ kind: 'counter', component, name, value }, time);
          },
        }),
    note: (time, component, connection, cause, text) => {
      inner.note(time, component, connection, cause, text);
      check({ kind: 'note', component, connection, cause, text }, time);
    },
  });
}
