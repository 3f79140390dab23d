/** Quantities as people write them in a scenario: a number in the base unit, or a text with a unit. Parsed, they are numbers. */
import { z } from 'zod';

/** Units of a kind of quantity, by what they are worth in the base unit. */
type Units = Readonly<Record<string, number>>;

/** ns of each unit of time. */
export const durationUnits: Units = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, min: 60e9 };

/** Bytes of each unit of size. */
export const sizeUnits: Units = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** Bits per second of each unit of rate. */
export const rateUnits: Units = {
  'bit/s': 1,
  'kbit/s': 1e3,
  'Mbit/s': 1e6,
  'Gbit/s': 1e9,
  bps: 1,
  kbps: 1e3,
  Mbps: 1e6,
  Gbps: 1e9,
};

const escaped = (text: string): string => text.replaceAll('/', '\\/');

/** A quantity from `least` to `most` of the base unit; whole where `whole`. */
function quantity(what: string, base: string, units: Units, { least, most, example }: Bounds) {
  const names = Object.keys(units);
  const text = new RegExp(`^\\s*(\\d+(?:\\.\\d+)?)\\s*(${names.map(escaped).join('|')})\\s*$`, 'u');
  const wanted = `a ${what} such as ${example}, or a number of ${base}`;
  return z
    .union([z.number(), z.string().regex(text, `must be ${wanted}`)], { error: `must be ${wanted}` })
    .transform((value, context) => {
      const match = typeof value === 'string' ? text.exec(value) : null;
      const amount =
        typeof value === 'number' ? value : Math.round(Number(match?.[1]) * (units[match?.[2] ?? ''] ?? NaN));
      if (Number.isSafeInteger(amount) && amount >= least && amount <= most) return amount;
      context.addIssue(`must be ${wanted}, from ${least} to ${most} ${base}`);
      return z.NEVER;
    });
}

/** What is accepted, in the base unit, and an example for messages. */
interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly example: string;
}

/** Longest time that a scenario may name, ns: a day of virtual time, after which a run has stalled. */
export const longestDuration = 24 * 3600e9;

/** Virtual time; ns. */
export function duration(most = longestDuration, least = 0) {
  return quantity('time', 'ns', durationUnits, { least, most, example: '50us' });
}

/** A number of bytes. */
export function size(most: number, least = 0) {
  return quantity('size', 'bytes', sizeUnits, { least, most, example: '2MiB' });
}

/** Bits per second. */
export function rate(least: number, most: number) {
  return quantity('rate', 'bits per second', rateUnits, { least, most, example: '100Mbit/s' });
}

const fraction = /^\s*(\d{1,9})\s*\/\s*(\d{1,9})\s*$/;

/** A part of a whole, 0 to 1: a number, or a fraction such as 3/8. */
export function share(most = 1) {
  return z
    .union([z.number(), z.string().regex(fraction, 'must be a part of the whole such as 3/8 or 0.25')], {
      error: `must be a part of the whole such as 3/8 or 0.25, from 0 to ${most}`,
    })
    .transform((value, context) => {
      const match = typeof value === 'string' ? fraction.exec(value) : null;
      const part = typeof value === 'number' ? value : Number(match?.[1]) / Number(match?.[2]);
      if (part >= 0 && part <= most) return part;
      context.addIssue(`must be from 0 to ${most}`);
      return z.NEVER;
    });
}

/** A whole number. */
export function count(least: number, most: number) {
  return z
    .int({ error: `must be a whole number from ${least} to ${most}` })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });
}
