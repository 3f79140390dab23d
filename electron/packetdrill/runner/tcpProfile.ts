/**
 * The stack as scripts assume it: the values that Linux has and that public scripts are written against, as far as they are settings
 * here, and what a script's sysctls change.
 */
import { defaultTcpSettings, type TcpSettings } from '../../emulator/tcp/tcpSettings';
import type { SocketOptions } from './socketOptions';
import type { ScriptSettings } from './scriptSettings';

/** Linux's largest receive buffer of the scripts' set-up, from which it derives its window scale. */
const largestReceiveBuffer = 15 * 1024 * 1024;

/** Shift with which a window of so many bytes fits into a header (RFC 7323 section 2.3). */
function windowScaleOf(bytes: number): number {
  let shift = 0;
  while (shift < 14 && Math.floor(bytes / 2 ** shift) > 0xffff) shift++;
  return shift;
}

/** Settings of TCP for a script. */
export function profileOf({ sysctls, mtu }: ScriptSettings): TcpSettings {
  const one = (name: keyof typeof sysctls): number | undefined => sysctls[name]?.[0];
  const milliseconds = (value: number | undefined, otherwise: number): number =>
    value === undefined ? otherwise : value * 1e6;
  const seconds = (value: number | undefined, otherwise: number): number =>
    value === undefined ? otherwise : value * 1e9;
  const [, receiveBuffer = 256 * 1024, largest = largestReceiveBuffer] = sysctls.tcp_rmem ?? [];
  const minimum = one('tcp_rto_min_us');
  return {
    ...defaultTcpSettings,
    // The host stack takes the longer header of IPv6 off by itself.
    localMss: mtu - 40,
    receiveBuffer,
    RcvWindScale: windowScaleOf(largest),
    timestamps: one('tcp_timestamps') !== 0,
    sack: one('tcp_sack') !== 0,
    initialWindow: (one('tcp_initial_cwnd') ?? 10) >= 10 ? 'RFC 6928' : 'RFC 3390',
    // Linux counts every segment that an acknowledgment covers, where RFC 3465 allows two.
    appropriateByteCounting: one('tcp_appropriate_byte_counting') ?? 1000,
    restartsAfterIdle: one('tcp_slow_start_after_idle') === 1,
    blindReset: 'challenge',
    nagleRule: one('tcp_nagle_minshall') === 0 ? 'RFC 1122' : 'Minshall',
    timesHandshake: true,
    minimumRetransmissionTimeout:
      minimum === undefined ? milliseconds(one('tcp_rto_min_ms'), 200_000_000) : minimum * 1000,
    maximumRetransmissionTimeout: 120_000_000_000,
    delayedAckTime: milliseconds(one('tcp_delayed_ack_ms'), 40_000_000),
    // Linux acknowledges the first segments of a connection at once, and scripts count on it.
    ackFrequency: one('tcp_ack_frequency') ?? 1,
    duplicateAckThreshold: one('tcp_reordering') ?? 3,
    maximumRetransmissions: one('tcp_retries2') ?? 15,
    keepAlive: {
      enabled: false,
      time: seconds(one('tcp_keepalive_time'), 7_200_000_000_000),
      interval: seconds(one('tcp_keepalive_intvl'), 75_000_000_000),
      probes: one('tcp_keepalive_probes') ?? 9,
    },
    finWait2Time: seconds(one('tcp_fin_timeout'), 60_000_000_000),
    timeWaitTime: milliseconds(one('tcp_time_wait_ms'), 60_000_000_000),
  };
}

/** What a socket's own options change before its connection is opened. */
export function withSocketOptions(
  profile: TcpSettings,
  options: SocketOptions,
  opens: boolean,
  settings: ScriptSettings,
): TcpSettings {
  const { maximumSegmentSize, receiveBuffer, synRetries } = options;
  const retries = synRetries ?? settings.sysctls.tcp_syn_retries?.[0];
  return {
    ...profile,
    ...(maximumSegmentSize === undefined || maximumSegmentSize === 0
      ? {}
      : { localMss: Math.min(profile.localMss, maximumSegmentSize + (settings.ipVersion === 4 ? 0 : 20)) }),
    ...(receiveBuffer === undefined ? {} : { receiveBuffer, RcvWindScale: windowScaleOf(receiveBuffer) }),
    ...(opens && retries !== undefined ? { maximumRetransmissions: retries } : {}),
  };
}
