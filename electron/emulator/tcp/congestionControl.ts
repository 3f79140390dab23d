/**
 * Congestion control: RFC 5681 with the NewReno recovery of RFC 6582 and limited transmit of RFC 3042; what a recovery by SACK
 * (RFC 6675) does to the window; and byte counting (RFC 3465).
 */
import { advance, distance, isBefore } from './sequenceNumber';
import type { TcpSettings } from './tcpSettings';
import type { TcpVariables } from './tcpVariables';

/** No window of ours grows beyond this; it keeps products exact. */
export const largestWindow = 0x3fff_ffff;

/** What follows from an acknowledgment of new data. */
export interface AcknowledgmentEffect {
  /** Whether it ends before the recovery does. */
  readonly partial: boolean;
  /** Whether the retransmission timer is to be restarted. */
  readonly restartTimer: boolean;
}

const wholeAcknowledgment: AcknowledgmentEffect = { partial: false, restartTimer: true };
const firstPartial: AcknowledgmentEffect = { partial: true, restartTimer: true };
const laterPartial: AcknowledgmentEffect = { partial: true, restartTimer: false };

/** The window that a connection begins with, bytes: RFC 3390 or RFC 6928. */
export function initialWindow(mss: number, rule: TcpSettings['initialWindow']): number {
  return rule === 'RFC 3390'
    ? Math.min(4 * mss, Math.max(2 * mss, 4380))
    : Math.min(10 * mss, Math.max(2 * mss, 14_600));
}

/** What congestion control wants to know of its connection, whenever it does. */
export interface CongestionSubject {
  /** Payload bytes of a full-sized segment. */
  readonly mss: number;
  readonly settings: Pick<TcpSettings, 'initialWindow' | 'appropriateByteCounting'>;
}

/** What congestion control remembers besides CWnd and SsThresh. */
export class CongestionControl {
  /** Whether a loss recovery is under way, and by which algorithm. */
  recovery: 'no' | 'NewReno' | 'SACK' = 'no';
  /** SndMax when loss was last noticed: recovery ends when it is acknowledged. */
  private recover: number;
  private partialAcknowledgments = 0;
  /** bytes_acked of RFC 3465: what congestion avoidance has not turned into a larger window yet. */
  private bytesAcknowledged = 0;

  constructor(
    private readonly variables: TcpVariables,
    private readonly connection: CongestionSubject,
  ) {
    this.recover = advance(variables.SndUna, -1);
  }

  /** Whether a loss recovery is under way. */
  get inRecovery(): boolean {
    return this.recovery !== 'no';
  }

  /** Sets the initial window (one segment if a SYN was lost, RFC 5681 section 3.1) and an unreachable threshold. */
  start(synLost = false): void {
    const mss = this.connection.mss;
    this.variables.CWnd = synLost ? mss : initialWindow(mss, this.connection.settings.initialWindow);
    this.variables.SsThresh = largestWindow;
    this.recover = advance(this.variables.SndUna, -1);
  }

  /**
   * Goes on with another engine's connection. No member of the state tells `recover`, so it is inferred: as many duplicates as
   * start a fast retransmit mean that the recovery is under way; retransmissions after a timeout, and the slow start that follows
   * upon them, end with what had been sent when the timer expired, SndMax at the latest. Duplicates of what was sent twice must not
   * look like another loss (RFC 6582 section 4.1).
   */
  adopt(threshold: number): void {
    const { variables } = this;
    const { SndUna, SndNxt, SndMax, RetransmitCount, CWnd, SsThresh, DupAckCount } = variables;
    const afterTimeout =
      isBefore(SndNxt, SndMax) || RetransmitCount > 0 || (CWnd < SsThresh && SsThresh < largestWindow);
    const fastRetransmitted = DupAckCount >= threshold && SndUna !== SndMax;
    this.recover = afterTimeout || fastRetransmitted ? SndMax : advance(SndUna, -1);
    if (fastRetransmitted && SndNxt === SndMax && RetransmitCount === 0)
      this.recovery = variables.sackEnabled ? 'SACK' : 'NewReno';
  }

  /**
   * Window that may be in flight: CWnd, and two more segments after the first two duplicates (RFC 3042). With SACK the duplicates
   * have made room by themselves.
   */
  get allowance(): number {
    const { CWnd, DupAckCount, sackEnabled } = this.variables;
    return sackEnabled || this.recovery !== 'no' || DupAckCount === 0
      ? CWnd
      : CWnd + Math.min(2, DupAckCount) * this.connection.mss;
  }

  /**
   * SndUna is about to move to `acknowledgment`. `partial`: in a NewReno recovery the segment there must be sent again, and the
   * timer is restarted on the first partial acknowledgment only (RFC 6582 section 3.2 step 3).
   */
  onAcknowledged(acknowledgment: number): AcknowledgmentEffect {
    const { variables } = this;
    const acknowledged = distance(variables.SndUna, acknowledgment);
    if (this.recovery !== 'no') {
      if (isBefore(acknowledgment, this.recover)) return this.onPartial(acknowledged);
      const mss = this.connection.mss;
      // RFC 6675 leaves the window where it is; the inflated one of NewReno is deflated (RFC 6582 section 3.2 step 3).
      if (this.recovery === 'NewReno') {
        const flight = distance(acknowledgment, variables.SndMax);
        variables.CWnd = Math.min(variables.SsThresh, Math.max(flight, mss) + mss);
      }
      this.recovery = 'no';
      return wholeAcknowledgment;
    }
    // Follows at a distance of one byte: left behind by half the sequence space, it would look as if it lay ahead.
    const isRepair = !isBefore(this.recover, acknowledgment);
    if (!isRepair) this.recover = advance(acknowledgment, -1);
    variables.CWnd = Math.min(largestWindow, variables.CWnd + this.growth(acknowledged, isRepair));
    return wholeAcknowledgment;
  }

  /** Whether a recovery may begin: not while what was lost when the last one began, or the timer expired, is unacknowledged. */
  get mayRecover(): boolean {
    return this.recovery === 'no' && isBefore(this.recover, this.variables.SndUna);
  }

  /** A duplicate acknowledgment has been counted in DupAckCount. Answers whether to send the segment at SndUna again. */
  onDuplicate(threshold: number): boolean {
    const { variables } = this;
    const mss = this.connection.mss;
    if (this.recovery !== 'no') {
      variables.CWnd = Math.min(largestWindow, variables.CWnd + mss);
      return false;
    }
    if (variables.DupAckCount < threshold || !this.mayRecover) return false;
    this.reduce();
    variables.CWnd = variables.SsThresh + threshold * mss;
    this.recovery = 'NewReno';
    return true;
  }

  /** Begins a recovery by SACK (RFC 6675 section 5 step 4). */
  enterSackRecovery(): void {
    this.reduce();
    this.variables.CWnd = this.variables.SsThresh;
    this.recovery = 'SACK';
  }

  /** The retransmission timer has expired (RFC 5681 section 3.1, RFC 6582 section 3.2 step 4, RFC 6675 section 5.1). */
  onTimeout(first: boolean): void {
    const { variables } = this;
    const mss = this.connection.mss;
    if (first)
      variables.SsThresh = Math.max(Math.floor(distance(variables.SndUna, variables.SndMax) / 2), 2 * mss);
    variables.CWnd = mss;
    this.recover = variables.SndMax;
    this.recovery = 'no';
    this.bytesAcknowledged = 0;
  }

  /** Nothing has been sent for a retransmission timeout: the network is not known any more (RFC 5681 section 4.1). */
  restart(): void {
    this.variables.CWnd = Math.min(
      this.variables.CWnd,
      initialWindow(this.connection.mss, this.connection.settings.initialWindow),
    );
  }

  private onPartial(acknowledged: number): AcknowledgmentEffect {
    const { variables } = this;
    if (this.recovery === 'SACK') return firstPartial;
    const mss = this.connection.mss;
    variables.CWnd = Math.max(mss, variables.CWnd - acknowledged + (acknowledged >= mss ? mss : 0));
    return this.partialAcknowledgments++ === 0 ? firstPartial : laterPartial;
  }

  /** Halves the threshold; what limited transmit has sent beyond CWnd doesn't count (RFC 5681 section 3.2 step 2). */
  private reduce(): void {
    const { variables } = this;
    const flight = Math.min(distance(variables.SndUna, variables.SndMax), variables.CWnd);
    variables.SsThresh = Math.max(Math.floor(flight / 2), 2 * this.connection.mss);
    this.recover = variables.SndMax;
    this.partialAcknowledgments = 0;
    this.bytesAcknowledged = 0;
  }

  /** `isRepair`: what is acknowledged had been sent before a timeout, so that L is 1 (RFC 3465 section 2.3). */
  private growth(acknowledged: number, isRepair: boolean): number {
    const { CWnd, SsThresh, DupAckCount } = this.variables;
    const mss = this.connection.mss;
    const { appropriateByteCounting: limit } = this.connection.settings;
    if (CWnd < SsThresh) {
      // What duplicates have announced has let limited transmit send already, and does not count twice.
      const news = Math.max(Math.min(acknowledged, mss), acknowledged - DupAckCount * mss);
      return Math.min(news, (isRepair ? 1 : Math.max(1, limit)) * mss);
    }
    if (limit === 0) return Math.max(1, Math.floor((mss * mss) / CWnd));
    this.bytesAcknowledged += acknowledged;
    if (this.bytesAcknowledged < CWnd) return 0;
    this.bytesAcknowledged -= CWnd;
    return mss;
  }
}
