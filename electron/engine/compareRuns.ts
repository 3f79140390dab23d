/** Compares the traces of two runs, and puts the records around the place where they part beside each other. */
import { z } from 'zod';
import { differenceLine } from '../../shared/analysis/differenceText';
import { TraceAnalysis } from '../../shared/analysis/traceAnalysis';
import { compareTraces, isSameRun, type Difference } from '../../shared/analysis/traceDifference';
import { TraceModel } from '../../shared/analysis/traceModel';
import { whyRunsPart } from '../../shared/analysis/whyRunsPart';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { ComparedRow, ComparedRun, RunComparison } from '../../shared/contract/runComparison';
import { eventLine } from '../../shared/expression/eventText';
import type { EventId, TraceHeader } from '../../shared/trace/records';
import type { TraceStore } from '../../shared/trace/traceStore';
import { filePieces } from '../files/filePieces';
import { fileProblem } from '../files/fileProblem';
import { readTraceHeader } from '../files/readTraceHeader';
import { sameFiles } from '../files/sameFiles';
import { zlibCodec } from '../files/zlibCodec';

/** Rows shown before the first difference, and behind it. */
const rowsBefore = 60;
const rowsBehind = 140;

/** Lanes that are listed. */
const mostLanes = 200;

/** Longest text of a setting or a row, in characters. */
const longestWords = 400;

const runFileSchema = z.object({ path: z.string(), name: z.string(), trace: z.string() });

/** What is to be compared. */
export const compareTaskSchema = z.object({
  left: runFileSchema,
  right: runFileSchema,
  /** See {@link RunComparison}. */
  wantsSame: z.boolean(),
});

/** See {@link compareTaskSchema}. */
export type CompareTask = z.infer<typeof compareTaskSchema>;

interface ReadRun {
  readonly model: TraceModel;
  readonly store: TraceStore;
  readonly analysis: TraceAnalysis;
}

function readRun(path: string): Result<ReadRun, string> {
  const analysis = new TraceAnalysis();
  const model = new TraceModel(zlibCodec, analysis.listeners);
  try {
    for (const piece of filePieces(path)) {
      const pushed = model.push(piece);
      if (!pushed.ok) return fail(`${path}: ${pushed.error.message}`);
    }
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
  const ending = model.close();
  if (!ending.ok) return fail(`${path}: ${ending.error.message}`);
  const { store } = model;
  return store === undefined ? fail(`${path} has no header.`) : succeed({ model, store, analysis });
}

function runOf({ trace, name }: CompareTask['left'], header: TraceHeader, events: number): ComparedRun {
  return { trace, name, title: header.title, seed: header.seed, events };
}

function cut(text: string): string {
  return text.length > longestWords ? `${text.slice(0, longestWords - 1)}…` : text;
}

/** The rows from an event on, in a direction; an event without a line has no row. */
function rowsFrom({ model, store }: ReadRun, from: EventId, step: 1 | -1, most: number): ComparedRow[] {
  const rows: ComparedRow[] = [];
  for (let event = from; event >= 0 && event < store.length && rows.length < most; event += step) {
    const line = eventLine(model, store, event);
    if (line === undefined) continue;
    rows.push({
      event,
      time: store.time(event),
      who: cut(line.who),
      what: cut(line.what),
      ...(line.status === undefined ? {} : { status: line.status }),
    });
  }
  return step < 0 ? rows.reverse() : rows;
}

/** Where a run is when the other one does what this one doesn't. */
function eventsAt(difference: Difference, left: ReadRun, right: ReadRun): readonly [EventId, EventId] {
  const { left: one, right: other } = difference;
  const time = Math.min(one?.time ?? Infinity, other?.time ?? Infinity);
  return [one?.event ?? left.store.firstAtOrAfter(time), other?.event ?? right.store.firstAtOrAfter(time)];
}

function rowsAround(difference: Difference, left: ReadRun, right: ReadRun): RunComparison['rows'] {
  const [leftEvent, rightEvent] = eventsAt(difference, left, right);
  const before = [
    rowsFrom(left, leftEvent - 1, -1, rowsBefore),
    rowsFrom(right, rightEvent - 1, -1, rowsBefore),
  ] as const;
  const behind = [
    rowsFrom(left, leftEvent, 1, rowsBehind),
    rowsFrom(right, rightEvent, 1, rowsBehind),
  ] as const;
  const isSame = (one: ComparedRow | undefined, other: ComparedRow | undefined): boolean =>
    one?.what === other?.what &&
    one?.who === other?.who &&
    one?.status === other?.status &&
    one?.time === other?.time;
  const pair = (one: ComparedRow | undefined, other: ComparedRow | undefined, isFirst: boolean) => ({
    ...(one === undefined ? {} : { left: one }),
    ...(other === undefined ? {} : { right: other }),
    differs: isFirst || !isSame(one, other),
    isFirst,
  });
  const length = Math.max(before[0].length, before[1].length);
  const pairsBefore = Array.from({ length }, (_, index) =>
    // They end together, right before the first difference.
    pair(before[0][index - length + before[0].length], before[1][index - length + before[1].length], false),
  );
  const pairsBehind = Array.from({ length: Math.max(behind[0].length, behind[1].length) }, (_, index) =>
    pair(behind[0][index], behind[1][index], index === 0),
  );
  return [...pairsBefore, ...pairsBehind];
}

/** See the file's head. The error is for people. */
export function compareRuns({ left, right, wantsSame }: CompareTask): Result<RunComparison, string> {
  let isSameBytes: boolean;
  try {
    isSameBytes = sameFiles(left.path, right.path);
  } catch (error) {
    return fail(fileProblem(error, 'read', left.path));
  }
  if (isSameBytes) {
    const header = readTraceHeader(left.path);
    if (!header.ok) return header;
    return succeed({
      left: runOf(left, header.value, 0),
      right: runOf(right, header.value, 0),
      same: 'bytes',
      wantsSame,
      settings: [],
      rows: [],
      lanes: [],
      laneCount: 0,
    });
  }
  const one = readRun(left.path);
  if (!one.ok) return one;
  const other = readRun(right.path);
  if (!other.ok) return other;
  const difference = compareTraces(one.value, other.value);
  const first = difference.firstInSubstance ?? difference.first;
  return succeed({
    left: runOf(left, one.value.store.header, one.value.store.length),
    right: runOf(right, other.value.store.header, other.value.store.length),
    same: isSameRun(difference) ? 'runs' : 'no',
    wantsSame,
    ...(wantsSame ? { why: whyRunsPart(one.value.model, other.value.store.header.application) } : {}),
    ...(first === undefined ? {} : { parting: cut(differenceLine(first)) }),
    settings: difference.header.map(({ name, left: was, right: is }) => ({
      name,
      left: cut(was),
      right: cut(is),
    })),
    rows: first === undefined ? [] : rowsAround(first, one.value, other.value),
    lanes: difference.lanes.slice(0, mostLanes).map(({ first: there, firstInSubstance }) => {
      const shown = firstInSubstance ?? there;
      return {
        words: cut(differenceLine(shown)),
        ...(shown.left === undefined ? {} : { left: shown.left.event }),
        ...(shown.right === undefined ? {} : { right: shown.right.event }),
      };
    }),
    laneCount: difference.lanes.length,
  });
}
