/** Lets the rules see a run while it is recorded: the same records, with the same ids, that they would find in the trace. */
import type { RuleChecker } from '../../../shared/rules/engine/checker';
import { keptFrameLength } from '../../../shared/trace/frameHeader';
import type { TraceRecord } from '../../../shared/trace/records';
import type { Probe } from '../probe';
import { passOn } from './passOn';

/** Bytes that are allocated at once for copies of frames. */
const slabLength = 65_536;

/** Copies of the frames, many to an allocation: one of its own for each costs more than the copy. Old ones go when no frame of theirs is known. */
class FrameCopies {
  private slab = new Uint8Array(slabLength);
  private used = 0;

  of(bytes: Uint8Array, length: number): Uint8Array {
    if (length > slabLength / 8) return bytes.slice(0, length);
    if (this.used + length > slabLength) {
      this.slab = new Uint8Array(slabLength);
      this.used = 0;
    }
    const { slab, used: from } = this;
    for (let at = 0; at < length; at++) slab[from + at] = bytes[at]!;
    this.used = from + length;
    return slab.subarray(from, from + length);
  }
}

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
    note: (time, component, connection, cause, text) => {
      inner.note(time, component, connection, cause, text);
      check({ kind: 'note', component, connection, cause, text }, time);
    },
  });
}
