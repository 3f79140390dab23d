/** The keepalive timer (RFC 9293 section 3.8.4, TMR-029 to TMR-039), which also validates a peer (WIR-044 to WIR-050). */
import { tcpFlags } from '../wire/tcpSegment';
import { giveUp, toClosed } from './closing';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import { advance } from './sequenceNumber';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** In a validation of the peer: the time until it begins, and what stands for a KaProbeCount and a KaInterval of 0 (WIR-046). */
const validation = { delay: 300_000_000_000, probes: 10, interval: 1_000_000_000 } as const;

/** Keepalive that was asked for with a count or an interval of 0 has just that. */
const noDefault = { probes: 0, interval: 0 } as const;

/** The peer has shown that it lives, or the owner wants it so: the idle time begins anew. */
export function restartKeepAlive(tcb: TransmissionControlBlock, now: number): void {
  const { keepAlive } = tcb.settings;
  tcb.validating = false;
  tcb.resetChallenged = false;
  tcb.variables.KeepAliveProbeCount = 0;
  tcb.variables.keepAliveDeadline = keepAlive.enabled ? now + keepAlive.time : Infinity;
}

/** The peer may be gone, or somebody pretends that it is: unless it is heard of, it is probed within five minutes (WIR-044). */
export function validatePeer(tcb: TransmissionControlBlock, now: number): void {
  const { variables } = tcb;
  tcb.validating = true;
  variables.keepAliveDeadline = Math.min(variables.keepAliveDeadline, now + validation.delay);
}

/** The timer has expired: probes an idle peer with an old number and no data, to which it must answer. */
export function probeIdlePeer(tcb: TransmissionControlBlock, now: number, output: SegmentOutput): void {
  const { variables, settings } = tcb;
  const { keepAlive } = settings;
  const { State } = variables;
  const isIdle =
    variables.SndUna === variables.SndMax &&
    variables.retransmitDeadline === Infinity &&
    (State === TcpConnectionState.Established || State === TcpConnectionState.CloseWait);
  if (!isIdle && !tcb.validating) {
    // Another timer looks after the peer: retransmission, persist or FIN-WAIT-2.
    restartKeepAlive(tcb, now);
    return;
  }
  const byDefault = tcb.validating ? validation : noDefault;
  if (variables.KeepAliveProbeCount >= (keepAlive.probes || byDefault.probes)) {
    variables.keepAliveDeadline = Infinity;
    // WIR-048: such a connection is over, one that merely was idle is the host's to judge.
    if (tcb.validating) toClosed(tcb);
    giveUp(tcb, 'keep-alive');
    return;
  }
  variables.KeepAliveProbeCount++;
  variables.keepAliveDeadline = now + (keepAlive.interval || byDefault.interval);
  emitSegment(tcb, output, tcpFlags.ACK, advance(variables.SndMax, -1), 0, 0, false, now);
}
