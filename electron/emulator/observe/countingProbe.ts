/** Counts what passes to another probe, for the report of a run. */
import { fateDelivers } from '../../../shared/trace/frameFates';
import type { Probe } from '../probe';
import { passOn } from './passOn';

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
  // What a switch passes on has been counted where it was sent.
  const switchPorts = new Set<number>();
  const probe = passOn(inner, {
    component: (role, name) => {
      const id = inner.component(role, name);
      if (role === 'wire') switchPorts.add(id);
      return id;
    },
    call: (time, call) => {
      totals.calls++;
      if (call.functionName === 'NdisSetOptionalHandlers') totals.optionalHandlersCalls++;
      return inner.call(time, call);
    },
    frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes) => {
      if (!switchPorts.has(sender)) {
        totals.framesSent++;
        if (retransmission) totals.framesRetransmitted++;
      }
      return inner.frame(time, sender, path, connection, cause, length, payloadLength, retransmission, bytes);
    },
    frameFate: (time, frame, fate, receiver, flippedBits) => {
      if (!fateDelivers(fate)) totals.framesLost++;
      inner.frameFate(time, frame, fate, receiver, flippedBits);
    },
  });
  return { probe, totals };
}
