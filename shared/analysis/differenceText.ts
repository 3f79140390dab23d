/** What differs between two traces, in sentences. */
import { emptyHandlerSums, mergeHandlerSums, type HandlerSums } from './handlerStatistics';
import type {
  ComparedLane,
  ComparedTrace,
  Difference,
  LaneDifference,
  TraceDifference,
} from './traceDifference';

/** Lanes that a report lists. */
const mostLanes = 30;

function milliseconds(time: number): string {
  return `${(time / 1e6).toFixed(6)} ms`;
}

function laneText({ kind, name, caller, callee, connection }: ComparedLane): string {
  const on = connection === undefined ? '' : ` on ${connection}`;
  switch (kind) {
    case 'calls':
      return `${name} from ${caller} to ${callee}${on}`;
    case 'frames':
      return `frames (${name}) of ${caller}${on}`;
    case 'records':
      return `${name} records of ${caller}${on}`;
  }
}

function matterText({ matter, left }: Difference): string {
  switch (matter.kind) {
    case 'missing':
      return left === undefined ? 'only in the right one' : 'only in the left one';
    case 'argument':
    case 'output':
    case 'frame':
    case 'record':
      return `${matter.name} is ${matter.left} on the left, ${matter.right} on the right`;
    case 'status':
      return `${matter.left} on the left, ${matter.right} on the right`;
    case 'completion':
      return `${matter.left} on the left, ${matter.right} on the right`;
    case 'start':
      return `at ${milliseconds(matter.left)} on the left, at ${milliseconds(matter.right)} on the right`;
    case 'duration':
      return `takes ${matter.left} ns on the left, ${matter.right} ns on the right`;
  }
}

/** A difference in one line: where, which, and what. */
export function differenceLine(difference: Difference): string {
  const { left, right, lane, ordinal } = difference;
  const place = (side: Difference['left']): string =>
    side === undefined ? 'none' : `#${side.event} at ${milliseconds(side.time)}`;
  return `${laneText(lane)}, number ${ordinal + 1} (left ${place(left)}, right ${place(right)}): ${matterText(difference)}`;
}

/** How one function differs in number and in time. */
export interface HandlerDifference {
  readonly functionName: string;
  readonly calls: readonly [left: number, right: number];
  /** Medians and 99th percentiles from entry to completion, ns. */
  readonly completionP50: readonly [left: number, right: number];
  readonly completionP99: readonly [left: number, right: number];
}

/** Functions whose calls differ in number, or whose completions differ in their percentiles; in order of appearance. */
export function handlerDifferences(left: ComparedTrace, right: ComparedTrace): HandlerDifference[] {
  const byName = new Map<string, [HandlerSums[], HandlerSums[]]>();
  [left, right].forEach(({ analysis }, side) => {
    for (const sums of analysis.handlers.sums) {
      let both = byName.get(sums.functionName);
      if (both === undefined) byName.set(sums.functionName, (both = [[], []]));
      both[side === 0 ? 0 : 1].push(sums);
    }
  });
  const found: HandlerDifference[] = [];
  for (const [functionName, both] of byName) {
    const [one, other] = both.map((parts) => {
      const whole = mergedSums(functionName, parts);
      return [whole.calls, whole.completion.percentile(50), whole.completion.percentile(99)] as const;
    }) as [readonly [number, number, number], readonly [number, number, number]];
    if (one.every((value, index) => value === other[index])) continue;
    found.push({
      functionName,
      calls: [one[0], other[0]],
      completionP50: [one[1], other[1]],
      completionP99: [one[2], other[2]],
    });
  }
  return found;
}

function mergedSums(functionName: string, parts: readonly HandlerSums[]): HandlerSums {
  const whole = emptyHandlerSums({ functionName, caller: 0, callee: 0 });
  for (const part of parts) mergeHandlerSums(whole, part);
  return whole;
}

function laneLine({ lane, leftCount, rightCount, differing, first }: LaneDifference): string {
  const counts =
    leftCount === rightCount
      ? `${leftCount} on both sides`
      : `${leftCount} on the left, ${rightCount} on the right`;
  return `  ${laneText(lane)}: ${counts}, ${differing} differ in more than time; first number ${first.ordinal + 1}: ${matterText(first)}`;
}

/** The report, each line ended; the first difference first. */
export function differenceText(difference: TraceDifference, handlers: readonly HandlerDifference[]): string {
  const lines: string[] = [];
  const { first, firstInSubstance, lanes, oneSided, header } = difference;
  if (first === undefined) lines.push('Every call, frame, note and change of state is the same.');
  else {
    lines.push(`First difference: ${differenceLine(first)}`);
    if (firstInSubstance === undefined) lines.push('Nothing differs but times.');
    else if (firstInSubstance !== first)
      lines.push(`First difference in more than time: ${differenceLine(firstInSubstance)}`);
  }
  for (const { what, name, side } of oneSided) lines.push(`The ${what} ${name} is only in the ${side} one.`);
  for (const { name, left, right } of header)
    lines.push(`Header: ${name} is ${left} on the left, ${right} on the right.`);
  if (lanes.length > 0) {
    lines.push(`What differs, by the time of the first difference (${lanes.length}):`);
    for (const lane of lanes.slice(0, mostLanes)) lines.push(laneLine(lane));
    if (lanes.length > mostLanes) lines.push(`  and ${lanes.length - mostLanes} more`);
  }
  if (handlers.length > 0) {
    lines.push('Functions that differ in number or latency:');
    for (const { functionName, calls, completionP50, completionP99 } of handlers) {
      const both = ([left, right]: readonly [number, number]): string => `${left} → ${right}`;
      const latency =
        completionP50.some((value) => value > 0) || completionP99.some((value) => value > 0)
          ? `, completion p50 ${both(completionP50)} ns, p99 ${both(completionP99)} ns`
          : '';
      lines.push(`  ${functionName}: ${both(calls)} calls${latency}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}
