/** What an event is, in words: tooltip, live region and details say the same. Pure. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId, FrameFate } from '../../shared/trace/records';
import { statusName } from '../../shared/ddi/status';
import { ownerTitles, pathTitles } from '../timeline/lanes';
import { formatDuration, formatInstant } from './time';

/** IRQLs by number, as the WDK names them. */
export const irqlNames = ['PASSIVE_LEVEL', 'APC_LEVEL', 'DISPATCH_LEVEL'] as const;

/** The words for what became of a frame. */
export const fateTitles: Readonly<Record<FrameFate, string>> = {
  delivered: 'delivered',
  lost: 'lost',
  'queue-overflow': 'dropped by a full queue',
  reordered: 'delivered late, behind frames sent after it',
  corrupted: 'delivered with flipped bits',
  'fcs-error': 'corrupted, and discarded by the receiving adapter',
  duplicated: 'delivered again',
};

/** How often a frame arrived once more. */
export function duplicatesText(duplicates: number): string {
  return duplicates === 1 ? 'delivered twice' : `delivered ${duplicates + 1} times`;
}

/** Heading and facts about an event. */
export interface Description {
  readonly title: string;
  readonly facts: readonly string[];
}

/** Name of a component; a number if the trace does not say. */
export function componentName(model: TraceModel, component: number): string {
  return model.store?.components[component]?.name ?? `component ${component}`;
}

/** Both ends of a connection. */
export function connectionName(model: TraceModel, connection: number): string {
  const record = model.store?.connections[connection];
  return record === undefined ? `connection ${connection}` : `${record.local} → ${record.remote}`;
}

/** What there is to say about an event; undefined for events that do not exist. */
export function describeEvent(model: TraceModel, event: EventId): Description | undefined {
  const { store } = model;
  if (store === undefined || event < 0 || event >= store.length) return undefined;
  const at = `at ${formatInstant(store.time(event))}`;
  const call = model.calls.at(event);
  if (call !== undefined) {
    const facts = [
      `${componentName(model, call.caller)} → ${componentName(model, call.callee)}`,
      call.end === undefined ? `${at}, not returned` : `${at}, took ${formatDuration(call.end - call.start)}`,
    ];
    if (call.status !== undefined) facts.push(`returned ${statusName(call.status)}`);
    const completion = call.completedBy === undefined ? undefined : model.calls.at(call.completedBy);
    if (completion !== undefined) {
      facts.push(
        `completed after ${formatDuration(completion.start - call.start)} by ${completion.functionName}`,
      );
    }
    const [first, ...more] = call.completes;
    const request = first === undefined ? undefined : model.calls.at(first);
    if (request !== undefined) {
      const others = more.length === 0 ? '' : ` and ${more.length} more`;
      facts.push(
        `completes ${request.functionName} after ${formatDuration(call.start - request.start)}${others}`,
      );
    }
    return { title: call.functionName, facts };
  }
  const frame = model.frames.at(event);
  if (frame !== undefined) {
    const payload =
      frame.payloadLength === 0 ? 'no TCP payload' : `${frame.payloadLength} bytes of TCP payload`;
    const facts = [`${componentName(model, frame.sender)} (${pathTitles[frame.path]}), ${payload}`, at];
    if (frame.fate !== undefined && frame.fateTime !== undefined) {
      facts.push(`${fateTitles[frame.fate]} after ${formatDuration(frame.fateTime - frame.sent)}`);
    }
    if (frame.duplicates > 0) facts.push(duplicatesText(frame.duplicates));
    const kind = frame.retransmission ? 'Retransmission' : 'Frame';
    return { title: `${kind} of ${frame.length} bytes`, facts };
  }
  const record = store.record(event);
  switch (record.kind) {
    case 'note':
      return { title: record.text, facts: [`milestone of ${componentName(model, record.component)}`, at] };
    case 'ownership': {
      const object = store.stateObjects[record.object];
      return {
        title: `${object?.label ?? 'State object'}: ${ownerTitles[record.owner]}`,
        facts: [`ownership changes`, at],
      };
    }
    case 'state-change': {
      const object = store.stateObjects[record.object];
      const count = record.changes.length;
      return {
        title: `${object?.label ?? 'State object'}: ${count} variable${count === 1 ? '' : 's'} written`,
        facts: [`by ${componentName(model, record.writer)}`, at],
      };
    }
    case 'return': {
      const returned = model.calls.at(record.call);
      const facts =
        returned === undefined
          ? []
          : [`${componentName(model, returned.callee)} returns to ${componentName(model, returned.caller)}`];
      if (record.status !== undefined) facts.push(statusName(record.status));
      return { title: `Return of ${returned?.functionName ?? `call ${record.call}`}`, facts: [...facts, at] };
    }
    case 'frame-fate':
      return {
        title: `Frame ${fateTitles[record.fate]}`,
        facts: [`at ${componentName(model, record.receiver)}`, `event ${record.frame} sent it`, at],
      };
    case 'relink': {
      const object = store.stateObjects[record.object];
      const parent = record.parent === undefined ? undefined : store.stateObjects[record.parent];
      const on = parent === undefined ? 'nothing' : parent.label;
      return { title: `${object?.label ?? 'State object'} depends on ${on}`, facts: ['relinked', at] };
    }
    default:
      return { title: `Event ${event} (${record.kind})`, facts: [at] };
  }
}

/** The description as one sentence for the live region. */
export function speakEvent(model: TraceModel, event: EventId): string {
  const description = describeEvent(model, event);
  return description === undefined ? '' : `${description.title}: ${description.facts.join(', ')}.`;
}
