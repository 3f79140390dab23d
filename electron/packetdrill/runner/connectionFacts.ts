/** What a script may ask about a connection, wherever that is: from the host's engine, or by a query from the target's. */
import { constantValue } from '../../../shared/ddi/catalogue';
import type { HostConnection } from '../../emulator/host/hostConnection';
import type { HostStack } from '../../emulator/host/hostStack';
import { exportConst, exportDelegated } from '../../emulator/tcp/offloadState';
import type { TcpSettings } from '../../emulator/tcp/tcpSettings';
import { TcpConnectionState } from '../../emulator/tcp/tcpVariables';
import type { CodeValue } from '../language/code';
import { symbols } from './constants';

/** See the file's head. */
export interface ConnectionFacts {
  readonly constState: ReturnType<typeof exportConst>;
  readonly delegated: ReturnType<typeof exportDelegated>;
  /** Payload bytes of a full-sized segment. */
  readonly mss: number;
  /** How the host's engine of it is set up. */
  readonly settings: TcpSettings;
}

/** States of tcp_info by those of the engine. */
const linuxStates: Readonly<Record<number, number | undefined>> = {
  [TcpConnectionState.Closed]: symbols.TCP_CLOSE,
  [TcpConnectionState.Listen]: symbols.TCP_LISTEN,
  [TcpConnectionState.SynSent]: symbols.TCP_SYN_SENT,
  [TcpConnectionState.SynRcvd]: symbols.TCP_SYN_RECV,
  [TcpConnectionState.Established]: symbols.TCP_ESTABLISHED,
  [TcpConnectionState.FinWait1]: symbols.TCP_FIN_WAIT1,
  [TcpConnectionState.FinWait2]: symbols.TCP_FIN_WAIT2,
  [TcpConnectionState.CloseWait]: symbols.TCP_CLOSE_WAIT,
  [TcpConnectionState.Closing]: symbols.TCP_CLOSING,
  [TcpConnectionState.LastAck]: symbols.TCP_LAST_ACK,
  [TcpConnectionState.TimeWait]: symbols.TCP_TIME_WAIT,
};

/** A slow-start threshold that nothing has lowered yet is told like this. */
const unlimitedThreshold = 0x7fff_ffff;

const constFlags = {
  timestamps: constantValue('TCP_FLAG_TIMESTAMP_ENABLED'),
  windowScaling: constantValue('TCP_FLAG_WINDOW_SCALING_ENABLED'),
  sack: constantValue('TCP_FLAG_SACK_ENABLED'),
} as const;

/** Asks whoever has the connection; `done` hears at once where that is the host. At PASSIVE_LEVEL. */
export function askForFacts(
  host: HostStack,
  connection: HostConnection,
  done: (facts: ConnectionFacts) => void,
): void {
  const { engine } = connection;
  const constState = exportConst(engine, 0);
  const { mss, settings } = engine;
  if (connection.place !== 'Offloaded') {
    done({ constState, delegated: exportDelegated(engine, host.kernel.now), mss, settings });
    return;
  }
  host.offloads.query(connection, 'delegated', (state) => {
    const delegated = state?.layer === 'tcp' ? state.delegated : undefined;
    done({ constState, delegated: delegated ?? exportDelegated(engine, host.kernel.now), mss, settings });
  });
}

/** Whether the peer's FIN has been reached in sequence. */
export function hasPeerClosed({ delegated }: ConnectionFacts): boolean {
  const { CloseWait, Closing, LastAck, TimeWait } = TcpConnectionState;
  return [CloseWait, Closing, LastAck, TimeWait].some((state) => state === delegated.State);
}

/** Fields of TCP_INFO as `%{ }%` names them; undefined for one that no chimney tells. */
export function tcpInformation(facts: ConnectionFacts, name: string): CodeValue | undefined {
  const { delegated, constState, mss, settings } = facts;
  const microseconds = (ticks: number): number => Math.round((ticks * 1e6) / settings.ticksPerSecond);
  const flight = (delegated.SndMax - delegated.SndUna) >>> 0;
  switch (name) {
    case 'tcpi_state':
      return linuxStates[delegated.State];
    case 'tcpi_snd_cwnd':
      return Math.floor(delegated.CWnd / mss);
    case 'tcpi_snd_ssthresh':
      return delegated.SsThresh >= 0x3fff_0000 ? unlimitedThreshold : Math.floor(delegated.SsThresh / mss);
    case 'tcpi_snd_mss':
      return mss;
    case 'tcpi_advmss':
      return settings.localMss;
    case 'tcpi_pmtu':
      return settings.localMss + 40;
    case 'tcpi_unacked':
      return Math.ceil(flight / mss);
    case 'tcpi_retransmits':
    case 'tcpi_backoff':
      return delegated.RetransmitCount;
    case 'tcpi_probes':
      return delegated.SndWnd === 0 ? delegated.RetransmitCount : delegated.KeepAliveProbeCount;
    case 'tcpi_rtt':
      return Math.round(microseconds(delegated.SRtt) / 8);
    case 'tcpi_rttvar':
      return Math.round(microseconds(delegated.RttVar) / 4);
    case 'tcpi_rto':
      return retransmissionTimeoutOf(delegated, settings) / 1000;
    case 'tcpi_snd_wscale':
      return constState.SndWindScale;
    case 'tcpi_rcv_wscale':
      return constState.RcvWindScale;
    case 'tcpi_snd_wnd':
      return delegated.SndWnd;
    case 'tcpi_rcv_wnd':
      return delegated.RcvWnd;
    case 'tcpi_options':
      return (
        ((constState.Flags & constFlags.timestamps) === 0 ? 0 : symbols.TCPI_OPT_TIMESTAMPS!) |
        ((constState.Flags & constFlags.sack) === 0 ? 0 : symbols.TCPI_OPT_SACK!) |
        ((constState.Flags & constFlags.windowScaling) === 0 ? 0 : symbols.TCPI_OPT_WSCALE!)
      );
    default:
      return symbols[name];
  }
}

/** RFC 6298 section 2.3 with the bounds of the settings, in ns. */
function retransmissionTimeoutOf(delegated: ConnectionFacts['delegated'], settings: TcpSettings): number {
  const { minimumRetransmissionTimeout, maximumRetransmissionTimeout, ticksPerSecond } = settings;
  const ticks = delegated.SRtt === 0 ? ticksPerSecond : delegated.SRtt / 8 + delegated.RttVar;
  const time = (ticks * 1e9) / ticksPerSecond;
  return Math.min(maximumRetransmissionTimeout, Math.max(minimumRetransmissionTimeout, time));
}
