/** What becomes of the connections that a host stack offers to its adapter: the live counterpart of what a trace tells (chimneystats). */
import type { ChimneyStatistics, Counts } from '../../../shared/analysis/chimneyStatistics';

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** See the file's head. */
export class ChimneyCounters {
  private offloaded = 0;
  private peak = 0;
  private total = 0;
  private readonly refused: Record<string, number> = {};
  private readonly uploadsAskedFor: Record<string, number> = {};

  /** The target has taken a connection. */
  onTaken(): void {
    this.offloaded++;
    this.total++;
    this.peak = Math.max(this.peak, this.offloaded);
  }

  /** The target has handed a connection back. */
  onReturned(): void {
    this.offloaded--;
  }

  /** The target has refused a connection with this status. */
  onRefused(status: string): void {
    count(this.refused, status);
  }

  /** The target asks for the upload of a connection for this TCP_UPLOAD_REASON. */
  onUploadAskedFor(reason: string): void {
    count(this.uploadsAskedFor, reason);
  }

  /** The counters now; they stay as they are when the stack goes on. */
  snapshot(): Pick<ChimneyStatistics, 'offloaded' | 'peak' | 'total'> & {
    readonly refused: Counts;
    readonly uploadsAskedFor: Counts;
  } {
    const { offloaded, peak, total, refused, uploadsAskedFor } = this;
    return { offloaded, peak, total, refused: { ...refused }, uploadsAskedFor: { ...uploadsAskedFor } };
  }
}
