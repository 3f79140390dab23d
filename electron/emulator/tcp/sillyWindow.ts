/** The sender's timer of silly-window avoidance (WDK page "Silly Window Syndrome Prevention Timer", RFC 1122 section 4.2.3.4). */
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** Starts the timer, unless it runs. */
export function startSillyWindowTimer(tcb: TransmissionControlBlock, now: number): void {
  if (tcb.sillyWindowDeadline !== Infinity) return;
  const due = now + tcb.settings.sillyWindowTime;
  if (tcb.user.sillyWindowTimer?.started(due) !== false) tcb.sillyWindowDeadline = due;
}

/** Stops the timer, if it runs. */
export function stopSillyWindowTimer(tcb: TransmissionControlBlock): void {
  if (tcb.sillyWindowDeadline === Infinity) return;
  tcb.sillyWindowDeadline = Infinity;
  tcb.user.sillyWindowTimer?.stopped();
}

/** Silly-window avoidance has held a segment back for long enough. */
export function onSillyWindowTimeout(tcb: TransmissionControlBlock): void {
  tcb.sillyWindowDeadline = Infinity;
  if (tcb.user.sillyWindowTimer?.expired() !== false) tcb.pushHeld = true;
}
