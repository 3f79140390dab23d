/** Round-trip time estimation (RFC 6298), in the integer arithmetic of the state structures: SRtt times 8, RttVar times 4. */
import type { TcpSettings } from './tcpSettings';
import type { TcpVariables } from './tcpVariables';

/** Retransmission timeout before the first sample, ns (RFC 6298 section 2.1: 1 s). */
export const initialTimeout = 1_000_000_000;

/** The same where a SYN was lost (RFC 6298 section 5.7: 3 s). */
export const timeoutAfterLostSyn = 3_000_000_000;

/** Largest value of the 16-bit members. */
const largest = 0xffff;

/** Takes a sample in ticks, which may be 0 on a fast network (RFC 6298 sections 2.2 and 2.3). */
export function takeRttSample(variables: TcpVariables, ticks: number): void {
  if (variables.SRtt === 0) {
    variables.SRtt = Math.min(largest, Math.max(1, ticks * 8));
    variables.RttVar = Math.min(largest, ticks * 2);
    return;
  }
  const error = ticks - (variables.SRtt >> 3);
  variables.SRtt = Math.min(largest, Math.max(1, variables.SRtt + error));
  variables.RttVar = Math.min(
    largest,
    Math.max(0, variables.RttVar + Math.abs(error) - (variables.RttVar >> 2)),
  );
}

/**
 * Retransmission timeout in ns after `backoffs` doublings, within the settings' bounds (RFC 6298 sections 2.4, 2.5, 5.5);
 * `unsampled` ns before the first sample.
 */
export function retransmissionTimeout(
  variables: TcpVariables,
  settings: TcpSettings,
  backoffs: number,
  unsampled = initialTimeout,
): number {
  const tick = 1e9 / settings.ticksPerSecond;
  const base =
    variables.SRtt === 0 ? unsampled : ((variables.SRtt >> 3) + Math.max(1, variables.RttVar)) * tick;
  const bounded = Math.max(base, settings.minimumRetransmissionTimeout);
  return Math.min(bounded * (1 << Math.min(backoffs, 16)), settings.maximumRetransmissionTimeout);
}
