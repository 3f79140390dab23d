import { TraceAnalysis } from '../../shared/analysis/traceAnalysis';
import { TraceReader } from '../../shared/trace/traceReader';
import type { TraceStore } from '../../shared/trace/traceStore';

/** A trace that has been read with every analysis listening. */
export interface AnalysedTrace {
  readonly analysis: TraceAnalysis;
  readonly store: TraceStore;
}

/** Reads a whole trace whose bytes are known to be good. */
export function analyseTrace(bytes: Uint8Array): AnalysedTrace {
  const analysis = new TraceAnalysis();
  const reader = new TraceReader(analysis.listeners);
  const pushed = reader.push(bytes);
  if (!pushed.ok) throw new Error(pushed.error.message);
  return { analysis, store: reader.store! };
}
