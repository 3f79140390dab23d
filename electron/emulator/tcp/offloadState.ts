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
import { settingsWith } from './sharedSettings';
import { TcpEngine, type TcpUser } from './tcpEngine';
import type { TcpSettings } from './tcpSettings';
import { TcpConnectionState, TcpVariables } from './tcpVariables';

const constFlags = {
  timestamps: constantValue('TCP_FLAG_TIMESTAMP_ENABLED'),
  sack: constantValue('TCP_FLAG_SACK_ENABLED'),
  windowScaling: constantValue('TCP_FLAG_WINDOW_SCALING_ENABLED'),
} as const;

const cachedFlags = {
  keepAlive: constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED'),
  nagling: constantValue('TCP_FLAG_NAGLING_ENABLED'),
  keepAliveRestart: constantValue('TCP_FLAG_KEEP_ALIVE_RESTART'),
  maximumTimeRestart: constantValue('TCP_FLAG_MAX_RT_RESTART'),
  updateReceiveWindow: constantValue('TCP_FLAG_UPDATE_RCV_WND'),
} as const;

/** MaxRT without any limit (TMR-011). */
const unlimited = 0xffff_ffff;

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
      (variables.timestampsEnabled ? constFlags.timestamps : 0) |
      (variables.sackEnabled ? constFlags.sack : 0) |
      (scaling ? constFlags.windowScaling : 0),
    RemotePort: swapPortBytes(engine.remotePort),
    LocalPort: swapPortBytes(engine.localPort),
    SndWindScale: variables.SndWindScale,
    RcvWindScale: variables.RcvWindScale,
    // The user's own limit on segments has no member, and both bound what may be sent.
    RemoteMss: Math.min(variables.RemoteMss, engine.settings.localMss),
    HashValue,
  };
}

/** The cached variables: what the host stack decides. */
export function exportCached(
  engine: TcpEngine,
  hops: { readonly TtlOrHopLimit: number; readonly TosOrTrafficClass: number },
): TCP_OFFLOAD_STATE_CACHED {
  const { settings } = engine;
  const { keepAlive, retransmissionTimeLimit } = settings;
  const ticks = (time: number): number => Math.round((time * settings.ticksPerSecond) / 1e9);
  return {
    Flags: (settings.nagle ? cachedFlags.nagling : 0) | (keepAlive.enabled ? cachedFlags.keepAlive : 0),
    InitialRcvWnd: settings.receiveBuffer,
    RcvIndicationSize: 0,
    KaProbeCount: keepAlive.probes,
    KaTimeout: ticks(keepAlive.time),
    KaInterval: ticks(keepAlive.interval),
    MaxRT: retransmissionTimeLimit === undefined ? 0 : Math.min(unlimited, ticks(retransmissionTimeLimit)),
    FlowLabel: 0,
    ...hops,
    UserPriority: 0,
  };
}

/** What cached variables say about an engine's settings. */
function cachedSettings(
  cached: TCP_OFFLOAD_STATE_CACHED,
  ticksPerSecond: number,
): Pick<TcpSettings, 'nagle' | 'receiveBuffer' | 'retransmissionTimeLimit' | 'keepAlive'> {
  const time = (ticks: number): number => (ticks * 1e9) / ticksPerSecond;
  const { MaxRT } = cached;
  return {
    nagle: (cached.Flags & cachedFlags.nagling) !== 0,
    receiveBuffer: cached.InitialRcvWnd,
    retransmissionTimeLimit: MaxRT === 0 ? undefined : MaxRT === unlimited ? Infinity : time(MaxRT),
    keepAlive: {
      enabled: (cached.Flags & cachedFlags.keepAlive) !== 0,
      time: time(cached.KaTimeout),
      interval: time(cached.KaInterval),
      probes: cached.KaProbeCount,
    },
  };
}

/**
 * Makes changed cached variables act. TCP_FLAG_KEEP_ALIVE_RESTART restarts keepalive; TCP_FLAG_MAX_RT_RESTART zeroes TotalRT and
 * restarts keepalive if a parameter of it has changed (TMR-034, TMR-035, A122); TCP_FLAG_UPDATE_RCV_WND tells the peer of a
 * larger window.
 */
export function applyCached(
  engine: TcpEngine,
  before: TCP_OFFLOAD_STATE_CACHED,
  cached: TCP_OFFLOAD_STATE_CACHED,
  now: number,
): void {
  const { keepAlive, ...settings } = cachedSettings(cached, engine.settings.ticksPerSecond);
  engine.reconfigure(settings);
  const keepAliveChanged =
    before.KaProbeCount !== cached.KaProbeCount ||
    before.KaTimeout !== cached.KaTimeout ||
    before.KaInterval !== cached.KaInterval;
  const restartsTime = (cached.Flags & cachedFlags.maximumTimeRestart) !== 0;
  const restartsKeepAlive =
    (cached.Flags & cachedFlags.keepAliveRestart) !== 0 || (restartsTime && keepAliveChanged);
  engine.setKeepAlive(keepAlive, restartsKeepAlive, now);
  if (restartsTime) {
    engine.variables.TotalRT = 0;
    engine.variables.totalTimeRestartedAt = now;
  }
  if ((cached.Flags & cachedFlags.updateReceiveWindow) !== 0) engine.receiveWindowChanged();
}

/**
 * The delegated variables at this instant, without data pointers. A recovery under way shows by DupAckCount, at or above
 * TcpDuplicateAckThreshold, and the receiver of the state goes on with it; what the peer has said by SACK has no member and is lost.
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
    KeepAliveTimeoutDelta:
      engine.gaveUp === 'keep-alive' ? 0 : timeoutDelta(variables.keepAliveDeadline, now, tick),
    RetransmitCount: variables.RetransmitCount,
    RetransmitTimeoutDelta:
      engine.gaveUp === 'retransmission' ? 0 : timeoutDelta(variables.retransmitDeadline, now, tick),
    SendDataHead: null,
    SendDataTail: null,
    BufferedData: null,
    SendBacklogSize: undefined,
    ReceiveBacklogSize: undefined,
  };
}

/** Ticks until a timer expires. One that has expired for good gives 0, so that the receiver of the state acts at once. */
function timeoutDelta(deadline: number, now: number, tick: number): number {
  return deadline === Infinity ? timerNotRunning : Math.max(0, Math.ceil((deadline - now) / tick));
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
  variables.sackEnabled = (constState.Flags & constFlags.sack) !== 0;
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
    settingsWith(settings, {
      ...cachedSettings(cached, settings.ticksPerSecond),
      RcvWindScale: constState.RcvWindScale,
      timestamps: variables.timestampsEnabled,
      sack: variables.sackEnabled,
    }),
    user,
    swapPortBytes(constState.LocalPort),
    swapPortBytes(constState.RemotePort),
    variables,
  );
  variables.timestampDelta = distance(engine.ticks(now), delegated.TsTime);
  const { keepAlive } = engine.settings;
  const delta = delegated.KeepAliveTimeoutDelta;
  if (delta !== timerNotRunning) {
    variables.keepAliveDeadline = now + delta * tick;
    if (!keepAlive.enabled) engine.assumeValidation();
  } else if (keepAlive.enabled) variables.keepAliveDeadline = now + keepAlive.time;
  engine.adopt(now);
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
  const { State } = delegated;
  const { FinWait1, Closing, LastAck } = TcpConnectionState;
  // A FIN in flight is retransmitted, window or not.
  if (State === FinWait1 || State === Closing || State === LastAck) return 'retransmit';
  const waitsForWindow = delegated.SndWnd === 0 && delegated.RetransmitTimeoutDelta !== timerNotRunning;
  return waitsForWindow && distance(delegated.SndUna, delegated.SndMax) <= 1 ? 'persist' : 'retransmit';
}
