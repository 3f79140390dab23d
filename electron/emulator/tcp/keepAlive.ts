/** The keepalive timer (RFC 9293 section 3.8.4, TMR-029 to TMR-039). */
import { tcpFlags } from '../wire/tcpSegment';
import { giveUp } from './closing';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import { advance } from './sequenceNumber';
import { TcpConnectionState } from './tcpVariables';
import type { TransmissionControlBlock } from './transmissionControlBlock';

/** The peer has shown that it lives, or the owner wants it so: the idle time begins anew. */
export function restartKeepAlive(tcb: TransmissionControlBlock, now: number): void {
  const { keepAlive } = tcb.settings;
  tcb.variables.KeepAliveProbeCount = 0;
  tcb.variables.keepAliveDeadline = keepAlive.enabled ? now + keepAlive.time : Infinity;
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
  if (!isIdle) {
    // Another timer looks after the peer: retransmission, persist or FIN-WAIT-2.
    restartKeepAlive(tcb, now);
    return;
  }
  if (variables.KeepAliveProbeCount >= keepAlive.probes) {
    variables.keepAliveDeadline = Infinity;
    giveUp(tcb, 'keep-alive');
    return;
  }
  variables.KeepAliveProbeCount++;
  variables.keepAliveDeadline = now + keepAlive.interval;
  emitSegment(tcb, output, tcpFlags.ACK, advance(variables.SndMax, -1), 0, 0, false, now);
}
