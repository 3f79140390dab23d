/** What NDIS does wrong, for mutants of NDIS itself: its calls are changed on their way to whoever watches. */
import type { FunctionName } from '../../../shared/ddi/catalogue';
import type { NdisStatus } from '../../../shared/ddi/status';
import type { CallRecord, EventId } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import type { Probe } from '../probe';

/** A function returns another status than it should. */
export function returning(functionName: FunctionName, status: NdisStatus): (inner: Probe) => Probe {
  return (inner) => {
    const calls = new Set<EventId>();
    return passOn(inner, {
      call: (time, call) => {
        const event = inner.call(time, call);
        if (call.functionName === functionName) calls.add(event);
        return event;
      },
      return: (time, result) => {
        inner.return(time, calls.delete(result.call) ? { ...result, status } : result);
      },
    });
  };
}

/** Calls of a function are something else than they should be. */
export function calling(
  functionName: FunctionName,
  change: (call: Omit<CallRecord, 'kind'>) => Omit<CallRecord, 'kind'>,
): (inner: Probe) => Probe {
  return (inner) =>
    passOn(inner, {
      call: (time, call) => inner.call(time, call.functionName === functionName ? change(call) : call),
    });
}
