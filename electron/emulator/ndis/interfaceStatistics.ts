/** NDIS_STATISTICS_INFO, for OID_GEN_STATISTICS: what an adapter has sent and received, offloaded or not. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { beginObject, bytesOf, readObject } from './objectBytes';

/** Counters in the structure's order, each a ULONG64 from offset 8 on. */
export const interfaceCounters = [
  'ifInDiscards',
  'ifInErrors',
  'ifHCInOctets',
  'ifHCInUcastPkts',
  'ifHCInMulticastPkts',
  'ifHCInBroadcastPkts',
  'ifHCOutOctets',
  'ifHCOutUcastPkts',
  'ifHCOutMulticastPkts',
  'ifHCOutBroadcastPkts',
  'ifOutErrors',
  'ifOutDiscards',
  'ifHCInUcastOctets',
  'ifHCInMulticastOctets',
  'ifHCInBroadcastOctets',
  'ifHCOutUcastOctets',
  'ifHCOutMulticastOctets',
  'ifHCOutBroadcastOctets',
] as const;

/** A counter of the structure. */
export type InterfaceCounter = (typeof interfaceCounters)[number];

/** Values of all counters. */
export type InterfaceStatistics = Readonly<Record<InterfaceCounter, number>>;

const firstCounter = 8;

const header = {
  Type: constantValue('NDIS_OBJECT_TYPE_DEFAULT'),
  Revision: 1,
  Size: firstCounter + 8 * interfaceCounters.length,
} as const;

/** Bytes of the structure. */
export const interfaceStatisticsSize = header.Size;

/** SupportedStatistics: every NDIS_STATISTICS_FLAGS_VALID_ bit, for an adapter that keeps all counters. */
const allValid = 0x003f87ff;

/** The structure of an adapter that keeps all counters. */
export function writeInterfaceStatistics(statistics: InterfaceStatistics): Uint8Array {
  const view = beginObject(header);
  view.setUint32(4, allValid, true);
  interfaceCounters.forEach((counter, index) => {
    view.setBigUint64(firstCounter + 8 * index, BigInt(statistics[counter]), true);
  });
  return bytesOf(view);
}

/** The counters; undefined if the structure is damaged. Counts beyond 2^53 lose precision. */
export function readInterfaceStatistics(bytes: Uint8Array): InterfaceStatistics | undefined {
  const view = readObject(header, bytes);
  if (view === undefined) return undefined;
  const entries = interfaceCounters.map(
    (counter, index) => [counter, Number(view.getBigUint64(firstCounter + 8 * index, true))] as const,
  );
  return Object.fromEntries(entries) as Record<InterfaceCounter, number>;
}
