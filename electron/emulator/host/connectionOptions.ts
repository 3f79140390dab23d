/** What an application or the system may set on a connection, and how the target is told (section 2.3 of the state digest). */
import { constantValue } from '../../../shared/ddi/catalogue';
import type { TCP_OFFLOAD_STATE_CACHED } from '../kit';

/** Options of a connection; times in ticks, sizes in bytes. */
export interface ConnectionOptions {
  readonly keepAlive: boolean;
  /** Probes before keepalive gives up. */
  readonly keepAliveProbes: number;
  readonly keepAliveTime: number;
  readonly keepAliveInterval: number;
  readonly nagle: boolean;
  /** SO_RCVBUF. */
  readonly receiveBuffer: number;
  /** Preferred size of a receive indication; 0 is as much as possible. */
  readonly receiveIndicationSize: number;
  /** Total retransmission time of a segment; 0 leaves it to TcpMaximumRetransmissions. */
  readonly maximumRetransmissionTime: number;
  readonly flowLabel: number;
  readonly timeToLive: number;
  readonly typeOfService: number;
  readonly userPriority: number;
}

const flags = {
  keepAlive: constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED'),
  nagling: constantValue('TCP_FLAG_NAGLING_ENABLED'),
  keepAliveRestart: constantValue('TCP_FLAG_KEEP_ALIVE_RESTART'),
  maximumTimeRestart: constantValue('TCP_FLAG_MAX_RT_RESTART'),
  updateReceiveWindow: constantValue('TCP_FLAG_UPDATE_RCV_WND'),
} as const;

function withFlag(all: number, flag: number, on: boolean | undefined): number {
  if (on === undefined) return all;
  return on ? all | flag : all & ~flag;
}

/**
 * The cached variables after a change, and the flags that tell the target what to do about it besides copying them. The flags go
 * with one update and are no part of the lasting state.
 */
export function changedOptions(
  cached: TCP_OFFLOAD_STATE_CACHED,
  change: Partial<ConnectionOptions>,
): { readonly cached: TCP_OFFLOAD_STATE_CACHED; readonly actions: number } {
  const changed: TCP_OFFLOAD_STATE_CACHED = {
    Flags: withFlag(withFlag(cached.Flags, flags.keepAlive, change.keepAlive), flags.nagling, change.nagle),
    InitialRcvWnd: change.receiveBuffer ?? cached.InitialRcvWnd,
    RcvIndicationSize: change.receiveIndicationSize ?? cached.RcvIndicationSize,
    KaProbeCount: change.keepAliveProbes ?? cached.KaProbeCount,
    KaTimeout: change.keepAliveTime ?? cached.KaTimeout,
    KaInterval: change.keepAliveInterval ?? cached.KaInterval,
    MaxRT: change.maximumRetransmissionTime ?? cached.MaxRT,
    FlowLabel: change.flowLabel ?? cached.FlowLabel,
    TtlOrHopLimit: change.timeToLive ?? cached.TtlOrHopLimit,
    TosOrTrafficClass: change.typeOfService ?? cached.TosOrTrafficClass,
    UserPriority: change.userPriority ?? cached.UserPriority,
  };
  const keepAliveChanged =
    changed.KaProbeCount !== cached.KaProbeCount ||
    changed.KaTimeout !== cached.KaTimeout ||
    changed.KaInterval !== cached.KaInterval;
  const actions =
    (keepAliveChanged ? flags.keepAliveRestart | flags.maximumTimeRestart : 0) |
    (changed.MaxRT === cached.MaxRT ? 0 : flags.maximumTimeRestart) |
    (changed.InitialRcvWnd === cached.InitialRcvWnd ? 0 : flags.updateReceiveWindow);
  return { cached: changed, actions };
}
