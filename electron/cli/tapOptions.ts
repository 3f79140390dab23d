/** Options about captures: where to listen, and how much to keep. */
import { InvalidArgumentError } from 'commander';
import type { FrameTaps } from '../../shared/capture/frameTaps';

/** Longest frame that any interface carries, bytes. */
const longestFrame = 65_535;

/** Shortest frame with anything in it: an Ethernet header. */
const leastSnapLength = 14;

/** What `--tap` is. */
export const tapHelp =
  'an interface to capture at, may be given several times; the wire sides of all adapters by default';

/** Collects the values of an option that may be given several times. */
export function collectNames(name: string, names: readonly string[] | undefined): readonly string[] {
  return [...(names ?? []), name];
}

/** Bytes to keep of each frame. */
export function parseSnapLength(text: string): number {
  if (text === 'all') return longestFrame;
  const bytes = Number(text);
  if (!/^\d+$/.test(text) || bytes < leastSnapLength || bytes > longestFrame)
    throw new InvalidArgumentError(`Bytes from ${leastSnapLength} to ${longestFrame}, or all.`);
  return bytes;
}

/** Complaint about taps that nobody has; undefined if there are none. */
export function unknownTaps(taps: FrameTaps): string | undefined {
  const { unknown, available } = taps;
  if (unknown.length === 0) return undefined;
  return `There is no interface ${unknown.join(', ')}. The interfaces are: ${available.join(', ')}.`;
}
