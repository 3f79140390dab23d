/** `chimneysweep state`: the tree of offload state objects at an instant, who wrote each value last, and what differs between two instants. */
import { Option, type Command } from 'commander';
import { formatStateVariable, offloadStateVariables } from '../../shared/ddi/offloadState';
import { MalformedBytes } from '../../shared/trace/byteReader';
import type { EventId, StateLayer, StateValue } from '../../shared/trace/records';
import {
  StateReader,
  type StateAt,
  type StateDifference,
  type StateObjectAt,
} from '../../shared/trace/stateReader';
import type { TraceFile } from '../../shared/trace/traceFile';
import { zlibCodec } from '../files/zlibCodec';
import { complain } from './complain';
import { parseTime } from './hostCommands';
import { openTraceFile } from './openTraceFile';

interface StateOptions {
  /** ns. */
  readonly at?: number;
  readonly since?: number;
  readonly event?: number;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addStateCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('state')
    .description('Show neighbors, paths and TCP connections with every variable, at any instant of a trace.')
    .argument('<trace>', 'a .sweep file')
    .option('--at <time>', 'at this virtual time, such as 12.5ms (the end)', parseTime)
    .addOption(new Option('--event <id>', 'right after this event').argParser(Number).conflicts('at'))
    .option('--since <time>', 'what differs from this virtual time instead', parseTime)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 the state could be read, 1 the file has a flaw behind the instant or before it, 2 it could not.',
    )
    .action(async (trace: string, options: StateOptions) => {
      exitWith(await state(trace, options));
    });
}

async function state(path: string, options: StateOptions): Promise<number> {
  const opened = await openTraceFile(path);
  if (!opened.ok) return complain(opened.error);
  const { file, flaw } = opened.value;
  try {
    if (file.length === 0) return complain(`${path}: there are no events in it.`);
    const instant = options.event ?? (await lastBy(file, options.at ?? file.lastTime));
    if (!(instant < file.length && instant >= -1 && Number.isInteger(instant)))
      return complain(`${path} has the events 0 to ${file.length - 1}.`);
    const reader = new StateReader(file, zlibCodec);
    if (options.since === undefined) await printState(file, reader, instant, options.json === true);
    else
      await printDifference(file, reader, await lastBy(file, options.since), instant, options.json === true);
  } catch (error) {
    if (error instanceof MalformedBytes) return complain(`${path} is damaged: ${error.message}.`);
    throw error;
  } finally {
    opened.value.close();
  }
  if (flaw === undefined) return 0;
  process.stderr.write(`chimneysweep: ${flaw}\n`);
  return 1;
}

/** The last event at a time or before it; -1 where there is none. */
async function lastBy(file: TraceFile, time: number): Promise<EventId> {
  return (await file.firstAtOrAfter(time + 1)) - 1;
}

function layerOf(file: TraceFile, object: number): StateLayer {
  return file.definitions.stateObjects[object]!.layer;
}

function valueText(layer: StateLayer, variable: number, value: StateValue): string {
  const known = offloadStateVariables(layer)[variable];
  return known === undefined ? String(value) : formatStateVariable(known, value);
}

function nameOf(layer: StateLayer, variable: number): string {
  return offloadStateVariables(layer)[variable]?.name ?? `variable ${variable}`;
}

/** A value as JSON has it: bytes as hexadecimal digits. */
function plain(value: StateValue | undefined): string | number | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

async function printState(
  file: TraceFile,
  reader: StateReader,
  event: EventId,
  json: boolean,
): Promise<void> {
  const now: StateAt | undefined = event < 0 ? undefined : await reader.at(event);
  const objects = now?.objects() ?? [];
  if (json) {
    const list = objects.map(({ object, parent, owner, ownedSince, variables }) => ({
      object,
      layer: layerOf(file, object),
      label: file.definitions.stateObjects[object]!.label,
      parent,
      owner,
      ownedSince,
      variables: Object.fromEntries(
        variables.map(({ variable, value, writtenBy }) => [
          offloadStateVariables(layerOf(file, object))[variable]?.qualifiedName ?? String(variable),
          { value: plain(value), writtenBy },
        ]),
      ),
    }));
    process.stdout.write(`${JSON.stringify({ event, objects: list }, null, 2)}\n`);
    return;
  }
  if (objects.length === 0) {
    process.stdout.write(
      'There are no state objects at this instant: none has been made yet, or all are gone.\n',
    );
    return;
  }
  const children = new Map<number | undefined, StateObjectAt[]>();
  const present = new Set(objects.map(({ object }) => object));
  for (const object of objects) {
    const parent = object.parent !== undefined && present.has(object.parent) ? object.parent : undefined;
    children.set(parent, [...(children.get(parent) ?? []), object]);
  }
  const lines: string[] = [];
  const shown = new Set<number>();
  const show = ({ object, owner, ownedSince, variables }: StateObjectAt, depth: number): void => {
    if (shown.has(object)) return;
    shown.add(object);
    const indent = '  '.repeat(depth);
    const since = ownedSince === undefined ? '' : `, since event ${ownedSince}`;
    lines.push(`${indent}${file.definitions.stateObjects[object]!.label}  (${owner}${since})`);
    const layer = layerOf(file, object);
    for (const { variable, value, writtenBy } of variables)
      lines.push(
        `${indent}    ${nameOf(layer, variable).padEnd(28)} ${valueText(layer, variable, value).padEnd(24)} written by ${writtenBy}`,
      );
    for (const child of children.get(object) ?? []) show(child, depth + 1);
  };
  for (const root of children.get(undefined) ?? []) show(root, 0);
  for (const object of objects) show(object, 0);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function printDifference(
  file: TraceFile,
  reader: StateReader,
  earlier: EventId,
  later: EventId,
  json: boolean,
): Promise<void> {
  const [from, to] = [Math.max(0, Math.min(earlier, later)), Math.max(0, earlier, later)];
  const differences = await reader.difference(from, to);
  if (json) {
    const list = differences.map((difference) => ({
      ...difference,
      name: variableName(file, difference),
      before: plain(difference.before as StateValue | undefined),
      after: plain(difference.after as StateValue | undefined),
    }));
    process.stdout.write(`${JSON.stringify({ from, to, differences: list }, null, 2)}\n`);
    return;
  }
  if (differences.length === 0)
    process.stdout.write(`Nothing differs between the events ${from} and ${to}.\n`);
  let last = -1;
  for (const difference of differences) {
    const { object, before, after } = difference;
    if (object !== last) process.stdout.write(`${file.definitions.stateObjects[object]!.label}\n`);
    last = object;
    const text = (value: StateDifference['before']): string =>
      value === undefined
        ? '(nothing)'
        : typeof difference.variable === 'number'
          ? valueText(layerOf(file, object), difference.variable, value as StateValue)
          : String(value);
    process.stdout.write(
      `    ${variableName(file, difference).padEnd(28)} ${text(before)} → ${text(after)}\n`,
    );
  }
}

function variableName(file: TraceFile, { object, variable }: StateDifference): string {
  return typeof variable === 'number' ? nameOf(layerOf(file, object), variable) : variable;
}
