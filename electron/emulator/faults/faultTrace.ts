/** The trace of a run with faults: knows the ids of what is recorded, so that what a fault brings about can name it as its cause. */
import type { EventId } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import type { Probe } from '../probe';

/** See the file's head. */
export class FaultTrace {
  /** In front of the run's own: passes everything on. */
  readonly probe: Probe;
  private next: EventId = 0;
  private readonly components = new Map<string, number>();

  /** @param inner gives out ids as a trace does: one for each record, from 0. */
  constructor(private readonly inner: Probe) {
    this.probe = passOn(inner, {
      component: (role, name) => {
        const id = inner.component(role, name);
        this.next++;
        this.components.set(name, id);
        return id;
      },
      connection: (time, local, remote) => {
        this.next++;
        return inner.connection(time, local, remote);
      },
      stateObject: (time, layer, parent, connection, label) => {
        this.next++;
        return inner.stateObject(time, layer, parent, connection, label);
      },
      stateNumbers: (time, object, writer, cause, count, variables, values) => {
        this.next++;
        inner.stateNumbers(time, object, writer, cause, count, variables, values);
      },
      stateValues: (time, object, writer, cause, changes) => {
        this.next++;
        inner.stateValues(time, object, writer, cause, changes);
      },
      ownership: (time, object, owner, cause) => {
        this.next++;
        inner.ownership(time, object, owner, cause);
      },
      relink: (time, object, parent, cause) => {
        this.next++;
        inner.relink(time, object, parent, cause);
      },
      call: (time, call) => {
        this.next++;
        return inner.call(time, call);
      },
      return: (time, result) => {
        this.next++;
        inner.return(time, result);
      },
      frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes) => {
        this.next++;
        return inner.frame(
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
      },
      frameFate: (time, frame, fate, receiver, flippedBits) => {
        this.next++;
        inner.frameFate(time, frame, fate, receiver, flippedBits);
      },
      ...(inner.counter === undefined
        ? {}
        : {
            counter: (time: number, component: number, name: string, value: number) => {
              this.next++;
              inner.counter?.(time, component, name, value);
            },
          }),
      note: (time, component, connection, cause, text) => {
        this.next++;
        inner.note(time, component, connection, cause, text);
      },
    });
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
    return this.next++;
  }
}
