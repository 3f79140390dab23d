/** Stands around a probe and learns of each record right behind it: the place where a run can be stopped in the midst of an event. */
import { keptFrameLength } from '../../../shared/trace/frameHeader';
import type { EventId, TraceRecord, VirtualTime } from '../../../shared/trace/records';
import type { Probe } from '../probe';
import { FrameCopies } from './frameCopies';
import { passOn } from './passOn';

/** Who stands there. */
export interface RecordTap {
  /** Whether `recorded` wants the record itself; it is made for that only. */
  readonly wantsRecords: boolean;
  /** A record is about to be made. */
  begins(): void;
  /** It has been made. The run goes on when this returns. */
  recorded(event: EventId, time: VirtualTime, record: TraceRecord | undefined): void;
}

/**
 * A probe in front of `inner`, which must give out ids as a trace does: one for each record, from 0.
 * @param snapLength bytes that the trace keeps of each frame, so that nobody sees more live than in the file
 */
export function tappedProbe(inner: Probe, tap: RecordTap, snapLength: number): Probe {
  const copies = new FrameCopies();
  let next = 0;
  const after = (time: VirtualTime, record: TraceRecord | undefined): void => {
    tap.recorded(next++, time, record);
  };
  return passOn(inner, {
    component: (role, name) => {
      tap.begins();
      const id = inner.component(role, name);
      after(0, tap.wantsRecords ? { kind: 'component', id, role, name } : undefined);
      return id;
    },
    connection: (time, local, remote) => {
      tap.begins();
      const id = inner.connection(time, local, remote);
      after(time, tap.wantsRecords ? { kind: 'connection', id, local, remote } : undefined);
      return id;
    },
    stateObject: (time, layer, parent, connection, label) => {
      tap.begins();
      const id = inner.stateObject(time, layer, parent, connection, label);
      after(
        time,
        tap.wantsRecords ? { kind: 'state-object', id, layer, parent, connection, label } : undefined,
      );
      return id;
    },
    stateNumbers: (time, object, writer, cause, count, variables, values) => {
      tap.begins();
      inner.stateNumbers(time, object, writer, cause, count, variables, values);
      after(
        time,
        tap.wantsRecords
          ? {
              kind: 'state-change',
              object,
              writer,
              cause,
              changes: Array.from({ length: count }, (_, index) => ({
                variable: variables[index]!,
                value: values[index]!,
              })),
            }
          : undefined,
      );
    },
    stateValues: (time, object, writer, cause, changes) => {
      tap.begins();
      inner.stateValues(time, object, writer, cause, changes);
      after(time, tap.wantsRecords ? { kind: 'state-change', object, writer, cause, changes } : undefined);
    },
    ownership: (time, object, owner, cause) => {
      tap.begins();
      inner.ownership(time, object, owner, cause);
      after(time, tap.wantsRecords ? { kind: 'ownership', object, owner, cause } : undefined);
    },
    relink: (time, object, parent, cause) => {
      tap.begins();
      inner.relink(time, object, parent, cause);
      after(time, tap.wantsRecords ? { kind: 'relink', object, parent, cause } : undefined);
    },
    call: (time, call) => {
      tap.begins();
      const event = inner.call(time, call);
      after(time, tap.wantsRecords ? { kind: 'call', ...call } : undefined);
      return event;
    },
    return: (time, result) => {
      tap.begins();
      inner.return(time, result);
      after(time, tap.wantsRecords ? { kind: 'return', ...result } : undefined);
    },
    frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes) => {
      tap.begins();
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
      after(
        time,
        tap.wantsRecords
          ? {
              kind: 'frame',
              sender,
              path,
              connection,
              cause,
              length,
              payloadLength,
              retransmission,
              bytes: copies.of(bytes, keptFrameLength(bytes, length, snapLength)),
            }
          : undefined,
      );
      return event;
    },
    frameFate: (time, frame, fate, receiver, flippedBits) => {
      tap.begins();
      inner.frameFate(time, frame, fate, receiver, flippedBits);
      const bits = flippedBits === undefined ? {} : { flippedBits };
      after(time, tap.wantsRecords ? { kind: 'frame-fate', frame, fate, receiver, ...bits } : undefined);
    },
    ...(inner.counter === undefined
      ? {}
      : {
          counter: (time: number, component: number, name: string, value: number) => {
            tap.begins();
            inner.counter?.(time, component, name, value);
            after(time, tap.wantsRecords ? { kind: 'counter', component, name, value } : undefined);
          },
        }),
    ...(inner.finding === undefined
      ? {}
      : {
          finding: (time: number, rule: string, events: readonly EventId[], text: string) => {
            tap.begins();
            inner.finding?.(time, rule, events, text);
            const record = {
              kind: 'finding',
              rule,
              severity: 'error',
              object: undefined,
              events,
              text,
            } as const;
            after(time, tap.wantsRecords ? record : undefined);
          },
        }),
    ...(inner.annotation === undefined
      ? {}
      : {
          annotation: (time: number, from: EventId, to: EventId, author: string, text: string) => {
            tap.begins();
            inner.annotation?.(time, from, to, author, text);
            after(time, tap.wantsRecords ? { kind: 'annotation', from, to, author, text } : undefined);
          },
        }),
    note: (time, component, connection, cause, text) => {
      tap.begins();
      inner.note(time, component, connection, cause, text);
      after(time, tap.wantsRecords ? { kind: 'note', component, connection, cause, text } : undefined);
    },
  });
}
