/** Status codes for people. */
import { statusHex, statusMeaning, statusName } from '../../shared/ddi/status';

/** What a status says about the call. */
export type StatusSeverity = 'success' | 'pending' | 'warning' | 'error';

const pending = 0x103;

/** Severity of an NDIS_STATUS: its two highest bits, with NDIS_STATUS_PENDING set apart. */
export function statusSeverity(status: number): StatusSeverity {
  if (status === pending) return 'pending';
  const severity = status >>> 30;
  return severity === 3 ? 'error' : severity === 2 ? 'warning' : 'success';
}

/** The word that repeats what colour and icon of a status say. */
export const severityWords: Readonly<Record<StatusSeverity, string>> = {
  success: 'success',
  pending: 'pending',
  warning: 'warning',
  error: 'failure',
};

/** `NDIS_STATUS_PENDING (0x00000103): what it means`. */
export function describeStatus(status: number): string {
  const name = statusName(status);
  const hex = statusHex(status);
  const meaning = statusMeaning(status);
  const head = name === hex ? hex : `${name} (${hex})`;
  return meaning === undefined ? head : `${head}: ${meaning}`;
}
