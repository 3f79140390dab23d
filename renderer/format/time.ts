/** Virtual time for people. Thin spaces group thousands; the unit always stands behind. */
const thinSpace = '\u2009';

/** Groups the digits of an integer by thousands: 12 345. */
export function groupDigits(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, thinSpace);
}

function groupFraction(digits: string): string {
  return digits.replace(/(\d{3})(?=\d)/g, `$1${thinSpace}`);
}

/** An instant with every nanosecond: `12.345 678 ms`; below a millisecond `345.678 µs`. */
export function formatInstant(time: number): string {
  const sign = time < 0 ? '−' : '';
  const nanoseconds = Math.round(Math.abs(time));
  const [divisor, digits, unit] =
    nanoseconds >= 1e9 ? [1e9, 9, 's'] : nanoseconds >= 1e6 ? [1e6, 6, 'ms'] : ([1e3, 3, 'µs'] as const);
  const whole = Math.floor(nanoseconds / divisor);
  const fraction = String(nanoseconds - whole * divisor).padStart(digits, '0');
  return `${sign}${groupDigits(whole)}.${groupFraction(fraction)}\u00a0${unit}`;
}

/** A length of time with at most four significant digits: `850 ns`, `12.34 µs`, `1.5 ms`. */
export function formatDuration(length: number): string {
  const sign = length < 0 ? '−' : '';
  const nanoseconds = Math.abs(length);
  const [divisor, unit] =
    nanoseconds >= 1e9
      ? [1e9, 's']
      : nanoseconds >= 1e6
        ? [1e6, 'ms']
        : nanoseconds >= 1e3
          ? [1e3, 'µs']
          : ([1, 'ns'] as const);
  const value = nanoseconds / divisor;
  const text = value >= 1000 ? groupDigits(value) : String(Number(value.toPrecision(4)));
  return `${sign}${text}\u00a0${unit}`;
}
