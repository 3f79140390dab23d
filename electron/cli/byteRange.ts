/** The part of a file that a request asks for (RFC 9110 section 14.1.2). */

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a Range header for a file of `size` bytes: the range; `all` where there is no header or one that a server may ignore (another unit,
 * several ranges, nonsense); `none` where the file has no such bytes.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'all' | 'none' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return 'all';
  if (match[1] === '') {
    const length = Math.min(size, Number(match[2]));
    return length === 0 ? 'none' : { first: size - length, last: size - 1 };
  }
  const first = Number(match[1]);
  const last = match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (match[2] !== '' && Number(match[2]) < first) return 'all';
  return first >= size ? 'none' : { first, last };
}
