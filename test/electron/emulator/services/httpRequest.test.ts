import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HttpRequestReader,
  httpLimits,
  type HttpEvent,
} from '../../../../electron/emulator/services/httpRequest';
import { property } from '../../../harness/property';

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Events of a stream that comes in pieces; contents are joined. */
function eventsOf(stream: Uint8Array, cuts: readonly number[] = []): HttpEvent[] {
  const reader = new HttpRequestReader();
  const events: HttpEvent[] = [];
  let from = 0;
  for (const cut of [...cuts, stream.length]) {
    reader.push(stream.subarray(from, cut));
    from = cut;
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      const last = events.at(-1);
      if (event.kind === 'content' && last?.kind === 'content')
        events[events.length - 1] = {
          kind: 'content',
          bytes: Uint8Array.from([...last.bytes, ...event.bytes]),
        };
      else events.push(event);
    }
  }
  return events;
}

function statusOf(text: string): number | undefined {
  const error = eventsOf(bytesOf(text)).find((event) => event.kind === 'error');
  return error?.status;
}

const host = 'Host: a\r\n';

describe('HttpRequestReader', () => {
  it('RFC 9112 section 2.1: reads request line, fields and content', () => {
    const events = eventsOf(
      bytesOf(`PUT /x?y=1 HTTP/1.1\r\n${host}Content-Length: 3\r\nX-A:  b \r\n\r\nabc`),
    );
    expect(events).toMatchObject([
      { kind: 'head', request: { method: 'PUT', target: '/x?y=1', version: '1.1', content: 3 } },
      { kind: 'content', bytes: bytesOf('abc') },
      { kind: 'end' },
    ]);
    const [head] = events;
    expect(head?.kind === 'head' && head.request.fields.get('x-a')).toBe('b');
  });

  it('RFC 9112 section 7.1: reads chunked content, extensions and trailers', () => {
    const events = eventsOf(
      bytesOf(
        `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n1A\r\n${'d'.repeat(26)}\r\n0\r\nT: 1\r\n\r\n`,
      ),
    );
    expect(events.map(({ kind }) => kind)).toEqual(['head', 'content', 'end']);
    expect(events[1]).toMatchObject({ bytes: bytesOf(`abc${'d'.repeat(26)}`) });
  });

  it('RFC 9112 section 9.3.2: reads one request behind the other', () => {
    const events = eventsOf(bytesOf(`GET /a HTTP/1.1\r\n${host}\r\nGET /b HTTP/1.0\r\n\r\n`));
    expect(events.map((event) => (event.kind === 'head' ? event.request.target : event.kind))).toEqual([
      '/a',
      'end',
      '/b',
      'end',
    ]);
  });

  it('RFC 9112 section 3.2.2: takes a target in absolute form', () => {
    expect(eventsOf(bytesOf(`GET http://h:80/p?q HTTP/1.1\r\n${host}\r\n`))[0]).toMatchObject({
      request: { target: '/p?q' },
    });
  });

  it.each([
    ['no request line', 'nonsense\r\n', 400],
    ['another protocol version', `GET / HTTP/2.0\r\n${host}\r\n`, 505],
    ['no Host in HTTP/1.1 (RFC 9112 section 3.2)', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', `GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
    ['white space before the colon (RFC 9112 section 5.1)', `GET / HTTP/1.1\r\nHost : a\r\n\r\n`, 400],
    ['a folded line (RFC 9112 section 5.2)', `GET / HTTP/1.1\r\n${host} b\r\n\r\n`, 400],
    ['a control character', `GET / HTTP/1.1\r\n${host}A: b\0c\r\n\r\n`, 400],
    ['two lengths that differ', `PUT / HTTP/1.1\r\n${host}Content-Length: 1, 2\r\n\r\n`, 400],
    ['a negative length', `PUT / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
    [
      'length and coding together (RFC 9112 section 6.1)',
      `PUT / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
    ],
    ['an unknown coding', `PUT / HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n`, 501],
    ['a chunk size that is none', `PUT / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400],
    [
      'bytes behind a chunk',
      `PUT / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
      400,
    ],
    ['a target that is none', `GET nowhere HTTP/1.1\r\n${host}\r\n`, 400],
    ['nothing but empty lines', '\r\n\r\n\r\n\r\n', 400],
    ['a request line that is too long', `GET /${'a'.repeat(httpLimits.line)}`, 414],
    ['a field that is too long', `GET / HTTP/1.1\r\nA: ${'a'.repeat(httpLimits.line)}`, 431],
    ['too many fields', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(httpLimits.fields + 1)}\r\n`, 431],
    ['too many bytes of fields', `GET / HTTP/1.1\r\n${`A: ${'b'.repeat(8000)}\r\n`.repeat(5)}\r\n`, 431],
  ])('refuses %s', (_what, text, status) => {
    expect(statusOf(text)).toBe(status);
  });

  it('says nothing more after an error', () => {
    const events = eventsOf(bytesOf(`nonsense\r\nGET / HTTP/1.1\r\n${host}\r\n`));
    expect(events.map(({ kind }) => kind)).toEqual(['error']);
  });

  const stream = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          `GET /bytes/5 HTTP/1.1\r\n${host}\r\n`,
          `PUT / HTTP/1.1\r\n${host}Content-Length: 4\r\n\r\nabcd`,
          `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
          '\r\n',
          'HTTP/1.1',
          ': ',
        ),
        fc.string({ maxLength: 20, unit: 'binary-ascii' }),
      ),
      { maxLength: 8 },
    )
    .map((parts) => bytesOf(parts.join('')));

  it('property: whatever comes, in whatever pieces, the events are the same, and nothing piles up', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(400), { maxLength: 12 }), (bytes, cuts) => {
        const sorted = cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b);
        expect(eventsOf(bytes, sorted)).toEqual(eventsOf(bytes));
      }),
      property(500),
    );
  });

  it('property: endless noise is refused before it takes more memory than one line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 100, maxLength: 300 }), (noise) => {
        const reader = new HttpRequestReader();
        let refused = false;
        for (let round = 0; round < 400; round++) {
          reader.push(noise);
          for (let event = reader.next(); event !== undefined; event = reader.next())
            refused ||= event.kind === 'error';
          expect(reader.pendingBytes).toBeLessThanOrEqual(httpLimits.line + noise.length);
        }
        expect(refused).toBe(true);
      }),
      property(30),
    );
  });
});
