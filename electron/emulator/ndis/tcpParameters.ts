/** NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS: what the host stack tells a target about its TCP (CAP rules). */
import { decodeStructure, encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';

/** Bytes that a set must bring at least: the structure of NDIS 6.0, without CongestionAlgorithm (A33). */
export const tcpParametersSize = objectHeader('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', { revision: 1 }).Size;

/** The members that a target must honour. */
export interface TcpParameters {
  readonly TicksPerSecond: number;
  readonly TcpAckFrequency: number;
  readonly TcpDelayedAckTicks: number;
  readonly TcpMaximumRetransmissions: number;
  readonly TcpDuplicateAckThreshold: number;
  readonly TcpPushTicks: number;
  readonly NceStaleTicks: number;
}

/** The structure for OID_TCP_CONNECTION_OFFLOAD_PARAMETERS. */
export function writeTcpParameters(parameters: TcpParameters): Uint8Array {
  return encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', {
    Header: objectHeader('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS'),
    ...parameters,
  });
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
    TcpPushTicks: values.TcpPushTicks ?? 0,
    NceStaleTicks: values.NceStaleTicks ?? 0,
  };
}
