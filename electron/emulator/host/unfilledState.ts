/**
 * State structures that the target is to fill, for queries and terminates. What has 32 bits holds a value that it never has, so that a target
 * which leaves it out is seen at once (QRY-002).
 */
import { unwrittenStatus } from '../../../shared/trace/unwrittenStatus';
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
    RcvNxt: unwrittenStatus,
    RcvWnd: unwrittenStatus,
    SndUna: unwrittenStatus,
    SndNxt: unwrittenStatus,
    SndMax: unwrittenStatus,
    SndWnd: unwrittenStatus,
    MaxSndWnd: unwrittenStatus,
    SendWL1: unwrittenStatus,
    CWnd: unwrittenStatus,
    SsThresh: unwrittenStatus,
    SRtt: 0,
    RttVar: 0,
    TsRecent: unwrittenStatus,
    TsRecentAge: unwrittenStatus,
    TsTime: unwrittenStatus,
    TotalRT: unwrittenStatus,
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
    HashValue: unwrittenStatus,
  };
}

function unfilledCached(): TCP_OFFLOAD_STATE_CACHED {
  return {
    Flags: 0,
    InitialRcvWnd: unwrittenStatus,
    RcvIndicationSize: unwrittenStatus,
    KaProbeCount: 0,
    KaTimeout: unwrittenStatus,
    KaInterval: unwrittenStatus,
    MaxRT: unwrittenStatus,
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
          ? { cached: { DlDestinationAddress: new Uint8Array(32), HostReachabilityDelta: unwrittenStatus } }
          : {}),
        ...(wants('delegated') ? { delegated: { NicReachabilityDelta: unwrittenStatus } } : {}),
      };
    case 'path':
      return {
        layer,
        ...(wants('const') ? { const: { SourceAddress: address(), DestinationAddress: address() } } : {}),
        ...(wants('cached') ? { cached: { PathMtu: unwrittenStatus } } : {}),
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
