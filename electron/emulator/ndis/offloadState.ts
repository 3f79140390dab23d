/**
 * The state structures that travel behind block lists, member for member (ns-ndischimney-_*_offload_state_*). Header members are
 * left out: NDIS fills them (TRE-014). Pointers to NET_BUFFER_LISTs are references.
 */
import type { NET_BUFFER_LIST } from './netBufferList';

/** NEIGHBOR_OFFLOAD_STATE_CONST. */
export interface NEIGHBOR_OFFLOAD_STATE_CONST {
  /** 32 bytes; all zero means the interface's own address. */
  readonly DlSourceAddress: Uint8Array;
  readonly VlanId: number;
}

/** NEIGHBOR_OFFLOAD_STATE_CACHED. */
export interface NEIGHBOR_OFFLOAD_STATE_CACHED {
  /** 32 bytes, the first 6 are the next hop's Ethernet address. */
  readonly DlDestinationAddress: Uint8Array;
  /** Ticks. */
  readonly HostReachabilityDelta: number;
}

/** NEIGHBOR_OFFLOAD_STATE_DELEGATED. */
export interface NEIGHBOR_OFFLOAD_STATE_DELEGATED {
  /** Ticks. */
  NicReachabilityDelta: number;
}

/** PATH_OFFLOAD_STATE_CONST: addresses in network order, 4 bytes for IPv4 and 16 for IPv6. */
export interface PATH_OFFLOAD_STATE_CONST {
  readonly SourceAddress: Uint8Array;
  readonly DestinationAddress: Uint8Array;
}

/** PATH_OFFLOAD_STATE_CACHED. */
export interface PATH_OFFLOAD_STATE_CACHED {
  /** Bytes. */
  readonly PathMtu: number;
}

/** PATH_OFFLOAD_STATE_DELEGATED has a header only. */
export interface PATH_OFFLOAD_STATE_DELEGATED {
  /** Header.Length, where somebody says something else than what NDIS writes there. */
  readonly Length?: number;
}

/** TCP_OFFLOAD_STATE_CONST; ports in network order (A30). */
export interface TCP_OFFLOAD_STATE_CONST {
  readonly Flags: number;
  readonly RemotePort: number;
  readonly LocalPort: number;
  readonly SndWindScale: number;
  readonly RcvWindScale: number;
  readonly RemoteMss: number;
  readonly HashValue: number;
}

/** TCP_OFFLOAD_STATE_CACHED; times in ticks. */
export interface TCP_OFFLOAD_STATE_CACHED {
  readonly Flags: number;
  readonly InitialRcvWnd: number;
  readonly RcvIndicationSize: number;
  readonly KaProbeCount: number;
  readonly KaTimeout: number;
  readonly KaInterval: number;
  readonly MaxRT: number;
  readonly FlowLabel: number;
  readonly TtlOrHopLimit: number;
  readonly TosOrTrafficClass: number;
  readonly UserPriority: number;
}

/** TCP_OFFLOAD_STATE_DELEGATED; times in ticks, SRtt times 8, RttVar times 4. */
export interface TCP_OFFLOAD_STATE_DELEGATED {
  State: number;
  /** For the system; 0 if absent (INI-016). */
  Flags?: number;
  RcvNxt: number;
  RcvWnd: number;
  SndUna: number;
  SndNxt: number;
  SndMax: number;
  SndWnd: number;
  MaxSndWnd: number;
  SendWL1: number;
  CWnd: number;
  SsThresh: number;
  SRtt: number;
  RttVar: number;
  TsRecent: number;
  TsRecentAge: number;
  TsTime: number;
  TotalRT: number;
  DupAckCount: number;
  SndWndProbeCount: number;
  KeepAliveProbeCount: number;
  /** 0xFFFFFFFF while the timer is stopped. */
  KeepAliveTimeoutDelta: number;
  RetransmitCount: number;
  /** 0xFFFFFFFF while none of the timers that share it runs. */
  RetransmitTimeoutDelta: number;
  /** On initiate and terminate: first and last NET_BUFFER_LIST with send data. */
  SendDataHead: NET_BUFFER_LIST | null;
  SendDataTail: NET_BUFFER_LIST | null;
  /** On initiate and terminate: received data that has not been delivered. */
  BufferedData: NET_BUFFER_LIST | null;
  /** On query, in place of the pointers: bytes; 0xFFFFFFFF is "not supported". */
  SendBacklogSize: number | undefined;
  ReceiveBacklogSize: number | undefined;
}

/** Stands for a timer that doesn't run, in TimeoutDelta members. */
export const timerNotRunning = 0xffff_ffff;

/** What may stand behind a block list, by the layer of the block. */
export type AttachedState =
  | {
      readonly layer: 'neighbor';
      readonly const?: NEIGHBOR_OFFLOAD_STATE_CONST;
      readonly cached?: NEIGHBOR_OFFLOAD_STATE_CACHED;
      readonly delegated?: NEIGHBOR_OFFLOAD_STATE_DELEGATED;
    }
  | {
      readonly layer: 'path';
      readonly const?: PATH_OFFLOAD_STATE_CONST;
      readonly cached?: PATH_OFFLOAD_STATE_CACHED;
      readonly delegated?: PATH_OFFLOAD_STATE_DELEGATED;
    }
  | {
      readonly layer: 'tcp';
      const?: TCP_OFFLOAD_STATE_CONST;
      cached?: TCP_OFFLOAD_STATE_CACHED;
      delegated?: TCP_OFFLOAD_STATE_DELEGATED;
    };
