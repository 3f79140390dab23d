/** Everything that watches a run at the probe: totals, who sends on the wire, the order of requests, and their completions. */
import { countingProbe, type ProbeTotals } from '../observe/countingProbe';
import type { Probe } from '../probe';
import { CompletionLedger } from './completionLedger';
import { RequestOrder } from './requestOrder';
import { WireOwnership } from './wireOwnership';

/** See the file's head. */
export class RunWatch {
  readonly totals: ProbeTotals;
  /** What the machine tells; passes everything on. */
  readonly probe: Probe;
  private readonly ledger: CompletionLedger;
  private readonly wire: WireOwnership;
  private readonly order: RequestOrder;

  constructor(probe: Probe) {
    const counting = countingProbe(probe);
    this.totals = counting.totals;
    this.wire = new WireOwnership(counting.probe);
    this.order = new RequestOrder(this.wire.probe);
    this.ledger = new CompletionLedger(this.order.probe);
    this.probe = this.ledger.probe;
  }

  /** What was wrong, in sentences; to be asked for at the end of the run. */
  findings(): string[] {
    return [...this.ledger.findings(), ...this.wire.findings, ...this.order.findings];
  }
}
