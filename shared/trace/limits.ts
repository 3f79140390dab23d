/**
 * What a reader accepts. Bytes of a file may say anything; these bounds keep what they can make a reader allocate below 1 GB,
 * and each is named by the error that it causes.
 */
import { MalformedBytes } from './byteReader';

/** The limits of the format, by the name that errors give them. */
export const traceLimits = {
  /** Definitions of one kind in a trace: strings, shapes of rows, components, connections, state objects. */
  'strings of a trace': 4_000_000,
  'shapes of a trace': 65_000,
  'sites of a trace': 1_000_000,
  'components of a trace': 100_000,
  'connections of a trace': 4_000_000,
  'state objects of a trace': 8_000_000,
  'rows of a chunk': 65_536,
  /** Items of one list column, all rows of a chunk together. */
  'items of a column': 4_194_304,
  /** A return has two for each object of an initiate. */
  'columns of a shape': 400_000,
  /** Bytes of one block of a chunk once it is inflated. */
  'bytes of a block': 64 * 1024 * 1024,
  'bytes of a chunk': 192 * 1024 * 1024,
  /** Memory of its columns. */
  'bytes of a decoded chunk': 512 * 1024 * 1024,
  'chunks of an index': 4_000_000,
  'lanes of an overview': 4_096,
  'bins of an overview': 65_536,
  'numbers of an overview': 32_000_000,
  'numbers of an index': 64_000_000,
} as const;

/** @throws MalformedBytes where a count exceeds its limit. */
export function withinLimit(count: number, limit: keyof typeof traceLimits): number {
  if (count > traceLimits[limit])
    throw new MalformedBytes(`${count} ${limit} are more than the limit of ${traceLimits[limit]}`);
  return count;
}
