/** Why a state variable has its value: who wrote it, with what it was handed over, and what led to that, back to what came from outside. */
import { offloadStateVariables } from '../ddi/offloadState';
import { fail, succeed, type Result } from '../base/result';
import type { EventId, StateValue } from '../trace/records';
import type { VariableAt } from '../state/stateHistory';
import type { TraceModel } from './traceModel';
import { WhyBuilder, type WhyChain } from './whyEvent';
import { componentName, objectName, variableName, variableText } from './whyText';

/** Hand-overs through which a value is followed. */
const mostWrites = 10_000;

/**
 * The index of a variable by its name (`SndUna`), or by its qualified name (`TCP_OFFLOAD_STATE_DELEGATED.SndUna`) where the layer has several
 * of that name; capitals don't matter. The error is for people.
 */
export function findVariable(model: TraceModel, object: number, name: string): Result<number, string> {
  const declared = model.store?.stateObjects[object];
  if (declared === undefined) return fail(`There is no state object ${object} in the trace.`);
  const wanted = name.toLowerCase();
  const all = offloadStateVariables(declared.layer);
  const qualified = all.find((variable) => variable.qualifiedName.toLowerCase() === wanted);
  if (qualified !== undefined) return succeed(qualified.index);
  const found = all.filter((variable) => variable.name.toLowerCase() === wanted);
  if (found.length === 1) return succeed(found[0]!.index);
  return fail(
    found.length === 0
      ? `${declared.label} has no variable ${name}.`
      : `${name} may be ${found.map(({ qualifiedName }) => qualifiedName).join(' or ')}.`,
  );
}

function isSame(one: StateValue, other: StateValue): boolean {
  if (typeof one === 'number' || typeof other === 'number') return one === other;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Records between a write of a hand-over and the change of owner that goes with it. */
const mostBetween = 16;

/** How a value came to its writer unchanged. */
function handOverText(
  model: TraceModel,
  object: number,
  { writtenBy, writtenAt, writer }: VariableAt,
): string {
  const span = model.states
    .ownershipSpans(object)
    .find(({ event, from }) => from === writtenAt && Math.abs(event - writtenBy) <= mostBetween);
  if (span?.owner === 'offloading') return 'went to the target with an initiate, as it was.';
  if (span?.owner === 'host') return 'came back to the host stack with a terminate, as it was.';
  return `was written down once more by ${componentName(model, writer)}, as it was.`;
}

/** Why a variable of an object has the value that it has right after an event; undefined if nobody has written it by then. */
export function whyValue(
  model: TraceModel,
  object: number,
  variable: number,
  event: EventId,
): WhyChain | undefined {
  const builder = new WhyBuilder(model);
  const name = `${variableName(model, object, variable)} of ${objectName(model, object)}`;
  let write = model.states.writeAt(object, variable, event);
  if (write === undefined) return undefined;
  for (let step = 0; step < mostWrites; step++) {
    const before = model.states.writeAt(object, variable, write.writtenBy - 1);
    if (before === undefined || !isSame(before.value, write.value)) break;
    builder.add(write.writtenBy, 'hand-over', `${name} ${handOverText(model, object, write)}`);
    write = before;
  }
  const before = model.states.writeAt(object, variable, write.writtenBy - 1);
  const value = variableText(model, object, variable, write.value);
  const was = before === undefined ? '' : `, after ${variableText(model, object, variable, before.value)}`;
  builder.add(
    write.writtenBy,
    'value',
    `${componentName(model, write.writer)} set ${name} to ${value}${was}.`,
  );
  return builder.from(write.writtenBy, variable);
}
