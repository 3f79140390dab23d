/** State variables by name, as recorded changes number them. */
import { offloadStateVariables } from '../../ddi/offloadState';
import type { StateLayer } from '../../trace/records';

/**
 * Index of a variable in `offloadStateVariables(layer)`, by its qualified name: `TCP_OFFLOAD_STATE_DELEGATED.SndUna`.
 * @throws RangeError if there is none
 */
export function stateVariable(layer: StateLayer, qualifiedName: string): number {
  const index = offloadStateVariables(layer).findIndex((one) => one.qualifiedName === qualifiedName);
  if (index < 0) throw new RangeError(`no state variable ${qualifiedName}`);
  return index;
}
