/** The SACK blocks that a receiver of data sends (RFC 2018 section 4). */
import { mostSackBlocks, sackOptionLength, type TcpSegment } from '../wire/tcpSegment';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Stretches whose age is remembered: the blocks that fit, and as many again. */
const remembered = 8;

const noArrivals: readonly number[] = [];

/** Room for options in a header. */
const optionRoom = 40;

/** A segment has arrived ahead of RcvNxt: the stretch that holds it is the first to be reported (section 4, rule 1). */
export function noteEarlyArrival(tcb: TransmissionControlBlock, sequence: number): void {
  if (!tcb.variables.sackEnabled) return;
  const earlyArrivals = (tcb.earlyArrivals ??= []);
  if (earlyArrivals[0] === sequence) return;
  earlyArrivals.unshift(sequence);
  if (earlyArrivals.length > remembered) earlyArrivals.length = remembered;
}

/** Blocks that a segment with an acknowledgment carries now: as many as fit beside the timestamps. */
export function sackBlocksDue(tcb: TransmissionControlBlock): number {
  const { variables, reassembly } = tcb;
  if (!variables.sackEnabled || reassembly.length === 0) return 0;
  const most = variables.timestampsEnabled ? mostSackBlocks - 1 : mostSackBlocks;
  return Math.min(most, reassembly.stretches);
}

/** Bytes of the SACK option in a segment with an acknowledgment. */
export function sackLengthDue(tcb: TransmissionControlBlock): number {
  return Math.min(optionRoom, sackOptionLength(sackBlocksDue(tcb)));
}

/** Writes the blocks into a segment: the stretch that changed last, then those reported before (section 4, rules 1 to 3). */
export function reportSack(tcb: TransmissionControlBlock, segment: TcpSegment): void {
  const { reassembly, earlyArrivals = noArrivals } = tcb;
  const { sackBlocks } = segment;
  const due = sackBlocksDue(tcb);
  let count = 0;
  // Behind what is remembered come the stretches in their order, so that each block that is due finds one.
  for (let index = 0; count < due && index < earlyArrivals.length + reassembly.stretches; index++) {
    const stretch =
      index < earlyArrivals.length
        ? reassembly.stretchAround(earlyArrivals[index]!)
        : index - earlyArrivals.length;
    if (stretch < 0) continue;
    const left = reassembly.leftOf(stretch);
    if (isReported(sackBlocks, count, left)) continue;
    sackBlocks[2 * count] = left;
    sackBlocks[2 * count + 1] = reassembly.rightOf(stretch);
    count++;
  }
  segment.sackBlockCount = count;
}

function isReported(sackBlocks: Uint32Array, count: number, left: number): boolean {
  for (let index = 0; index < count; index++) if (sackBlocks[2 * index] === left) return true;
  return false;
}
