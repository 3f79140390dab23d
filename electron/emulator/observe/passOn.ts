import type { Probe } from '../probe';

/** A probe that passes everything on to another one, save for the methods of `watched`, which do so themselves. */
export function passOn(inner: Probe, watched: Partial<Probe>): Probe {
  return {
    component: (role, name) => inner.component(role, name),
    connection: (time, local, remote) => inner.connection(time, local, remote),
    stateObject: (time, layer, parent, connection, label) =>
      inner.stateObject(time, layer, parent, connection, label),
    stateNumbers: (time, object, writer, cause, count, variables, values) => {
      inner.stateNumbers(time, object, writer, cause, count, variables, values);
    },
    stateValues: (time, object, writer, cause, changes) => {
      inner.stateValues(time, object, writer, cause, changes);
    },
    ownership: (time, object, owner, cause) => {
      inner.ownership(time, object, owner, cause);
    },
    relink: (time, object, parent, cause) => {
      inner.relink(time, object, parent, cause);
    },
    call: (time, call) => inner.call(time, call),
    return: (time, result) => {
      inner.return(time, result);
    },
    frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes) =>
      inner.frame(time, sender, path, connection, cause, length, payloadLength, retransmission, bytes),
    frameFate: (time, frame, fate, receiver, flippedBits) => {
      inner.frameFate(time, frame, fate, receiver, flippedBits);
    },
    ...(inner.packetInterface === undefined
      ? {}
      : { packetInterface: (name: string) => inner.packetInterface?.(name) === true }),
    ...(inner.packet === undefined
      ? {}
      : {
          packet: (...packet: Parameters<NonNullable<Probe['packet']>>) => {
            inner.packet?.(...packet);
          },
        }),
    ...(inner.counter === undefined
      ? {}
      : {
          counter: (time: number, component: number, name: string, value: number) => {
            inner.counter?.(time, component, name, value);
          },
        }),
    ...(inner.finding === undefined
      ? {}
      : {
          finding: (...found: Parameters<NonNullable<Probe['finding']>>) => {
            inner.finding?.(...found);
          },
        }),
    ...(inner.annotation === undefined
      ? {}
      : {
          annotation: (...said: Parameters<NonNullable<Probe['annotation']>>) => {
            inner.annotation?.(...said);
          },
        }),
    note: (time, component, connection, cause, text) => {
      inner.note(time, component, connection, cause, text);
    },
    ...watched,
  };
}
