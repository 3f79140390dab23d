import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { startService } from '../../../../electron/emulator/services/hostServices';
import { iperfState } from '../../../../electron/emulator/services/iperfMessages';
import { ClientBench, RecordingUser, patternBytes } from '../../../harness/clientBench';

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** JSON with its length before it. */
function framed(text: string): Uint8Array {
  const length = text.length;
  return Uint8Array.of(0, length >> 16, (length >> 8) & 0xff, length & 0xff, ...bytesOf(text));
}

const cookie = bytesOf(`${'c'.repeat(36)}\0`);
const otherCookie = bytesOf(`${'d'.repeat(36)}\0`);

function serving() {
  const bench = new ClientBench();
  const accepted: HostConnection[] = [];
  const service = startService(bench.host, 'iperf3', undefined, (connection) => accepted.push(connection))!;
  const open = (...first: readonly Uint8Array[]) => {
    const user = new RecordingUser();
    const session = bench.open(service.port, user);
    // Long enough for delayed acknowledgments, which the next answer waits for (RFC 9293 section 3.7.4).
    const say = (bytes: Uint8Array, time = 300e6): number[] => {
      user.received.length = 0;
      session.send(bytes);
      bench.runFor(time);
      return [...user.bytes];
    };
    const answers = first.map((bytes) => say(bytes));
    return { user, session, say, answers };
  };
  return { bench, accepted, service, open };
}

/** What the server says of its streams. */
function resultsOf(bytes: readonly number[]): {
  length: number;
  streams: Record<string, number>[];
  state: number;
} {
  const length = (bytes[1]! << 16) + (bytes[2]! << 8) + bytes[3]!;
  const text = String.fromCharCode(...bytes.slice(4, 4 + length));
  const { streams } = JSON.parse(text) as { streams: Record<string, number>[] };
  return { length: bytes.length, streams, state: bytes[4 + length]! };
}

const parameters = (more = ''): Uint8Array => framed(`{"tcp":true,"omit":0,"time":1,"parallel":1${more}}`);

describe('the server of iperf3', () => {
  it.each(['host path', 'chimney'])(
    'counts what the client sends on three streams, which it numbers 1, 3 and 4, by the %s',
    (path) => {
      const { bench, accepted, open } = serving();
      const control = open(cookie, framed('{"tcp":true,"parallel":3}'));
      expect(control.answers).toEqual([[iperfState.parameterExchange], [iperfState.createStreams]]);
      const first = [open(cookie), open(cookie)];
      control.user.received.length = 0;
      const begin = bench.machine.now;
      const streams = [...first, open(cookie)];
      expect([...control.user.bytes]).toEqual([iperfState.testStart, iperfState.testRunning]);
      if (path === 'chimney') for (const connection of accepted) bench.offload(connection);
      streams.forEach(({ say }, index) => say(patternBytes(10_000 * (index + 1))));
      bench.runFor(1e9);
      expect(control.say(Uint8Array.of(iperfState.testEnd))).toEqual([iperfState.exchangeResults]);
      const passed = (bench.machine.now - begin) / 1e9;
      const told = [1, 3, 4].map((id, index) => `{"id":${id},"bytes":${10_000 * (index + 1)}}`);
      const results = resultsOf(control.say(framed(`{"streams":[${told.join(',')}]}`)));
      expect(results.state).toBe(iperfState.displayResults);
      expect(results.streams.map(({ id, bytes }) => ({ id, bytes }))).toEqual([
        { id: 1, bytes: 10_000 },
        { id: 3, bytes: 20_000 },
        { id: 4, bytes: 30_000 },
      ]);
      expect(results.streams[0]!['end_time']).toBeGreaterThan(1);
      expect(results.streams[0]!['end_time']).toBeLessThan(passed);
      control.say(Uint8Array.of(iperfState.done));
      expect(control.user.peerClosed).toBe(true);
      for (const { session } of [control, ...streams]) session.shutdown();
      bench.runFor(200e9);
      expect(bench.host.connections).toEqual([]);
    },
  );

  it('waits with its results until everything has come that the client has sent', () => {
    const { open } = serving();
    const control = open(cookie, parameters());
    const stream = open(cookie);
    stream.say(patternBytes(5_000));
    control.say(Uint8Array.of(iperfState.testEnd));
    expect(control.say(framed('{"streams":[{"id":1,"bytes":8000}]}'))).toEqual([]);
    stream.say(patternBytes(3_000));
    expect(resultsOf([...control.user.bytes]).streams[0]!['bytes']).toBe(8_000);
  });

  it('sends in a reverse test until the client ends it, and tells how much', () => {
    const { bench, open } = serving();
    const control = open(cookie, parameters(',"reverse":true'));
    const stream = open(cookie);
    bench.runFor(100e6);
    control.say(Uint8Array.of(iperfState.testEnd));
    bench.runFor(1e9);
    const { length } = stream.user.bytes;
    expect(length).toBeGreaterThan(1_000_000);
    // A client that reads whole blocks would wait for the rest of one for ever.
    expect(stream.user.peerClosed).toBe(true);
    const results = resultsOf(control.say(framed('{"streams":[{"id":1,"bytes":1}]}')));
    expect(results.streams[0]!['bytes']).toBe(length);
  });

  it('sends no faster than the client asks for', () => {
    const { bench, open } = serving();
    open(cookie, parameters(',"reverse":true,"bandwidth":8000000'));
    const stream = open(cookie);
    bench.runFor(2e9);
    expect(stream.user.bytes.length).toBeGreaterThan(1_900_000);
    expect(stream.user.bytes.length).toBeLessThan(2_500_000);
  });

  it('sends for longer than a client may be silent', () => {
    const { bench, open } = serving();
    const control = open(cookie, parameters(',"reverse":true,"bandwidth":80000'));
    const stream = open(cookie);
    bench.runFor(200e9);
    expect(stream.user.ended).toBeUndefined();
    expect(control.say(Uint8Array.of(iperfState.testEnd))).toEqual([iperfState.exchangeResults]);
  });

  it('counts nothing of the time that the client omits', () => {
    const { bench, open } = serving();
    const control = open(cookie, framed('{"tcp":true,"omit":1,"parallel":1}'));
    const stream = open(cookie);
    stream.say(patternBytes(7_000));
    bench.runFor(1e9);
    stream.say(patternBytes(400));
    control.say(Uint8Array.of(iperfState.testEnd));
    const results = resultsOf(control.say(framed('{"streams":[{"id":1,"bytes":400}]}')));
    expect(results.streams[0]!['bytes']).toBe(400);
  });

  it('refuses a second client while a test runs, and serves it afterwards', () => {
    const { open } = serving();
    const control = open(cookie, parameters());
    const refused = open(otherCookie);
    expect(refused.answers).toEqual([[iperfState.accessDenied]]);
    expect(refused.user.peerClosed).toBe(true);
    control.say(Uint8Array.of(iperfState.clientTerminate));
    expect(control.user.peerClosed).toBe(true);
    expect(open(otherCookie).answers).toEqual([[iperfState.parameterExchange]]);
  });

  it('refuses a stream more than the parameters name', () => {
    const { open } = serving();
    open(cookie, parameters());
    open(cookie);
    expect(open(cookie).answers).toEqual([[iperfState.accessDenied]]);
  });

  it.each([
    ['UDP', '{"udp":true,"parallel":1}'],
    ['more streams than iperf3 has', '{"tcp":true,"parallel":129}'],
  ])('answers %s with the error that names an option which is not implemented', (_, text) => {
    const { user, answers } = serving().open(cookie, framed(text));
    expect(answers[1]).toEqual([iperfState.serverError, 0, 0, 0, 13, 0, 0, 0, 0]);
    expect(user.peerClosed).toBe(true);
  });

  it.each([
    ['JSON that is none', framed('{"tcp":')],
    ['an array', framed('[1]')],
    ['no whole number of streams', framed('{"tcp":true,"parallel":1.5}')],
    ['a length that is too large', Uint8Array.of(0x7f, 0, 0, 0)],
  ])('resets a client whose parameters are %s, and serves the next one', (_, bytes) => {
    const { open } = serving();
    expect(open(cookie, bytes).user.ended).toBe('reset');
    expect(open(otherCookie).answers).toEqual([[iperfState.parameterExchange]]);
  });

  it.each([
    ['a cookie without its end', bytesOf('c'.repeat(37))],
    ['bytes that are no characters', new Uint8Array(37)],
  ])('resets a connection that begins with %s', (_, bytes) => {
    expect(serving().open(bytes).user.ended).toBe('reset');
  });

  it('resets everything when the client says what has no place', () => {
    const { open } = serving();
    const control = open(cookie, parameters());
    const stream = open(cookie);
    control.say(Uint8Array.of(iperfState.done));
    expect([control.user.ended, stream.user.ended]).toEqual(['reset', 'reset']);
  });

  it('resets a client that says nothing for two minutes, at any point', () => {
    const { bench, open } = serving();
    const silent = open();
    const control = open(cookie, parameters());
    const stream = open(cookie);
    bench.runFor(121e9);
    for (const { user } of [silent, control, stream]) expect(user.ended).toBe('reset');
    expect(open(otherCookie).answers).toEqual([[iperfState.parameterExchange]]);
  });
});
