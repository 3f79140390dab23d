/** Loss recovery by SACK (RFC 6675). Names follow its section 4; "lost" is its IsLost. */
import type { TcpSegment } from '../wire/tcpSegment';
import { retransmitAt } from './retransmission';
import type { SegmentOutput } from './segmentOutput';
import { distance, isAtOrBefore, isBefore } from './sequenceNumber';
import { transmitNext } from './transmission';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/**
 * Takes the SACK blocks of a segment that acknowledges `acknowledgment`; answers whether they say anything new. Blocks below it
 * report duplicates (RFC 2883) and are none of ours here.
 */
export function takeSackBlocks(
  tcb: TransmissionControlBlock,
  segment: TcpSegment,
  acknowledgment: number,
): boolean {
  const { variables } = tcb;
  let isNews = false;
  for (let block = 0; block < segment.sackBlockCount; block++) {
    const left = segment.sackBlocks[2 * block]!;
    const right = segment.sackBlocks[2 * block + 1]!;
    const isValid =
      isBefore(left, right) && isBefore(acknowledgment, left) && isAtOrBefore(right, variables.SndMax);
    if (isValid && tcb.ownScoreboard.add(left, right)) isNews = true;
  }
  return isNews;
}

/** A duplicate acknowledgment by RFC 6675 has been counted in DupAckCount: begins the recovery if something is lost. */
export function onSackDuplicate(tcb: TransmissionControlBlock): void {
  const { variables, congestion } = tcb;
  const threshold = tcb.settings.duplicateAckThreshold;
  if (!congestion.mayRecover) return;
  const isLost = variables.DupAckCount >= threshold || lostBefore(tcb) !== variables.SndUna;
  if (!isLost) return;
  congestion.enterSackRecovery();
  // Says over a hand-over that the segment at SndUna has been sent again.
  variables.DupAckCount = Math.max(variables.DupAckCount, threshold);
  variables.SndNxt = variables.SndMax;
  tcb.highRetransmitted = tcb.rescueRetransmitted = variables.SndUna;
  tcb.retransmitNow = true;
}

/** Sends what the recovery has room for: step C of RFC 6675 section 5 with NextSeg of section 4. */
export function transmitInRecovery(tcb: TransmissionControlBlock, output: SegmentOutput, now: number): void {
  const { variables, scoreboard } = tcb;
  const lost = lostBefore(tcb);
  tcb.pipe = scoreboard.pipe(variables.SndUna, variables.SndMax, lost, tcb.highRetransmitted);
  if (tcb.retransmitNow) {
    // Step 4.3: the first segment goes whatever the window says.
    tcb.retransmitNow = false;
    retransmitHole(tcb, variables.SndUna, output, now);
  }
  while (variables.CWnd - tcb.pipe >= tcb.mss && output.hasRoom?.() !== false) {
    if (isBefore(tcb.highRetransmitted, variables.SndUna)) tcb.highRetransmitted = variables.SndUna;
    const hole = scoreboard.nextHole(tcb.highRetransmitted);
    const isBelowHighest = scoreboard.size > 0 && isBefore(hole, scoreboard.highest);
    if (isBelowHighest && isBefore(hole, lost)) {
      if (!retransmitHole(tcb, hole, output, now)) return;
      continue;
    }
    const before = variables.SndMax;
    if (transmitNext(tcb, output, now)) {
      tcb.pipe += distance(before, variables.SndMax);
      continue;
    }
    if (isBelowHighest) {
      if (!retransmitHole(tcb, hole, output, now)) return;
      continue;
    }
    rescue(tcb, output, now);
    return;
  }
}

/** Sends the unacknowledged stretch at `sequence` again, at most a segment; answers whether it could. */
function retransmitHole(
  tcb: TransmissionControlBlock,
  sequence: number,
  output: SegmentOutput,
  now: number,
): boolean {
  const end = retransmitAt(tcb, sequence, output, now);
  if (end === undefined) return false;
  tcb.pipe += distance(sequence, end);
  if (isBefore(tcb.highRetransmitted, end)) tcb.highRetransmitted = end;
  return true;
}

/** NextSeg rule 4: once for each acknowledgment that gets on, the last segment that the peer has not reported. */
function rescue(tcb: TransmissionControlBlock, output: SegmentOutput, now: number): void {
  const { variables, scoreboard } = tcb;
  if (!isBefore(tcb.rescueRetransmitted, variables.SndUna)) return;
  const hole = scoreboard.lastHole(variables.SndUna, variables.SndMax, tcb.mss);
  if (hole === undefined || isBefore(hole, tcb.highRetransmitted)) return;
  const end = retransmitAt(tcb, hole, output, now);
  if (end === undefined) return;
  tcb.pipe += distance(hole, end);
  tcb.rescueRetransmitted = variables.SndMax;
}

function lostBefore(tcb: TransmissionControlBlock): number {
  return tcb.scoreboard.lostBefore(tcb.variables.SndUna, tcb.mss, tcb.settings.duplicateAckThreshold);
}
