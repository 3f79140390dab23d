/** NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS: what the host stack tells a target about its TCP (CAP rules). */
import { constantValue, structureLayout } from '../../../shared/ddi/catalogue';
import { decodeStructure, encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import {
  encapsulationValues,
  offloadEncapsulationSize,
  readOffloadEncapsulation,
  type Encapsulation,
  type OffloadEncapsulation,
} from './taskOffload';

const encapsulationAt = structureLayout('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS').fields.find(
  (field) => field.name === 'Encapsulation',
)!.offset;

/** Bytes that a set must bring at least: the structure of NDIS 6.0, without CongestionAlgorithm (A33). */
export const tcpParametersSize = objectHeader('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', { revision: 1 }).Size;

/** The members that a target must honour, and those that it should. */
export interface TcpParameters {
  readonly TicksPerSecond: number;
  readonly TcpAckFrequency: number;
  readonly TcpDelayedAckTicks: number;
  readonly TcpMaximumRetransmissions: number;
  readonly TcpDuplicateAckThreshold: number;
  /** Retransmissions of one segment after which the target doubts the neighbor (TMR-016); 0 for never. */
  readonly TcpDoubtReachabilityRetransmissions: number;
  readonly TcpPushTicks: number;
  /** Period of both timers of silly-window avoidance (TMR-065); 0: the target has one of its own. */
  readonly TcpSwsPreventionTicks: number;
  readonly NceStaleTicks: number;
}

/** Untagged Ethernet II frames. */
const ethernet: Encapsulation = {
  Enabled: constantValue('NDIS_OFFLOAD_SET_ON'),
  EncapsulationType: constantValue('NDIS_ENCAPSULATION_IEEE_802_3'),
  HeaderSize: 14,
};

/** The structure for OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, by default for a host stack on Ethernet. */
export function writeTcpParameters(
  parameters: TcpParameters,
  encapsulation: OffloadEncapsulation = { IPv4: ethernet, IPv6: ethernet },
): Uint8Array {
  return encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', {
    Header: objectHeader('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS'),
    Encapsulation: encapsulationValues(encapsulation),
    ...parameters,
  });
}

/** How the host stack frames what it offloads; undefined if the structure is too short. */
export function readTcpEncapsulation(bytes: Uint8Array): OffloadEncapsulation | undefined {
  return readOffloadEncapsulation(
    bytes.subarray(encapsulationAt, encapsulationAt + offloadEncapsulationSize),
  );
}

/** Decodes the structure; undefined if it is too short or its ticks are none of 10, 100 and 1000 a second. */
export function readTcpParameters(bytes: Uint8Array): TcpParameters | undefined {
  const decoded = decodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', bytes);
  if (!decoded.ok) return undefined;
  const { values } = decoded.value;
  const TicksPerSecond = values.TicksPerSecond ?? 0;
  if (![10, 100, 1000].includes(TicksPerSecond)) return undefined;
  return {
    TicksPerSecond,
    TcpAckFrequency: values.TcpAckFrequency ?? 0,
    TcpDelayedAckTicks: values.TcpDelayedAckTicks ?? 0,
    TcpMaximumRetransmissions: values.TcpMaximumRetransmissions ?? 0,
    TcpDuplicateAckThreshold: values.TcpDuplicateAckThreshold ?? 0,
    TcpDoubtReachabilityRetransmissions: values.TcpDoubtReachabilityRetransmissions ?? 0,
    TcpPushTicks: values.TcpPushTicks ?? 0,
    TcpSwsPreventionTicks: values.TcpSwsPreventionTicks ?? 0,
    NceStaleTicks: values.NceStaleTicks ?? 0,
  };
}
