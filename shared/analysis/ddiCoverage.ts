/** Which parts of the chimney DDI a trace has used. */
import type { TraceRecord } from '../trace/records';
import type { TraceListener } from '../trace/traceReader';
import type { CoverageItem } from './ddiItems';
import { DdiUse } from './ddiUse';

/** Listens to a trace that is read. */
export class DdiCoverage implements TraceListener {
  private readonly use = new DdiUse();

  onRecord(record: TraceRecord): void {
    if (record.kind === 'call') this.use.call(record.functionName, record.arguments);
    else if (record.kind === 'return') this.use.return(record.status, record.outputs);
  }

  /** Whether a thing of the catalogue occurs in the trace. */
  uses(item: CoverageItem): boolean {
    return this.use.uses(item);
  }
}
