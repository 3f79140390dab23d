/**
 * Reads HTTP/1.1 requests (RFC 9112) out of a stream of bytes that nobody vouches for. Everything is bounded; what breaks the
 * grammar ends in one error event with the status to answer, and after it the stream means nothing any more.
 */

/** A request without its content. */
export interface HttpRequest {
  readonly method: string;
  /** Origin form: path and query. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  /** Lower-case names; values of fields that came more than once are joined by a comma (RFC 9110 section 5.3). */
  readonly fields: ReadonlyMap<string, string>;
  /** Bytes of content; `chunked` where the sender does not say, undefined where there is none. */
  readonly content: number | 'chunked' | undefined;
}

/** What comes out of the stream. */
export type HttpEvent =
  | { readonly kind: 'head'; readonly request: HttpRequest }
  | { readonly kind: 'content'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly status: number; readonly reason: string };

/** Longest request line and field line, bytes of all fields of a request, and their number. */
export const httpLimits = { line: 8192, fieldBytes: 32_768, fields: 100 } as const;

type State =
  | { readonly at: 'head' }
  | {
      readonly at: 'fields';
      readonly method: string;
      readonly target: string;
      readonly version: '1.0' | '1.1';
    }
  | { readonly at: 'content'; left: number; readonly chunked: boolean }
  | { readonly at: 'chunk-size' }
  | { readonly at: 'chunk-end' }
  | { readonly at: 'trailers' }
  | { readonly at: 'end' }
  | { readonly at: 'failed' };

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;
const chunkSize = /^([0-9A-Fa-f]{1,13})[ \t]*(;.*)?$/;

class Failure {
  constructor(
    readonly status: number,
    readonly reason: string,
  ) {}
}

/** Path and query of a request target; undefined if it is neither origin form, absolute form nor an asterisk. */
function originForm(target: string): string | undefined {
  if (target.startsWith('/') || target === '*') return target;
  const absolute = /^https?:\/\/[^/?#]+([^#]*)$/i.exec(target);
  if (absolute === null) return undefined;
  const rest = absolute[1]!;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Length of the content as the fields say it (RFC 9112 section 6.3). */
function contentOf(fields: ReadonlyMap<string, string>, version: string): HttpRequest['content'] | Failure {
  const coding = fields.get('transfer-encoding');
  const length = fields.get('content-length');
  if (coding !== undefined) {
    // Both together are how requests are smuggled (RFC 9112 section 6.1).
    if (length !== undefined) return new Failure(400, 'Content-Length beside Transfer-Encoding');
    if (version === '1.0') return new Failure(400, 'Transfer-Encoding in HTTP/1.0');
    return coding.toLowerCase() === 'chunked' ? 'chunked' : new Failure(501, 'unknown transfer coding');
  }
  if (length === undefined) return undefined;
  const values = new Set(length.split(',').map((value) => value.trim()));
  const [only] = values;
  if (values.size !== 1 || only === undefined || !/^\d{1,15}$/.test(only))
    return new Failure(400, 'malformed Content-Length');
  return Number(only);
}

/** See the file's head. */
export class HttpRequestReader {
  private state: State = { at: 'head' };
  private pending = new Uint8Array(0);
  /** Where the unread part of `pending` begins, and how much of it is known to hold no line feed. */
  private start = 0;
  private searched = 0;
  private fields = new Map<string, string>();
  private fieldBytes = 0;
  private fieldCount = 0;
  private emptyLines = 0;

  /** Bytes that have been taken and not read. */
  get pendingBytes(): number {
    return this.pending.length - this.start;
  }

  /** Takes bytes; they are kept, not copied. */
  push(bytes: Uint8Array): void {
    if (this.state.at === 'failed') return;
    if (this.pendingBytes === 0) this.pending = bytes as Uint8Array<ArrayBuffer>;
    else {
      const joined = new Uint8Array(this.pendingBytes + bytes.length);
      joined.set(this.pending.subarray(this.start));
      joined.set(bytes, this.pendingBytes);
      this.pending = joined;
    }
    this.start = 0;
  }

  /** The next event; undefined until there are more bytes. */
  next(): HttpEvent | undefined {
    for (;;) {
      const { state } = this;
      switch (state.at) {
        case 'failed':
          return undefined;
        case 'end':
          this.state = { at: 'head' };
          return { kind: 'end' };
        case 'content': {
          const event = this.takeContent(state);
          if (event !== 'again') return event;
          break;
        }
        default: {
          const line = this.takeLine(state.at === 'head' ? 414 : 431);
          if (line === undefined) return undefined;
          const event = line instanceof Failure ? line : this.takeLineOf(state, line);
          if (event instanceof Failure) {
            this.state = { at: 'failed' };
            this.pending = new Uint8Array(0);
            this.start = 0;
            return { kind: 'error', status: event.status, reason: event.reason };
          }
          if (event !== undefined) return event;
        }
      }
    }
  }

  private takeContent(state: Extract<State, { at: 'content' }>): HttpEvent | 'again' | undefined {
    if (state.left === 0) {
      this.state = state.chunked ? { at: 'chunk-end' } : { at: 'end' };
      return 'again';
    }
    const count = Math.min(state.left, this.pendingBytes);
    if (count === 0) return undefined;
    const bytes = this.pending.subarray(this.start, this.start + count);
    this.start += count;
    state.left -= count;
    return { kind: 'content', bytes };
  }

  private takeLineOf(
    state: Exclude<State, { at: 'content' | 'end' | 'failed' }>,
    line: string,
  ): HttpEvent | Failure | undefined {
    switch (state.at) {
      case 'head':
        return this.takeRequestLine(line);
      case 'fields':
        return line === '' ? this.endOfFields(state) : this.takeField(line);
      case 'chunk-size': {
        const size = chunkSize.exec(line);
        if (size === null) return new Failure(400, 'malformed chunk size');
        const left = Number.parseInt(size[1]!, 16);
        this.state = left === 0 ? { at: 'trailers' } : { at: 'content', left, chunked: true };
        this.fieldBytes = this.fieldCount = 0;
        return undefined;
      }
      case 'chunk-end':
        if (line !== '') return new Failure(400, 'bytes behind a chunk');
        this.state = { at: 'chunk-size' };
        return undefined;
      case 'trailers':
        if (line === '') this.state = { at: 'end' };
        else return this.countField(line);
    }
    return undefined;
  }

  private takeRequestLine(line: string): Failure | undefined {
    // One empty line is forgiven (RFC 9112 section 2.2), many are an attempt to keep us busy.
    if (line === '') return ++this.emptyLines > 2 ? new Failure(400, 'empty lines') : undefined;
    const parts = requestLine.exec(line);
    if (parts === null) return new Failure(400, 'malformed request line');
    if (parts[3] !== '1') return new Failure(505, 'HTTP/1.x only');
    const target = originForm(parts[2]!);
    if (target === undefined) return new Failure(400, 'malformed request target');
    this.emptyLines = 0;
    this.fields = new Map();
    this.fieldBytes = this.fieldCount = 0;
    this.state = { at: 'fields', method: parts[1]!, target, version: parts[4] === '0' ? '1.0' : '1.1' };
    return undefined;
  }

  private countField(line: string): Failure | undefined {
    this.fieldBytes += line.length;
    this.fieldCount++;
    return this.fieldBytes > httpLimits.fieldBytes || this.fieldCount > httpLimits.fields
      ? new Failure(431, 'too many header fields')
      : undefined;
  }

  private takeField(line: string): Failure | undefined {
    const excess = this.countField(line);
    if (excess !== undefined) return excess;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    // White space before the colon and folded lines mislead whoever reads them differently (RFC 9112 section 5).
    if (!token.test(name)) return new Failure(400, 'malformed header field');
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value))
      return new Failure(400, 'control character in a header field');
    const key = name.toLowerCase();
    const known = this.fields.get(key);
    if (known !== undefined && key === 'host') return new Failure(400, 'more than one Host');
    this.fields.set(key, known === undefined ? value : `${known}, ${value}`);
    return undefined;
  }

  private endOfFields(state: Extract<State, { at: 'fields' }>): HttpEvent | Failure {
    const { method, target, version } = state;
    const { fields } = this;
    if (version === '1.1' && !fields.has('host')) return new Failure(400, 'no Host');
    const content = contentOf(fields, version);
    if (content instanceof Failure) return content;
    if (content === 'chunked') this.state = { at: 'chunk-size' };
    else this.state = { at: 'content', left: content ?? 0, chunked: false };
    return { kind: 'head', request: { method, target, version, fields, content } };
  }

  /** The next line without its end; a lone line feed ends one, too (RFC 9112 section 2.2). */
  private takeLine(statusIfTooLong: number): string | Failure | undefined {
    const end = this.pending.indexOf(0x0a, this.start + this.searched);
    const length = (end < 0 ? this.pending.length : end) - this.start;
    if (length > httpLimits.line) return new Failure(statusIfTooLong, 'line too long');
    if (end < 0) {
      this.searched = length;
      return undefined;
    }
    const withoutReturn = length > 0 && this.pending[end - 1] === 0x0d ? end - 1 : end;
    let line = '';
    for (let at = this.start; at < withoutReturn; at++) line += String.fromCharCode(this.pending[at]!);
    this.start = end + 1;
    this.searched = 0;
    return line;
  }
}
