import type { TcpParameters } from '../../electron/emulator/ndis/tcpParameters';

/** Parameters that a test sets by OID: 100 ticks a second, unlike the host stack of the emulator. */
export const tcpParameters: TcpParameters = {
  TicksPerSecond: 100,
  TcpAckFrequency: 2,
  TcpDelayedAckTicks: 20,
  TcpMaximumRetransmissions: 5,
  TcpDuplicateAckThreshold: 3,
  TcpPushTicks: 50,
  TcpSwsPreventionTicks: 30,
  NceStaleTicks: 3000,
  TcpDoubtReachabilityRetransmissions: 0,
};
