/** What window and command line reckon from a trace, put to work on a trace that may say anything. What it throws is a finding. */
import { causesOf, consequencesOf } from '../../../shared/analysis/causalChain';
import { TraceAnalysis } from '../../../shared/analysis/traceAnalysis';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { checkExpression } from '../../../shared/expression/check';
import { TraceRows } from '../../../shared/expression/traceRows';
import { traceVocabulary } from '../../../shared/expression/traceVocabulary';
import { TraceReader } from '../../../shared/trace/traceReader';

/** Between them they read all kinds of events, headers, arguments and state. */
const expressions = [
  'summary like "*e*" && !(status == SUCCESS)',
  'latency > 1us || duration > 0 || tcp.flags.psh',
  'SndWnd > 0 || owner == target || changed(SndUna)',
  'bytes > 1K || lists > 0 || blocks > 0 || address == 192.0.2.0/24',
];

/** Figures and expressions, as the window asks for them. */
export function askModel(model: TraceModel): void {
  const { calls, handlers, series } = model.figures;
  if (calls.length !== model.calls.calls.length) throw new Error('two numbers of calls');
  let sum = 0;
  for (const { index } of calls.handlers) {
    const sums = handlers.sums[index]!;
    sum += sums.calls;
    if (handlers.pending(index) < 0) throw new Error('fewer than no calls are pending');
    sums.duration.summary();
    sums.completion.summary();
  }
  if (sum !== calls.length) throw new Error('the handlers have not all calls');
  const { store } = model;
  if (store === undefined) return;
  series.newBytes.host.view(0, Math.max(1, store.lastTime), 200);
  const vocabulary = traceVocabulary(model);
  const rows = new TraceRows(model, store);
  for (const text of expressions) {
    const checked = checkExpression(text, vocabulary);
    if (!checked.ok) throw new Error(`${text}: ${checked.error[0]!.message}`);
    let before = -1;
    for (const event of rows.matching(checked.value)) {
      if (event <= before) throw new Error('events out of order match');
      before = event;
    }
  }
}

/** The whole analysis, as `stats` makes it. */
export function analyse(bytes: Uint8Array, pick: (below: number) => number): void {
  const analysis = new TraceAnalysis();
  const reader = new TraceReader(analysis.listeners);
  reader.push(bytes);
  reader.close();
  const { store } = reader;
  if (store === undefined || store.length === 0) return;
  for (let look = 0; look < 4; look++) {
    const event = pick(store.length);
    causesOf(analysis.causes, store, event, { beyondPeers: true });
    consequencesOf(analysis.causes, store, event, { most: 50 });
  }
}
