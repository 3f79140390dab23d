/** What an opened trace shows first: the call that a newcomer should look at. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { View } from '../stores/view';

const telling = ['MiniportInitiateOffload', 'NdisInitiateOffload', 'NdisSetOptionalHandlers'];

/** Selects the offload of a connection, or the registration, or nothing if there is neither. */
export function selectSomethingTelling(model: TraceModel, view: View): void {
  for (const name of telling) {
    const call = model.calls.calls.find((candidate) => candidate.functionName === name);
    if (call === undefined) continue;
    view.select(call.event, { reveal: false });
    return;
  }
}
