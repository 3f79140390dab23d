/** Units of numbers. Sizes are powers of 1,024, as the WDK counts memory; times are virtual time in nanoseconds. */
import type { Quantity } from './syntax';

/** One unit as it is written behind a number. */
export interface Unit {
  readonly name: string;
  readonly quantity: Quantity;
  /** Bytes or nanoseconds. */
  readonly factor: number;
}

const kibi = 1024;

/** All units. */
export const units: readonly Unit[] = [
  { name: 'B', quantity: 'bytes', factor: 1 },
  ...['K', 'k', 'KB', 'kB', 'KiB'].map((name): Unit => ({ name, quantity: 'bytes', factor: kibi })),
  ...['M', 'MB', 'MiB'].map((name): Unit => ({ name, quantity: 'bytes', factor: kibi ** 2 })),
  ...['G', 'GB', 'GiB'].map((name): Unit => ({ name, quantity: 'bytes', factor: kibi ** 3 })),
  { name: 'ns', quantity: 'time', factor: 1 },
  { name: 'us', quantity: 'time', factor: 1e3 },
  { name: 'µs', quantity: 'time', factor: 1e3 },
  { name: 'μs', quantity: 'time', factor: 1e3 },
  { name: 'ms', quantity: 'time', factor: 1e6 },
  { name: 's', quantity: 'time', factor: 1e9 },
  { name: 'min', quantity: 'time', factor: 60e9 },
];

const unitsByName = new Map(units.map((unit) => [unit.name, unit]));

/** A unit by its exact spelling. */
export function unitOf(name: string): Unit | undefined {
  return unitsByName.get(name);
}
