import { guidText, hexBytes, hexNumber, linkAddressText } from './addressText';
import { flagNames, nameInGroup } from './catalogue';
import type { StructureField } from './catalogueTypes';
import type { StructureName } from './generated/structures';
import { statusName } from './status';
import type { FieldValue } from './structureValues';

/** What the text of a value may draw on beyond the catalogue. */
export interface TextOptions {
  /** Name of what an address points at, undefined if unknown. */
  readonly addressName?: (address: bigint) => string | undefined;
  /** Clock rate of tick values; adds the time in seconds. */
  readonly ticksPerSecond?: number;
  /**
   * Byte order of the two port members; the pages leave it open, network order is the reading chosen (A30).
   */
  readonly portByteOrder?: 'network' | 'host';
}

const NOT_RUNNING: ReadonlyMap<number, string> = new Map([[0xffffffff, 'not running']]);
const UNSUPPORTED: ReadonlyMap<number, string> = new Map([[0xffffffff, 'not supported']]);

/** Values that stand for something other than their number. */
const specialValues: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  'TCP_OFFLOAD_STATE_DELEGATED.KeepAlive.TimeoutDelta': NOT_RUNNING,
  'TCP_OFFLOAD_STATE_DELEGATED.Retransmit.TimeoutDelta': NOT_RUNNING,
  'TCP_OFFLOAD_STATE_DELEGATED.SendBacklogSize': UNSUPPORTED,
  'TCP_OFFLOAD_STATE_DELEGATED.ReceiveBacklogSize': UNSUPPORTED,
  'TCP_OFFLOAD_STATE_CACHED.MaxRT': new Map([
    [0, '0 (TcpMaximumRetransmissions applies)'],
    [0xffffffff, 'no limit'],
  ]),
  'TCP_OFFLOAD_STATE_CACHED.RcvIndicationSize': new Map([[0, '0 (unspecified)']]),
  'NDIS_OID_REQUEST.Timeout': new Map([[0, '0 (no timeout)']]),
};

/** Numbers that are not read as plain decimals. */
const numberForms: Readonly<Record<string, 'port' | 'hexadecimal' | 'poolTag'>> = {
  'TCP_OFFLOAD_STATE_CONST.RemotePort': 'port',
  'TCP_OFFLOAD_STATE_CONST.LocalPort': 'port',
  'TCP_OFFLOAD_STATE_CONST.HashValue': 'hexadecimal',
  'TCP_OFFLOAD_STATE_CACHED.FlowLabel': 'hexadecimal',
  'TCP_OFFLOAD_STATE_CACHED.TosOrTrafficClass': 'hexadecimal',
  'NET_BUFFER_LIST_POOL_PARAMETERS.PoolTag': 'poolTag',
  'NET_BUFFER_POOL_PARAMETERS.PoolTag': 'poolTag',
};

/** Units that are words to put behind a number; the others describe the value's nature. */
const wordUnits = new Set([
  'bytes',
  'ticks',
  'seconds',
  'segments',
  'connections',
  'packets',
  'datagrams',
  'hops',
]);

/**
 * Exchanges the two bytes of a 16-bit number: a port in network order as a little-endian USHORT, and back.
 */
export function swapPortBytes(port: number): number {
  return ((port & 0xff) << 8) | ((port >> 8) & 0xff);
}

function poolTagText(value: number): string {
  const bytes = [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  const printable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  return printable ? `'${String.fromCharCode(...bytes)}'` : hexNumber(value, 8);
}

function quantityText(value: number | bigint, unit: string, options: TextOptions): string {
  const one = value === 1 || value === 1n;
  const text = `${value} ${one ? unit.slice(0, -1) : unit}`;
  if (unit !== 'ticks' || typeof value !== 'number' || !options.ticksPerSecond) return text;
  return `${text} (${Number((value / options.ticksPerSecond).toFixed(3))} s)`;
}

function enumText(field: StructureField, value: number): string | undefined {
  if (field.enumGroup === undefined) return undefined;
  return nameInGroup(field.enumGroup, value) ?? `unknown (${hexNumber(value)})`;
}

function flagsText(field: StructureField, value: number): string {
  const digits = field.size * 2;
  if (field.flagsGroup === undefined) return hexNumber(value, digits);
  const { names, unknownBits } = flagNames(field.flagsGroup, value);
  const parts = unknownBits === 0 ? names : [...names, hexNumber(unknownBits, digits)];
  return parts.length === 0 ? '0' : parts.join(' | ');
}

function numberText(path: string, field: StructureField, value: number, options: TextOptions): string {
  const special = specialValues[path]?.get(value);
  if (special !== undefined) return special;
  const form = numberForms[path];
  if (form === 'port') return String(options.portByteOrder === 'host' ? value : swapPortBytes(value));
  if (form === 'poolTag') return poolTagText(value);
  if (form === 'hexadecimal') return hexNumber(value, Math.ceil((field.bitWidth ?? field.size * 8) / 4));
  if (field.unit === 'boolean') return value === 0 ? 'FALSE' : value === 1 ? 'TRUE' : `TRUE (${value})`;
  if (field.unit === 'NDIS_STATUS') return statusName(value);
  if (field.unit === 'OID') return nameInGroup('OID', value) ?? hexNumber(value, 8);
  if (field.unit === 'flags') return flagsText(field, value);
  const named = enumText(field, value);
  if (named !== undefined) return named;
  if (field.unit !== undefined && wordUnits.has(field.unit)) return quantityText(value, field.unit, options);
  return field.unit === 'bits/s' || field.unit === 'ticks/s' ? `${value} ${field.unit}` : String(value);
}

/** An address: NULL, or 16 hexadecimal digits with the name of what it points at. */
export function addressText(value: bigint, options: TextOptions = {}, handler?: string): string {
  if (value === 0n) return 'NULL';
  const name = options.addressName?.(value) ?? handler;
  return name === undefined ? hexNumber(value, 16) : `${hexNumber(value, 16)} (${name})`;
}

function wideText(field: StructureField, value: bigint, options: TextOptions): string {
  if (field.kind !== 'unsigned64') return addressText(value, options, field.handler);
  if (field.unit === 'boolean') return value === 0n ? 'FALSE' : 'TRUE';
  if (field.unit === 'bits/s') return `${value} bits/s`;
  if (field.unit !== undefined && wordUnits.has(field.unit)) return quantityText(value, field.unit, options);
  return field.unit === undefined || field.unit === 'physical address' ? hexNumber(value, 16) : String(value);
}

function bytesText(field: StructureField, value: Uint8Array): string {
  if (field.unit === 'MAC bytes') return linkAddressText(value);
  if (field.ctype === 'GUID' && value.length === 16) return guidText(value);
  if (value.length > 0 && value.every((byte) => byte === 0)) return `${value.length} zero bytes`;
  return hexBytes(value);
}

/**
 * A field's value for people: names of enumeration values, flags and statuses, addresses, numbers with their
 * unit.
 */
export function fieldText(
  structure: StructureName,
  field: StructureField,
  value: Exclude<FieldValue, { readonly [field: string]: FieldValue }>,
  options: TextOptions = {},
): string {
  if (typeof value === 'number') return numberText(`${structure}.${field.name}`, field, value, options);
  if (typeof value === 'bigint') return wideText(field, value, options);
  if (value instanceof Uint8Array) return bytesText(field, value);
  const elements = value.map((element) => addressText(element, options));
  return elements.every((element) => element === 'NULL') ? `${elements.length} x NULL` : elements.join(', ');
}
