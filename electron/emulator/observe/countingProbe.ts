/** Counts what passes to another probe, for the report of a run. */
import type { EventId, FrameFate } from '../../../shared/trace/records';
import type { Probe } from '../probe';

/** Totals of a run. */
export interface ProbeTotals {
  calls: number;
  optionalHandlersCalls: number;
  framesSent: number;
  framesLost: number;
  framesRetransmitted: number;
}

/** Wraps a probe so that everything is counted; ids are the wrapped probe's. */
export function countingProbe(inner: Probe): { readonly probe: Probe; readonly totals: ProbeTotals } {
  const totals: ProbeTotals = {
    calls: 0,
    optionalHandlersCalls: 0,
    framesSent: 0,
    framesLost: 0,
    framesRetransmitted: 0,
  };
  const probe: Probe = {
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
    call: (time, call): EventId => {
      totals.calls++;
      if (call.functionName === 'NdisSetOptionalHandlers') totals.optionalHandlersCalls++;
      return inner.call(time, call);
    },
    return: (time, result) => {
      inner.return(time, result);
    },
    frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes): EventId => {
      totals.framesSent++;
      if (retransmission) totals.framesRetransmitted++;
      return inner.frame(time, sender, path, connection, cause, length, payloadLength, retransmission, bytes);
    },
    frameFate: (time, frame, fate: FrameFate, receiver) => {
      if (fate !== 'delivered') totals.framesLost++;
      inner.frameFate(time, frame, fate, receiver);
    },
    note: (time, component, connection, cause, text) => {
      inner.note(time, component, connection, cause, text);
    },
  };
  return { probe, totals };
}
