/**
 * A trace in the JSON of Chrome's tracing ("Trace Event Format", JSON object form), which about:tracing, Perfetto and Speedscope read. Times
 * are microseconds with three decimals, which is exact. Lanes are threads here, as flows end at slices of threads only.
 */
import type { TableSource } from './tableTypes';
import { timelineOf, type TimelineItem } from './timeline';

/** One entry of `traceEvents`. */
interface ChromeEvent {
  readonly ph: 'M' | 'B' | 'E' | 'i' | 'C' | 's' | 'f';
  readonly pid: number;
  readonly tid: number;
  readonly name?: string;
  readonly cat?: string;
  readonly ts?: number;
  readonly id?: number;
  readonly bp?: 'e';
  readonly s?: 't';
  readonly args?: Readonly<Record<string, number | string | boolean>>;
}

/** Where a track is. */
interface Place {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
}

/** Events that are gathered before they are given out. */
const eventsInPiece = 1024;

const microseconds = (time: number): number => time / 1000;

function* chromeEvents(source: TableSource): Generator<ChromeEvent> {
  const places = new Map<number, Place>();
  for (const item of timelineOf(source)) {
    if (!('time' in item)) {
      const pid = item.kind === 'process' ? item.track : item.process;
      const tid = item.kind === 'process' || item.kind === 'counter' ? 0 : item.track;
      places.set(item.track, {
        pid,
        tid,
        name: item.kind === 'counter' ? `${item.name} (${item.unit})` : item.name,
      });
      if (item.kind === 'process')
        yield { ph: 'M', pid, tid, name: 'process_name', args: { name: item.name } };
      else if (item.kind !== 'counter')
        yield { ph: 'M', pid, tid, name: 'thread_name', args: { name: item.name } };
      continue;
    }
    yield* chromeEventsOf(item, places.get(item.track)!);
  }
}

function* chromeEventsOf(
  item: Extract<TimelineItem, { readonly time: number }>,
  { pid, tid, name }: Place,
): Generator<ChromeEvent> {
  const ts = microseconds(item.time);
  switch (item.kind) {
    case 'begin':
      yield { ph: 'B', pid, tid, ts, name: item.name, cat: item.category, args: item.values };
      for (const id of item.arriving) yield { ph: 'f', pid, tid, ts, id, name: 'flow', cat: 'flow', bp: 'e' };
      for (const id of item.leaving) yield { ph: 's', pid, tid, ts, id, name: 'flow', cat: 'flow' };
      return;
    case 'end':
      yield { ph: 'E', pid, tid, ts };
      return;
    case 'instant':
      yield { ph: 'i', pid, tid, ts, name: item.name, cat: item.category, s: 't', args: item.values };
      return;
    case 'sample':
      yield { ph: 'C', pid, tid, ts, name, args: { value: item.value } };
      return;
  }
}

/** The file in pieces of text. */
export function* chromeJson(source: TableSource): Generator<string> {
  const { header } = source.store;
  const other = { application: header.application, scenario: header.scenario, seed: header.seed };
  yield `{"displayTimeUnit":"ns","otherData":${JSON.stringify(other)},"traceEvents":[`;
  let piece: string[] = [];
  let isFirst = true;
  for (const event of chromeEvents(source)) {
    piece.push(JSON.stringify(event));
    if (piece.length < eventsInPiece) continue;
    yield (isFirst ? '\n' : ',\n') + piece.join(',\n');
    isFirst = false;
    piece = [];
  }
  if (piece.length > 0) yield (isFirst ? '\n' : ',\n') + piece.join(',\n');
  yield '\n]}\n';
}
