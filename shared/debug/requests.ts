/** When the work of a call comes to its end. */
import type { Call } from '../analysis/callIndex';
import { functionEntry, isFunctionName } from '../ddi/catalogue';
import { NDIS_STATUS } from '../ddi/status';

const asynchronousFunctions = new Map<string, boolean>();

/** Whether the work of a function ends with a completion, as the DDI has it. */
export function isAsynchronousFunction(name: string): boolean {
  let answer = asynchronousFunctions.get(name);
  if (answer === undefined) {
    answer = isFunctionName(name) && functionEntry(name).asynchronous === true;
    asynchronousFunctions.set(name, answer);
  }
  return answer;
}

/** Whether a return ends the work of a call: it does not where the call goes on until it is completed. */
export function returnEndsWork(isAsynchronous: boolean, status: number | undefined): boolean {
  return !isAsynchronous || (status !== undefined && status >>> 0 !== NDIS_STATUS.PENDING);
}

/** Whether nothing more is expected of a call: it has returned, and was completed where its return left it pending. */
export function workHasEnded({ functionName, returnEvent, status, completedBy }: Call): boolean {
  if (returnEvent === undefined) return false;
  return completedBy !== undefined || returnEndsWork(isAsynchronousFunction(functionName), status);
}

/** Whether a call is a request that still waits for its completion: the time for which it does is its age. */
export function isPending({ functionName, returnEvent, status, completedBy }: Call): boolean {
  if (completedBy !== undefined || !isAsynchronousFunction(functionName)) return false;
  return returnEvent === undefined || !returnEndsWork(true, status);
}
