/**
 * The trace of a run with faults: knows the ids of what is recorded, so that what a fault brings about can name it as its cause, and shows
 * the records to whoever waits for one that an expression matches.
 */
import type { EventId, TraceRecord } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import type { Probe } from '../probe';

/** Sees each record right after it has been recorded; in the middle of an event, so it may only take note. */
export type FaultWatch = (record: TraceRecord, event: EventId, time: number) => void;

/** See the file's head. */
export class FaultTrace {
  /** In front of the run's own: passes everything on. */
  readonly probe: Probe;
  /** Undefined where no fault waits for an event. */
  watch: FaultWatch | undefined;
  private next: EventId = 0;
  private readonly components = new Map<string, number>();

  /** @param inner gives out ids as a trace does: one for each record, from 0. */
  constructor(private readonly inner: Probe) {
    this.probe = passOn(inner, {
      component: (role, name) => {
        const id = inner.component(role, name);
        this.components.set(name, id);
        this.recorded(0, () => ({ kind: 'component', id, role, name }));
        return id;
      },
      connection: (time, local, remote) => {
        const id = inner.connection(time, local, remote);
        this.recorded(time, () => ({ kind: 'connection', id, local, remote }));
        return id;
      },
      stateObject: (time, layer, parent, connection, label) => {
        const id = inner.stateObject(time, layer, parent, connection, label);
        this.recorded(time, () => ({ kind: 'state-object', id, layer, parent, connection, label }));
        return id;
      },
      stateNumbers: (time, object, writer, cause, count, variables, values) => {
        inner.stateNumbers(time, object, writer, cause, count, variables, values);
        this.recorded(time, () => {
          const changes = Array.from({ length: count }, (_, index) => ({
            variable: variables[index]!,
            value: values[index]!,
          }));
          return { kind: 'state-change', object, writer, cause, changes };
        });
      },
      stateValues: (time, object, writer, cause, changes) => {
        inner.stateValues(time, object, writer, cause, changes);
        this.recorded(time, () => ({ kind: 'state-change', object, writer, cause, changes }));
      },
      ownership: (time, object, owner, cause) => {
        inner.ownership(time, object, owner, cause);
        this.recorded(time, () => ({ kind: 'ownership', object, owner, cause }));
      },
      relink: (time, object, parent, cause) => {
        inner.relink(time, object, parent, cause);
        this.recorded(time, () => ({ kind: 'relink', object, parent, cause }));
      },
      call: (time, call) => {
        const event = inner.call(time, call);
        this.recorded(time, () => ({ kind: 'call', ...call }));
        return event;
      },
      return: (time, result) => {
        inner.return(time, result);
        this.recorded(time, () => ({ kind: 'return', ...result }));
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
        this.recorded(time, () => ({
          kind: 'frame',
          sender,
          path,
          connection,
          cause,
          length,
          payloadLength,
          retransmission,
          bytes: bytes.slice(0, length),
        }));
        return event;
      },
      frameFate: (time, frame, fate, receiver, flippedBits) => {
        inner.frameFate(time, frame, fate, receiver, flippedBits);
        const record = { kind: 'frame-fate', frame, fate, receiver } as const;
        this.recorded(time, () => (flippedBits === undefined ? record : { ...record, flippedBits }));
      },
      ...(inner.counter === undefined
        ? {}
        : {
            counter: (time: number, component: number, name: string, value: number) => {
              inner.counter?.(time, component, name, value);
              this.recorded(time, () => ({ kind: 'counter', component, name, value }));
            },
          }),
      note: (time, component, connection, cause, text) => {
        inner.note(time, component, connection, cause, text);
        this.recorded(time, () => ({ kind: 'note', component, connection, cause, text }));
      },
    });
  }

  private recorded(time: number, make: () => TraceRecord): EventId {
    const event = this.next++;
    this.watch?.(make(), event, time);
    return event;
  }

  /** The component with this name.
   * @throws Error if there is none yet */
  componentOf(name: string): number {
    const component = this.components.get(name);
    if (component === undefined) throw new Error(`there is no component ${name}`);
    return component;
  }

  /** Records a note and answers its id. */
  note(
    time: number,
    component: number,
    connection: number | undefined,
    cause: EventId | undefined,
    text: string,
  ): EventId {
    this.inner.note(time, component, connection, cause, text);
    return this.recorded(time, () => ({ kind: 'note', component, connection, cause, text }));
  }
}
