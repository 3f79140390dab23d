import { constantEntries, ndisStatusValues } from './generated/constants';

/** An NDIS_STATUS or NTSTATUS code as an unsigned 32-bit number; compare all 32 bits, low words coincide. */
export type NdisStatus = number;

/**
 * This project's own number for NDIS_STATUS_OFFLOAD_PATH_MTU. Two reference pages require the status, but no
 * public header gives it a number (ambiguity A5). Bit 29, the customer bit of status codes, is set: no
 * published code has it, so the number can collide with none of them.
 */
export const PROJECT_STATUS_OFFLOAD_PATH_MTU = 0xe0231014;

/** Every NDIS_STATUS_ code by its name without the prefix; OFFLOAD_PATH_MTU is this project's own number. */
export const NDIS_STATUS = Object.freeze({
  ...ndisStatusValues,
  OFFLOAD_PATH_MTU: PROJECT_STATUS_OFFLOAD_PATH_MTU,
} as const);

/** The keys of NDIS_STATUS. */
export type NdisStatusKey = keyof typeof NDIS_STATUS;

const namesByStatus = new Map<NdisStatus, string>();
for (const [key, value] of Object.entries(NDIS_STATUS)) {
  if (!namesByStatus.has(value)) namesByStatus.set(value, `NDIS_STATUS_${key}`);
}
for (const entry of constantEntries) {
  if (entry.group !== 'ntstatus' || entry.value === null) continue;
  if (!namesByStatus.has(entry.value)) namesByStatus.set(entry.value, entry.name);
}

const meaningsByName = new Map<string, string>(constantEntries.map((entry) => [entry.name, entry.meaning]));

/** Eight hexadecimal digits, such as `0xC0231003`. */
export function statusHex(value: NdisStatus): string {
  return `0x${(value >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;
}

/**
 * Name of a status code, the NDIS_STATUS_ spelling where there is one, eight hexadecimal digits for unknown
 * codes. Signed 32-bit input gives the same answer as unsigned input.
 */
export function statusName(value: NdisStatus): string {
  return namesByStatus.get(value >>> 0) ?? statusHex(value);
}

/** What a status code says, or undefined for unknown codes. */
export function statusMeaning(value: NdisStatus): string | undefined {
  const name = namesByStatus.get(value >>> 0);
  return name === undefined ? undefined : meaningsByName.get(name);
}

/**
 * Whether a status is one that no public source gives a number for, so that the number is this project's own.
 */
export function isProjectStatus(value: NdisStatus): boolean {
  return value >>> 0 === PROJECT_STATUS_OFFLOAD_PATH_MTU;
}
