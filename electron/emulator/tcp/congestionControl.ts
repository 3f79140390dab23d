/** Congestion control: RFC 5681 with the NewReno recovery of RFC 6582 and limited transmit of RFC 3042. */
import { advance, distance, isBefore } from './sequenceNumber';
import type { TcpVariables } from './tcpVariables';

/** No window of ours grows beyond this; it keeps products exact. */
const largestWindow = 0x3fff_ffff;

/** What {@link CongestionControl.onAcknowledged} answers: made once, for there is one for every acknowledgment. */
const answers = {
  firstPartial: { partial: true, restartTimer: true },
  partial: { partial: true, restartTimer: false },
  whole: { partial: false, restartTimer: true },
} as const;

/** What congestion control remembers besides CWnd and SsThresh; it doesn't cross a hand-over. */
export class CongestionControl {
  /** Whether a fast recovery is under way. */
  inRecovery = false;
  /** SndMax when loss was last noticed: recovery ends when it is acknowledged. */
  private recover: number;
  private partialAcknowledgments = 0;

  constructor(
    private readonly variables: TcpVariables,
    private readonly mss: () => number,
  ) {
    this.recover = advance(variables.SndUna, -1);
  }

  /** Sets the initial window (RFC 3390; one segment if a SYN was lost, RFC 5681 section 3.1) and an unreachable threshold. */
  start(synLost = false): void {
    const mss = this.mss();
    this.variables.CWnd = synLost ? mss : Math.min(4 * mss, Math.max(2 * mss, 4380));
    this.variables.SsThresh = largestWindow;
    this.recover = advance(this.variables.SndUna, -1);
  }

  /** Window that may be in flight: CWnd, and two more segments after the first two duplicates (RFC 3042). */
  get allowance(): number {
    const { CWnd, DupAckCount } = this.variables;
    return this.inRecovery || DupAckCount === 0 ? CWnd : CWnd + Math.min(2, DupAckCount) * this.mss();
  }

  /**
   * SndUna is about to move to `acknowledgment`. Answers `partial` when the segment there must be sent again, and whether the
   * retransmission timer is to be restarted (RFC 6582 section 3.2 step 3: on the first partial acknowledgment only).
   */
  onAcknowledged(acknowledgment: number): { readonly partial: boolean; readonly restartTimer: boolean } {
    const { variables } = this;
    const mss = this.mss();
    const acknowledged = distance(variables.SndUna, acknowledgment);
    if (this.inRecovery) {
      if (isBefore(acknowledgment, this.recover)) {
        const restartTimer = this.partialAcknowledgments++ === 0;
        variables.CWnd = Math.max(mss, variables.CWnd - acknowledged + (acknowledged >= mss ? mss : 0));
        return restartTimer ? answers.firstPartial : answers.partial;
      }
      this.inRecovery = false;
      const flight = distance(acknowledgment, variables.SndMax);
      variables.CWnd = Math.min(variables.SsThresh, Math.max(flight, mss) + mss);
      return answers.whole;
    }
    // Follows at a distance of one byte: left behind by half the sequence space, it would look as if it lay ahead.
    if (isBefore(this.recover, acknowledgment)) this.recover = advance(acknowledgment, -1);
    const growth =
      variables.CWnd < variables.SsThresh
        ? Math.min(acknowledged, mss)
        : Math.max(1, Math.floor((mss * mss) / variables.CWnd));
    variables.CWnd = Math.min(largestWindow, variables.CWnd + growth);
    return answers.whole;
  }

  /** A duplicate acknowledgment has been counted in DupAckCount. Answers whether to send the segment at SndUna again. */
  onDuplicate(threshold: number): boolean {
    const { variables } = this;
    const mss = this.mss();
    if (this.inRecovery) {
      variables.CWnd = Math.min(largestWindow, variables.CWnd + mss);
      return false;
    }
    if (variables.DupAckCount < threshold || !isBefore(this.recover, variables.SndUna)) return false;
    // What limited transmit has sent beyond CWnd doesn't count (RFC 5681 section 3.2 step 2).
    const flight = Math.min(distance(variables.SndUna, variables.SndMax), variables.CWnd);
    variables.SsThresh = Math.max(Math.floor(flight / 2), 2 * mss);
    variables.CWnd = variables.SsThresh + threshold * mss;
    this.recover = variables.SndMax;
    this.inRecovery = true;
    this.partialAcknowledgments = 0;
    return true;
  }

  /** The retransmission timer has expired (RFC 5681 section 3.1, RFC 6582 section 3.2 step 4). */
  onTimeout(first: boolean): void {
    const { variables } = this;
    const mss = this.mss();
    if (first)
      variables.SsThresh = Math.max(Math.floor(distance(variables.SndUna, variables.SndMax) / 2), 2 * mss);
    variables.CWnd = mss;
    this.recover = variables.SndMax;
    this.inRecovery = false;
  }

  /** Takes the inflation of a recovery out of CWnd, so that another engine can go on with it. */
  settle(): void {
    if (!this.inRecovery) return;
    this.inRecovery = false;
    this.variables.CWnd = this.variables.SsThresh;
    this.variables.DupAckCount = 0;
  }
}
