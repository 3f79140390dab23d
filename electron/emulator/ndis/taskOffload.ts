/** NDIS_OFFLOAD and what sets it: the tasks that an adapter can do for the host path, one packet at a time. */
import { constantValue, structureLayout } from '../../../shared/ddi/catalogue';
import { decodeStructure, encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';

/** Task offloads that matter here. */
export interface TaskOffload {
  /** NDIS_ENCAPSULATION_ bits for which the tasks are done; 0 if there are none. */
  readonly encapsulation: number;
  /** The adapter computes the TCP checksum of IPv4 packets that it sends. */
  readonly transmitTcpChecksum: boolean;
}

/** No task at all. */
export const noTaskOffload: TaskOffload = { encapsulation: 0, transmitTcpChecksum: false };

/** Bytes of NDIS_OFFLOAD. */
export const taskOffloadSize = structureLayout('NDIS_OFFLOAD').size;

const supported = constantValue('NDIS_OFFLOAD_SUPPORTED');

/** The structure; revision 1, so that a host of NDIS 6.0 understands it. */
export function writeTaskOffload(offload: TaskOffload): Uint8Array {
  const { transmitTcpChecksum, encapsulation } = offload;
  return encodeStructure('NDIS_OFFLOAD', {
    Header: objectHeader('NDIS_OFFLOAD', { revision: 1 }),
    Checksum: transmitTcpChecksum
      ? {
          'IPv4Transmit.Encapsulation': encapsulation,
          'IPv4Transmit.TcpOptionsSupported': supported,
          'IPv4Transmit.TcpChecksum': supported,
        }
      : {},
  });
}

/** Decodes NDIS_OFFLOAD; undefined if it is too short. */
export function readTaskOffload(bytes: Uint8Array): TaskOffload | undefined {
  const decoded = decodeStructure('NDIS_OFFLOAD', bytes);
  if (!decoded.ok) return undefined;
  const checksum = decoded.value.values.Checksum as Readonly<Record<string, unknown>> | undefined;
  return {
    encapsulation: Number(checksum?.['IPv4Transmit.Encapsulation'] ?? 0),
    transmitTcpChecksum: checksum?.['IPv4Transmit.TcpChecksum'] === supported,
  };
}

/** NDIS_OFFLOAD_PARAMETERS_ values for a checksum task. */
export const checksumSettings = {
  NO_CHANGE: 0,
  TX_RX_DISABLED: 1,
  TX_ENABLED_RX_DISABLED: 2,
  RX_ENABLED_TX_DISABLED: 3,
  TX_RX_ENABLED: 4,
} as const;

/** Members of NDIS_OFFLOAD_PARAMETERS that this project's adapters know; 0 is NO_CHANGE everywhere. */
export interface OffloadParameters {
  /** One of {@link checksumSettings}. */
  readonly TCPIPv4Checksum: number;
  /** NDIS_OFFLOAD_PARAMETERS_CONNECTION_OFFLOAD_ENABLED or _DISABLED: connection offload over IPv4. */
  readonly TcpConnectionIPv4: number;
  readonly TcpConnectionIPv6: number;
}

/** Bytes that a set of OID_TCP_OFFLOAD_PARAMETERS must bring at least: those of NDIS 6.0. */
export const offloadParametersSize = objectHeader('NDIS_OFFLOAD_PARAMETERS', { revision: 1 }).Size;

/** The structure; what is not named stays as it is. */
export function writeOffloadParameters(parameters: Partial<OffloadParameters>): Uint8Array {
  return encodeStructure('NDIS_OFFLOAD_PARAMETERS', {
    Header: objectHeader('NDIS_OFFLOAD_PARAMETERS'),
    ...parameters,
  });
}

/** Decodes the structure; undefined if it is too short or holds a value that the members do not have. */
export function readOffloadParameters(bytes: Uint8Array): OffloadParameters | undefined {
  const decoded = decodeStructure('NDIS_OFFLOAD_PARAMETERS', bytes);
  if (!decoded.ok) return undefined;
  const { TCPIPv4Checksum = 0, TcpConnectionIPv4 = 0, TcpConnectionIPv6 = 0 } = decoded.value.values;
  const isValid =
    TCPIPv4Checksum <= checksumSettings.TX_RX_ENABLED && TcpConnectionIPv4 <= 2 && TcpConnectionIPv6 <= 2;
  return isValid ? { TCPIPv4Checksum, TcpConnectionIPv4, TcpConnectionIPv6 } : undefined;
}

/** What OID_OFFLOAD_ENCAPSULATION sets for one IP version. */
export interface Encapsulation {
  /** NDIS_OFFLOAD_SET_ON, _OFF or _NO_CHANGE. */
  readonly Enabled: number;
  /** An NDIS_ENCAPSULATION_ value; 0 unless Enabled is NDIS_OFFLOAD_SET_ON. */
  readonly EncapsulationType: number;
  /** Bytes in front of the IP header; 0 unless Enabled is NDIS_OFFLOAD_SET_ON. */
  readonly HeaderSize: number;
}

/** Both IP versions. */
export interface OffloadEncapsulation {
  readonly IPv4: Encapsulation;
  readonly IPv6: Encapsulation;
}

/** An IP version for which nothing is to change. */
export const sameEncapsulation: Encapsulation = { Enabled: 0, EncapsulationType: 0, HeaderSize: 0 };

/** What holds after a set of OID_OFFLOAD_ENCAPSULATION. */
export function mergeEncapsulation(
  before: OffloadEncapsulation,
  wanted: OffloadEncapsulation,
): OffloadEncapsulation {
  const merge = (version: 'IPv4' | 'IPv6'): Encapsulation =>
    wanted[version].Enabled === constantValue('NDIS_OFFLOAD_SET_NO_CHANGE')
      ? before[version]
      : wanted[version];
  return { IPv4: merge('IPv4'), IPv6: merge('IPv6') };
}

/** Bytes of NDIS_OFFLOAD_ENCAPSULATION. */
export const offloadEncapsulationSize = objectHeader('NDIS_OFFLOAD_ENCAPSULATION').Size;

/** The members of NDIS_OFFLOAD_ENCAPSULATION. */
export function encapsulationValues({ IPv4, IPv6 }: OffloadEncapsulation) {
  return {
    Header: objectHeader('NDIS_OFFLOAD_ENCAPSULATION'),
    'IPv4.Enabled': IPv4.Enabled,
    'IPv4.EncapsulationType': IPv4.EncapsulationType,
    'IPv4.HeaderSize': IPv4.HeaderSize,
    'IPv6.Enabled': IPv6.Enabled,
    'IPv6.EncapsulationType': IPv6.EncapsulationType,
    'IPv6.HeaderSize': IPv6.HeaderSize,
  };
}

/** NDIS_OFFLOAD_ENCAPSULATION. */
export function writeOffloadEncapsulation(encapsulation: OffloadEncapsulation): Uint8Array {
  return encodeStructure('NDIS_OFFLOAD_ENCAPSULATION', encapsulationValues(encapsulation));
}

/** Decodes NDIS_OFFLOAD_ENCAPSULATION; undefined if it is too short. */
export function readOffloadEncapsulation(bytes: Uint8Array): OffloadEncapsulation | undefined {
  const decoded = decodeStructure('NDIS_OFFLOAD_ENCAPSULATION', bytes);
  if (!decoded.ok) return undefined;
  const { values } = decoded.value;
  const version = (name: 'IPv4' | 'IPv6'): Encapsulation => ({
    Enabled: values[`${name}.Enabled`] ?? 0,
    EncapsulationType: values[`${name}.EncapsulationType`] ?? 0,
    HeaderSize: values[`${name}.HeaderSize`] ?? 0,
  });
  return { IPv4: version('IPv4'), IPv6: version('IPv6') };
}
