/** Amounts for people: bytes, rates, shares. */
import { groupDigits } from './time';

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const rateUnits = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'] as const;

function scaled(value: number, base: number, units: readonly string[]): string {
  let index = 0;
  let rest = value;
  while (rest >= base && index < units.length - 1) {
    rest /= base;
    index++;
  }
  const text = index === 0 ? groupDigits(rest) : String(Number(rest.toPrecision(rest >= 100 ? 4 : 3)));
  return `${text}\u00a0${units[index]!}`;
}

/** `1 500 B`, `384 KiB`, `20 MiB`: binary units. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, byteUnits);
}

/** `940 Mbit/s`: decimal units, as links are named. */
export function formatRate(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, 1000, rateUnits);
}

/** A probability or share in per cent: `0.4 %`. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(3))}\u00a0%`;
}

/** `1 call`, `12 calls`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${groupDigits(count)}\u00a0${count === 1 ? one : many}`;
}
