/** State structures that the target is to fill, for queries and terminates. */
import {
  timerNotRunning,
  type AttachedState,
  type TCP_OFFLOAD_STATE_CACHED,
  type TCP_OFFLOAD_STATE_CONST,
  type TCP_OFFLOAD_STATE_DELEGATED,
} from '../kit';
import { ipAddressLengths } from '../wire/address';
import type { OffloadRecord } from './offloadRecord';

/** The class or classes of variables that a block carries. */
export type StateClasses = 'const' | 'cached' | 'delegated' | 'all';

/** A delegated TCP structure for the target to fill. */
export function unfilledDelegated(): TCP_OFFLOAD_STATE_DELEGATED {
  return {
    State: 0,
    RcvNxt: 0,
    RcvWnd: 0,
    SndUna: 0,
    SndNxt: 0,
    SndMax: 0,
    SndWnd: 0,
    MaxSndWnd: 0,
    SendWL1: 0,
    CWnd: 0,
    SsThresh: 0,
    SRtt: 0,
    RttVar: 0,
    TsRecent: 0,
    TsRecentAge: 0,
    TsTime: 0,
    TotalRT: 0,
    DupAckCount: 0,
    SndWndProbeCount: 0,
    KeepAliveProbeCount: 0,
    KeepAliveTimeoutDelta: timerNotRunning,
    RetransmitCount: 0,
    RetransmitTimeoutDelta: timerNotRunning,
    SendDataHead: null,
    SendDataTail: null,
    BufferedData: null,
    SendBacklogSize: undefined,
    ReceiveBacklogSize: undefined,
  };
}

function unfilledConst(): TCP_OFFLOAD_STATE_CONST {
  return {
    Flags: 0,
    RemotePort: 0,
    LocalPort: 0,
    SndWindScale: 0,
    RcvWindScale: 0,
    RemoteMss: 0,
    HashValue: 0,
  };
}

function unfilledCached(): TCP_OFFLOAD_STATE_CACHED {
  return {
    Flags: 0,
    InitialRcvWnd: 0,
    RcvIndicationSize: 0,
    KaProbeCount: 0,
    KaTimeout: 0,
    KaInterval: 0,
    MaxRT: 0,
    FlowLabel: 0,
    TtlOrHopLimit: 0,
    TosOrTrafficClass: 0,
    UserPriority: 0,
  };
}

/** Structures of one class or of all three, for one layer; a path's addresses are of its IP version. */
export function unfilledState(
  { layer, version }: Pick<OffloadRecord, 'layer' | 'version'>,
  classes: StateClasses,
): AttachedState {
  const address = (): Uint8Array => new Uint8Array(ipAddressLengths[version]);
  const wants = (one: StateClasses): boolean => classes === one || classes === 'all';
  switch (layer) {
    case 'neighbor':
      return {
        layer,
        ...(wants('const') ? { const: { DlSourceAddress: new Uint8Array(32), VlanId: 0 } } : {}),
        ...(wants('cached')
          ? { cached: { DlDestinationAddress: new Uint8Array(32), HostReachabilityDelta: 0 } }
          : {}),
        ...(wants('delegated') ? { delegated: { NicReachabilityDelta: 0 } } : {}),
      };
    case 'path':
      return {
        layer,
        ...(wants('const') ? { const: { SourceAddress: address(), DestinationAddress: address() } } : {}),
        ...(wants('cached') ? { cached: { PathMtu: 0 } } : {}),
        ...(wants('delegated') ? { delegated: {} } : {}),
      };
    case 'tcp':
      return {
        layer,
        ...(wants('const') ? { const: unfilledConst() } : {}),
        ...(wants('cached') ? { cached: unfilledCached() } : {}),
        ...(wants('delegated') ? { delegated: unfilledDelegated() } : {}),
      };
  }
}
