/** An event as text or JSON for the clipboard: structures decoded, bytes in hexadecimal. Pure. */
import { decodeFrame } from '../../../shared/analysis/frameDecoder';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { describeStructure } from '../../../shared/ddi/structureCodec';
import { statusName } from '../../../shared/ddi/status';
import type { StructureName } from '../../../shared/ddi/catalogue';
import type { CallArgument, EventId } from '../../../shared/trace/records';
import { describeEvent } from '../../format/describe';

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function membersOf(name: StructureName, bytes: Uint8Array): Record<string, string> {
  const members: Record<string, string> = {};
  for (const row of describeStructure(name, bytes)) if (row.kind === 'field') members[row.path] = row.text;
  return members;
}

function argumentAsData(argument: CallArgument): unknown {
  switch (argument.kind) {
    case 'status':
      return statusName(argument.value);
    case 'number':
    case 'text':
      return argument.value;
    case 'pointer':
      return { address: argument.value, label: argument.label };
    case 'structure':
      return {
        structure: argument.structure,
        members: membersOf(argument.structure, argument.bytes),
        bytes: hexOf(argument.bytes),
      };
    case 'block-list':
      return argument.blocks.map((block) => ({
        address: block.address,
        depth: block.depth,
        role: block.role,
        object: block.object,
        states: block.states.map((state) => ({
          structure: state.structure,
          members: membersOf(state.structure, state.bytes),
        })),
        bytes: hexOf(block.bytes),
      }));
    case 'net-buffer-lists':
      return argument.lists.map((list) => ({ ...list, status: statusName(list.status) }));
  }
}

function argumentsAsData(list: readonly CallArgument[]): Record<string, unknown> {
  return Object.fromEntries(list.map((argument) => [argument.name, argumentAsData(argument)]));
}

/** Everything about an event as JSON. */
export function eventAsJson(model: TraceModel, event: EventId): string {
  const { store } = model;
  if (store === undefined) return '{}';
  const record = store.record(event);
  const head = { event, time: store.time(event) };
  const call = model.calls.at(event);
  if (record.kind === 'call' && call !== undefined) {
    const answer = call.returnEvent === undefined ? undefined : store.record(call.returnEvent);
    return JSON.stringify(
      {
        ...head,
        ...record,
        caller: store.components[record.caller]?.name,
        callee: store.components[record.callee]?.name,
        end: call.end,
        status: call.status === undefined ? undefined : statusName(call.status),
        completedBy: call.completedBy,
        arguments: argumentsAsData(record.arguments),
        outputs: answer?.kind === 'return' ? argumentsAsData(answer.outputs) : undefined,
      },
      null,
      2,
    );
  }
  const replacer = (_key: string, value: unknown): unknown =>
    value instanceof Uint8Array ? hexOf(value) : value;
  return JSON.stringify({ ...head, ...record }, replacer, 2);
}

/** The event in words, one fact a line, with its decoded arguments or headers. */
export function eventAsText(model: TraceModel, event: EventId): string {
  const description = describeEvent(model, event);
  if (description === undefined) return '';
  const lines = [description.title, ...description.facts.map((fact) => `  ${fact}`)];
  const record = model.store?.record(event);
  if (record?.kind === 'call') {
    for (const argument of record.arguments) {
      if (argument.kind === 'structure') {
        lines.push(`  ${argument.name}: ${argument.structure}`);
        for (const [path, text] of Object.entries(membersOf(argument.structure, argument.bytes))) {
          lines.push(`    ${path} = ${text}`);
        }
      } else lines.push(`  ${argument.name}: ${JSON.stringify(argumentAsData(argument))}`);
    }
  } else if (record?.kind === 'frame') {
    for (const layer of decodeFrame(record.bytes, record.length).layers)
      lines.push(`  ${layer.protocol}: ${layer.summary}`);
  }
  return lines.join('\n');
}
