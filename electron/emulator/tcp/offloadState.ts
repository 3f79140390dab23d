/**
 * A connection's variables on their way between two engines: exactly the members of TCP_OFFLOAD_STATE_CONST, _CACHED and
 * _DELEGATED, in their units (ticks, SRtt times 8, RttVar times 4). Timestamps stay monotonic over the hand-over because TsTime
 * carries clock plus delta, and the receiver derives its own delta (WDK "Calculating the Timestamp Delta").
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { swapPortBytes } from '../../../shared/ddi/offloadState';
import {
  timerNotRunning,
  type TCP_OFFLOAD_STATE_CACHED,
  type TCP_OFFLOAD_STATE_CONST,
  type TCP_OFFLOAD_STATE_DELEGATED,
} from '../ndis/offloadState';
import { distance } from './sequenceNumber';
import { TcpEngine, type TcpUser } from './tcpEngine';
import type { TcpSettings } from './tcpSettings';
import { TcpConnectionState, TcpVariables } from './tcpVariables';

const constFlags = {
  timestamps: constantValue('TCP_FLAG_TIMESTAMP_ENABLED'),
  windowScaling: constantValue('TCP_FLAG_WINDOW_SCALING_ENABLED'),
} as const;

const cachedFlags = { nagling: constantValue('TCP_FLAG_NAGLING_ENABLED') } as const;

/** Which states may be offloaded (INI-001). */
export function isOffloadableState(state: number): boolean {
  return state >= TcpConnectionState.Established && state <= TcpConnectionState.LastAck;
}

/** The constant variables of a synchronized connection. */
export function exportConst(engine: TcpEngine, HashValue: number): TCP_OFFLOAD_STATE_CONST {
  const { variables } = engine;
  const scaling = variables.SndWindScale > 0 || variables.RcvWindScale > 0;
  return {
    Flags:
      (variables.timestampsEnabled ? constFlags.timestamps : 0) | (scaling ? constFlags.windowScaling : 0),
    RemotePort: swapPortBytes(engine.remotePort),
    LocalPort: swapPortBytes(engine.localPort),
    SndWindScale: variables.SndWindScale,
    RcvWindScale: variables.RcvWindScale,
    RemoteMss: variables.RemoteMss,
    HashValue,
  };
}

/** The cached variables: what the host stack decides. */
export function exportCached(
  engine: TcpEngine,
  hops: { readonly TtlOrHopLimit: number; readonly TosOrTrafficClass: number },
): TCP_OFFLOAD_STATE_CACHED {
  const { settings } = engine;
  return {
    Flags: settings.nagle ? cachedFlags.nagling : 0,
    InitialRcvWnd: settings.receiveBuffer,
    RcvIndicationSize: 0,
    KaProbeCount: 10,
    KaTimeout: 7200 * settings.ticksPerSecond,
    KaInterval: settings.ticksPerSecond,
    MaxRT: 0,
    FlowLabel: 0,
    ...hops,
    UserPriority: 0,
  };
}

/**
 * The delegated variables at this instant, without data pointers. Before a hand-over, settle a fast recovery first
 * (`engine.congestion.settle`): its inflated CWnd means nothing to another engine.
 */
export function exportDelegated(engine: TcpEngine, now: number): TCP_OFFLOAD_STATE_DELEGATED {
  const { variables, settings } = engine;
  const tick = 1e9 / settings.ticksPerSecond;
  return {
    State: variables.State,
    RcvNxt: variables.RcvNxt,
    RcvWnd: variables.RcvWnd,
    SndUna: variables.SndUna,
    SndNxt: variables.SndNxt,
    SndMax: variables.SndMax,
    SndWnd: variables.SndWnd,
    MaxSndWnd: variables.MaxSndWnd,
    SendWL1: variables.SendWL1,
    CWnd: variables.CWnd,
    SsThresh: variables.SsThresh,
    SRtt: variables.SRtt,
    RttVar: variables.RttVar,
    TsRecent: variables.TsRecent,
    TsRecentAge: variables.timestampsEnabled ? Math.floor((now - variables.tsRecentTime) / tick) : 0,
    TsTime: engine.timestamp(now),
    TotalRT: variables.TotalRT,
    DupAckCount: variables.DupAckCount,
    SndWndProbeCount: variables.SndWndProbeCount,
    KeepAliveProbeCount: variables.KeepAliveProbeCount,
    KeepAliveTimeoutDelta: timerNotRunning,
    RetransmitCount: variables.RetransmitCount,
    RetransmitTimeoutDelta: retransmitTimeoutDelta(engine, now, tick),
    SendDataHead: null,
    SendDataTail: null,
    BufferedData: null,
    SendBacklogSize: undefined,
    ReceiveBacklogSize: undefined,
  };
}

/** Ticks until the timer expires; 0 if it has expired for good, so that the receiver of the state acts at once. */
function retransmitTimeoutDelta(engine: TcpEngine, now: number, tick: number): number {
  if (engine.gaveUp) return 0;
  const { retransmitDeadline } = engine.variables;
  if (retransmitDeadline === Infinity) return timerNotRunning;
  return Math.max(0, Math.ceil((retransmitDeadline - now) / tick));
}

/**
 * An engine that goes on where another has stopped. Data in flight must then be queued from SndUna on by the caller; a FIN that
 * has been sent already is queued here.
 */
export function importEngine(
  settings: TcpSettings,
  user: TcpUser,
  constState: TCP_OFFLOAD_STATE_CONST,
  cached: TCP_OFFLOAD_STATE_CACHED,
  delegated: TCP_OFFLOAD_STATE_DELEGATED,
  now: number,
): TcpEngine {
  const variables = new TcpVariables();
  const tick = 1e9 / settings.ticksPerSecond;
  variables.State = delegated.State as TcpConnectionState;
  variables.timestampsEnabled = (constState.Flags & constFlags.timestamps) !== 0;
  variables.SndWindScale = constState.SndWindScale;
  variables.RcvWindScale = constState.RcvWindScale;
  variables.RemoteMss = constState.RemoteMss;
  variables.RcvNxt = delegated.RcvNxt;
  variables.RcvWnd = delegated.RcvWnd;
  variables.SndUna = delegated.SndUna;
  variables.SndNxt = delegated.SndNxt;
  variables.SndMax = delegated.SndMax;
  variables.SndWnd = delegated.SndWnd;
  variables.MaxSndWnd = delegated.MaxSndWnd;
  variables.SendWL1 = delegated.SendWL1;
  variables.CWnd = delegated.CWnd;
  variables.SsThresh = delegated.SsThresh;
  variables.SRtt = delegated.SRtt;
  variables.RttVar = delegated.RttVar;
  variables.TsRecent = delegated.TsRecent;
  variables.tsRecentTime = now - delegated.TsRecentAge * tick;
  variables.TotalRT = delegated.TotalRT;
  variables.DupAckCount = delegated.DupAckCount;
  variables.SndWndProbeCount = delegated.SndWndProbeCount;
  variables.KeepAliveProbeCount = delegated.KeepAliveProbeCount;
  variables.RetransmitCount = delegated.RetransmitCount;
  variables.retransmitDeadline =
    delegated.RetransmitTimeoutDelta === timerNotRunning
      ? Infinity
      : now + delegated.RetransmitTimeoutDelta * tick;
  variables.retransmitPurpose = purposeOf(delegated);
  const engine = new TcpEngine(
    {
      ...settings,
      nagle: (cached.Flags & cachedFlags.nagling) !== 0,
      receiveBuffer: cached.InitialRcvWnd,
      RcvWindScale: constState.RcvWindScale,
      timestamps: variables.timestampsEnabled,
    },
    user,
    swapPortBytes(constState.LocalPort),
    swapPortBytes(constState.RemotePort),
    variables,
  );
  variables.timestampDelta = distance(engine.ticks(now), delegated.TsTime);
  engine.queueStart = variables.SndUna;
  const { State } = variables;
  const { FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait } = TcpConnectionState;
  if (
    State === FinWait1 ||
    State === FinWait2 ||
    State === Closing ||
    State === LastAck ||
    State === TimeWait
  ) {
    engine.finQueued = true;
  }
  if (State === FinWait2 || State === TimeWait) engine.assumeFinAcknowledged();
  if (State === CloseWait || State === Closing || State === LastAck || State === TimeWait)
    engine.assumePeerClosed();
  return engine;
}

/** Which of the timers that share Retransmit.TimeoutDelta runs (A37). */
function purposeOf(delegated: TCP_OFFLOAD_STATE_DELEGATED): TcpVariables['retransmitPurpose'] {
  if (delegated.State === TcpConnectionState.FinWait2) return 'fin-wait-2';
  if (delegated.State === TcpConnectionState.TimeWait) return 'time-wait';
  const waitsForWindow = delegated.SndWnd === 0 && delegated.RetransmitTimeoutDelta !== timerNotRunning;
  return waitsForWindow && distance(delegated.SndUna, delegated.SndMax) <= 1 ? 'persist' : 'retransmit';
}
