/** The names that a trace adds to what is known anyway: its components, and the arguments of its calls. */
import type { TraceModel } from '../analysis/traceModel';
import type { CallArgument } from '../trace/records';
import { emptyVocabulary, type ExpressionVocabulary } from './valueNames';

/** How many calls of each function are looked at: all calls of a function have the same arguments, but for the rarest. */
const callsOfEach = 3;

/** Names out of a trace as far as it has been read. */
export function traceVocabulary(model: TraceModel): ExpressionVocabulary {
  const { store } = model;
  if (store === undefined) return emptyVocabulary;
  const names = new Set<string>();
  const add = (list: readonly CallArgument[]): void => {
    for (const { name } of list) names.add(name);
  };
  const seen = new Map<string, number>();
  for (const call of model.calls.calls) {
    const count = seen.get(call.functionName) ?? 0;
    if (count >= callsOfEach) continue;
    seen.set(call.functionName, count + 1);
    const record = store.record(call.event);
    if (record.kind === 'call') add(record.arguments);
    const returned = call.returnEvent === undefined ? undefined : store.record(call.returnEvent);
    if (returned?.kind === 'return') add(returned.outputs);
  }
  return { components: [...new Set(store.components.map(({ name }) => name))], arguments: [...names].sort() };
}
