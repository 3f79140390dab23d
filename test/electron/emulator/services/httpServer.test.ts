import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { GeneratedContent } from '../../../../electron/emulator/services/generatedContent';
import { startService } from '../../../../electron/emulator/services/hostServices';
import { httpService } from '../../../../electron/emulator/services/httpServer';
import { ClientBench, RecordingUser, patternBytes } from '../../../harness/clientBench';
import { property } from '../../../harness/property';

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function serving() {
  const bench = new ClientBench();
  const accepted: HostConnection[] = [];
  const service = startService(bench.host, 'http', 8080, (connection) => accepted.push(connection))!;
  const user = new RecordingUser();
  const session = bench.open(8080, user);
  return {
    bench,
    service,
    user,
    session,
    connection: accepted[0]!,
    ask: (text: string, time = 5e9): string => {
      user.received.length = 0;
      session.send(bytesOf(text));
      bench.runFor(time);
      return textOf(user.bytes);
    },
  };
}

const host = 'Host: h\r\n';

describe('the HTTP server', () => {
  it.each(['host path', 'chimney'])('serves generated content with its length, by the %s', (path) => {
    const run = serving();
    if (path === 'chimney') run.bench.offload(run.connection);
    const answer = run.ask(`GET /bytes/100000?seed=3 HTTP/1.1\r\n${host}\r\n`);
    const [head, content] = [answer.slice(0, answer.indexOf('\r\n\r\n')), answer.indexOf('\r\n\r\n') + 4];
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain('Content-Length: 100000');
    expect(bytesOf(answer.slice(content))).toEqual(new GeneratedContent(3).bytes(0, 100_000));
  });

  it('RFC 9110 section 9.3.2: HEAD has the fields of GET and no content', () => {
    const answer = serving().ask(`HEAD /bytes/5000 HTTP/1.1\r\n${host}\r\n`);
    expect(answer).toContain('Content-Length: 5000');
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  it('answers PUT with length and SHA-256 of what came', () => {
    const run = serving();
    run.session.send(bytesOf(`PUT /sha256 HTTP/1.1\r\n${host}Content-Length: 70000\r\n\r\n`));
    run.session.send(patternBytes(70_000));
    run.bench.runFor(5e9);
    const sha256 = createHash('sha256').update(patternBytes(70_000)).digest('hex');
    expect(textOf(run.user.bytes)).toContain(`{"length":70000,"sha256":"${sha256}"}`);
  });

  it('answers a chunked POST to /length with the length alone', () => {
    const answer = serving().ask(
      `POST /length HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`,
    );
    expect(answer).toContain('{"length":5}');
  });

  it('RFC 9110 section 10.1.1: who asks first gets 100 Continue, and then the answer', () => {
    const run = serving();
    const first = run.ask(`PUT / HTTP/1.1\r\n${host}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
    expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(run.ask('abc')).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it('RFC 9112 section 9.3: a connection serves one request after the other, in order', () => {
    const run = serving();
    const both = run.ask(`GET /bytes/3 HTTP/1.1\r\n${host}\r\nHEAD /bytes/77 HTTP/1.1\r\n${host}\r\n`);
    expect(both.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(both.indexOf('Content-Length: 3\r')).toBeLessThan(both.indexOf('Content-Length: 77\r'));
    expect(run.ask(`GET / HTTP/1.1\r\n${host}\r\n`)).toContain('GET /bytes/N');
    expect(run.user.peerClosed).toBe(false);
  });

  it.each([
    ['Connection: close', `GET /bytes/3 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`],
    ['HTTP/1.0', 'GET /bytes/3 HTTP/1.0\r\n\r\n'],
    ['an error', 'GET\r\n\r\n'],
  ])('RFC 9112 section 9.6: closes after %s', (_what, request) => {
    const run = serving();
    expect(run.ask(request)).toContain('Connection: close');
    expect(run.user.peerClosed).toBe(true);
    run.session.shutdown();
    run.bench.runFor(100e9);
    expect(run.bench.host.connections).toEqual([]);
  });

  it.each([
    ['404 Not Found', 'GET /nothing HTTP/1.1'],
    ['405 Method Not Allowed', 'DELETE / HTTP/1.1'],
    ['501 Not Implemented', 'FROB / HTTP/1.1'],
  ])('answers %s to %s', (status, line) => {
    expect(serving().ask(`${line}\r\n${host}\r\n`)).toContain(`HTTP/1.1 ${status}`);
  });

  it('resets a connection that is idle for too long', () => {
    const run = serving();
    run.bench.runFor(121e9);
    expect(run.user.ended).toBe('reset');
    expect(run.bench.host.connections).toEqual([]);
  });

  it('a client that does not read makes the server wait', () => {
    const run = serving();
    run.user.room = 0;
    run.ask(`GET /bytes/10000000 HTTP/1.1\r\n${host}\r\n`, 20e9);
    expect(run.service.totals.bytesSent).toBeLessThan(500_000);
  });

  it('property: whatever a client sends, the server neither throws nor sends what it was not asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }), (pieces) => {
        const waiting: ((bytes: Uint8Array) => void)[] = [];
        const dones: (() => void)[] = [];
        let sent = '';
        const user = httpService()({
          send: (bytes, done) => {
            sent += textOf(bytes);
            dones.push(done);
          },
          shutdown: () => undefined,
          abort: () => undefined,
          read: (_count, done) => waiting.push(done),
        });
        user.onConnected();
        for (const piece of [...pieces.filter(({ length }) => length > 0), new Uint8Array(0)]) {
          waiting.shift()?.(piece);
          for (const done of dones.splice(0)) done();
        }
        expect(sent === '' || /^HTTP\/1\.1 \d{3} /.test(sent)).toBe(true);
      }),
      property(300),
    );
  });
});
