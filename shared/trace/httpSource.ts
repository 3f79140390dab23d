/** A trace on a web server that knows ranges (RFC 9110 section 14), read here and there without being downloaded. */
import { fail, succeed, type Result } from '../base/result';
import type { TraceSource } from './traceSource';

/** What is needed of an answer; a `Response` has it. */
export interface RangeResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Asks a server; `fetch` does. Rejects where there is no answer. */
export type RangeFetch = (
  url: string,
  request: { readonly headers: Readonly<Record<string, string>> },
) => Promise<RangeResponse>;

/** Bytes that are asked for at a time, at least: a request costs more than what it brings. */
const blockLength = 128 * 1024;

/** Blocks that are kept: the tail with the index, and what was looked at last. */
const mostBlocks = 32;

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `bytes 0-99/1234`: the whole length; undefined where the server doesn't say it. */
function lengthIn(contentRange: string | null, first: number): number | undefined {
  const found = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange ?? '');
  if (found === null || Number(found[1]) !== first) return undefined;
  const length = Number(found[2]);
  return Number.isSafeInteger(length) ? length : undefined;
}

/** Blocks of one file on a server. */
class HttpSource implements TraceSource {
  /** In the order in which they were used last. */
  private readonly blocks = new Map<number, Promise<Uint8Array>>();

  constructor(
    private readonly url: string,
    readonly size: number,
    /** What the server calls this version of the file; undefined where it gives versions no names. */
    private readonly tag: string | undefined,
    private readonly ask: RangeFetch,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    const first = Math.floor(offset / blockLength);
    const last = Math.floor((offset + Math.max(length, 1) - 1) / blockLength);
    // What is longer than the blocks that are kept would push everything else out.
    if (last - first >= mostBlocks / 2) return this.fetch(offset, length);
    const blocks: Uint8Array[] = [];
    for (const block of await Promise.all(
      Array.from({ length: last - first + 1 }, (_, index) => this.block(first + index)),
    ))
      blocks.push(block);
    if (blocks.length === 1) {
      const start = offset - first * blockLength;
      return blocks[0]!.subarray(start, start + length);
    }
    const bytes = new Uint8Array(length);
    blocks.forEach((block, index) => {
      const at = (first + index) * blockLength - offset;
      const part = at < 0 ? block.subarray(-at) : block;
      bytes.set(part.subarray(0, length - Math.max(0, at)), Math.max(0, at));
    });
    return bytes;
  }

  private block(index: number): Promise<Uint8Array> {
    const known = this.blocks.get(index);
    this.blocks.delete(index);
    const start = index * blockLength;
    const block = known ?? this.fetch(start, Math.min(blockLength, this.size - start));
    this.blocks.set(index, block);
    // A request that failed may be made again.
    if (known === undefined) block.catch(() => this.blocks.delete(index));
    if (this.blocks.size > mostBlocks) this.blocks.delete(this.blocks.keys().next().value!);
    return block;
  }

  private async fetch(offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const { url, tag } = this;
    const headers = {
      Range: `bytes=${offset}-${offset + length - 1}`,
      ...(tag === undefined ? {} : { 'If-Range': tag }),
    };
    const response = await this.ask(url, { headers });
    if (response.status === 200) throw new Error(`${url} has changed on the server since it was opened.`);
    if (response.status !== 206)
      throw new Error(`${url}: the server answers ${response.status} to a request for a part.`);
    if (lengthIn(response.headers.get('Content-Range'), offset) !== this.size)
      throw new Error(`${url} has changed on the server since it was opened.`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== length)
      throw new Error(`${url}: the server sent ${bytes.length} bytes of ${length} at byte ${offset}.`);
    return bytes;
  }
}

/**
 * Opens a file on a server. The error is for people: the server can't be reached, has no such file, or knows no ranges.
 * @param ask asks the server; give it `fetch`, bound to whoever has it
 */
export async function httpSource(url: string, ask: RangeFetch): Promise<Result<TraceSource, string>> {
  let response: RangeResponse;
  try {
    response = await ask(url, { headers: { Range: 'bytes=0-0' } });
  } catch (error) {
    return fail(`${url} could not be reached: ${reason(error)}`);
  }
  if (response.status === 200)
    return fail(`${url}: the server knows no ranges. Download the file and open the copy.`);
  if (response.status === 416) return fail(`${url} is empty.`);
  if (response.status !== 206) return fail(`${url}: the server answers ${response.status}.`);
  const size = lengthIn(response.headers.get('Content-Range'), 0);
  if (size === undefined) return fail(`${url}: the server does not say how long the file is.`);
  const tag = response.headers.get('ETag') ?? undefined;
  // A weak name does not promise equal bytes (RFC 9110 section 13.1.5).
  return succeed(new HttpSource(url, size, tag?.startsWith('W/') === true ? undefined : tag, ask));
}
