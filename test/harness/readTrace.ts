/** Reads a whole trace for tests that look at it. */
import { TraceModel } from '../../shared/analysis/traceModel';

/** The model of a trace whose bytes are known to be good. */
export function readTrace(bytes: Uint8Array): TraceModel {
  const model = new TraceModel();
  const pushed = model.push(bytes);
  if (!pushed.ok) throw new Error(pushed.error.message);
  return model;
}
