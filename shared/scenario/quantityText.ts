/** Writes quantities as people do: `50us`, `2MiB`, `1Gbit/s`; what is read back is the same number. */
import { durationUnits, rateUnits, sizeUnits } from './quantities';

/** What a number of a scenario may be. */
export type QuantityKind = 'duration' | 'size' | 'rate';

const units = {
  duration: ['min', 's', 'ms', 'us', 'ns'].map((unit) => [unit, durationUnits[unit]!] as const),
  size: ['GiB', 'MiB', 'KiB'].map((unit) => [unit, sizeUnits[unit]!] as const),
  rate: ['Gbit/s', 'Mbit/s', 'kbit/s', 'bit/s'].map((unit) => [unit, rateUnits[unit]!] as const),
} satisfies Record<QuantityKind, readonly (readonly [string, number])[]>;

/** Longest fraction that is still easier to read than the next smaller unit. */
const readable = /^\d+(\.\d{1,2})?$/;

/** A number of ns, bytes or bits per second with the largest unit in which it is short and exact; plain where there is none. */
export function quantityText(value: number, kind: QuantityKind): string {
  for (const [unit, worth] of units[kind]) {
    if (value < worth) continue;
    const text = String(value / worth);
    if (readable.test(text) && Math.round(Number(text) * worth) === value) return `${text}${unit}`;
  }
  return String(value);
}

/** What the pattern of a quantity's text says that it is; undefined for other patterns. */
export function quantityKind(pattern: string | undefined): QuantityKind | undefined {
  if (pattern === undefined) return undefined;
  if (pattern.includes('|us|')) return 'duration';
  if (pattern.includes('KiB')) return 'size';
  return pattern.includes('bit') ? 'rate' : undefined;
}
