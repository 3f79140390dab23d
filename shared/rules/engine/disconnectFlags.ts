/** What the Flags of a disconnect ask for. */
import { constantValue } from '../../ddi/catalogue';
import type { Call } from './call';

const abortive = constantValue('TCP_DISCONNECT_ABORTIVE_CLOSE');

/** Whether a disconnect entitles the target to abort: also one that asks for a graceful close as well, which is the host stack's fault (DSC-003). */
export function asksForAbort(disconnect: Call): boolean {
  return ((disconnect.number('Flags') ?? 0) & abortive) !== 0;
}
