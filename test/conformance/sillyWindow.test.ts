/** Silly-window avoidance on both paths and across hand-overs (TMR-063 to TMR-069). */
import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import { defaultHostSettings } from '../../electron/emulator/host/hostSettings';
import { defaultTcpSettings } from '../../electron/emulator/tcp/tcpSettings';
import { ClientBench, RecordingHostUser, RecordingUser, patternBytes } from '../harness/clientBench';

/** Two full segments. */
const receiveBuffer = 2920;
const ms = 1e6;

/** A connection whose host reads on request, with a target that holds back for 50 ms and a host that does for 200. */
function bench(offloaded: boolean, room = Infinity) {
  const user = new RecordingUser();
  user.room = room;
  const parameters = { ...defaultHostSettings.parameters, TcpSwsPreventionTicks: 50 };
  const one = new ClientBench({
    host: { tcp: { ...defaultTcpSettings, receiveBuffer, RcvWindScale: 0, timestamps: false }, parameters },
  });
  let connection: HostConnection | undefined;
  one.host.listen(80, {}, (accepted) => {
    connection = accepted;
    return new RecordingHostUser('on-request');
  });
  const session = one.open(80, user);
  if (offloaded) one.offload(connection!);
  /** Windows that the host's side offers from now on, with the time since now, ms, and the path. */
  const watch = (): (() => [number, number, string][]) => {
    const [from, begin] = [one.segments.length, one.machine.now];
    return () =>
      one.segments
        .slice(from)
        .filter(({ fromHost }) => fromHost)
        .map(({ time, window, path }) => [Math.round((time - begin) / ms), window, path]);
  };
  return { one, connection: connection!, session, user, watch };
}

/** Bytes are sent until the host's window is closed; then its application reads a few of them. */
function readFew(offloaded: boolean) {
  const made = bench(offloaded);
  const { one, connection, session } = made;
  session.send(patternBytes(10_000));
  one.runFor(250 * ms);
  expect(one.segments.filter(({ fromHost }) => fromHost).at(-1)!.window).toBe(0);
  const offered = made.watch();
  one.passively(() => {
    connection.read(501, () => undefined);
  }, 0);
  return { ...made, offered };
}

describe('the update of a small window', () => {
  it.each([
    [
      'TMR-065: the target sends it TcpSwsPreventionTicks after the application has read',
      true,
      50,
      'chimney',
    ],
    ['the host stack sends it 200 ms after the application has read', false, 200, 'host'],
  ] as const)('%s', (_title, offloaded, wait, path) => {
    const { one, offered } = readFew(offloaded);
    one.runFor(wait * ms - ms);
    expect(offered().filter(([, window]) => window > 0)).toEqual([]);
    one.runFor(2 * ms);
    expect(offered().find(([, window]) => window > 0)).toEqual([wait, 501, path]);
  });

  it('TMR-066, TMR-067, TMR-069: waits a full period of the host’s after an upload, and the target’s timer has stopped', () => {
    const { one, connection, offered } = readFew(true);
    one.runFor(40 * ms);
    one.passively(() => {
      connection.upload();
    }, 5 * ms);
    expect(connection.place).toBe('InHost');
    one.runFor(300 * ms);
    const [when, window, path] = offered().find(([, open]) => open > 0)!;
    expect([window, path]).toEqual([501, 'host']);
    expect(when).toBeGreaterThanOrEqual(240);
    expect(when).toBeLessThanOrEqual(245);
  });

  it('TMR-066, TMR-068: waits a full period of the target’s after an offload', () => {
    const { one, connection, offered } = readFew(false);
    one.runFor(100 * ms);
    one.offload(connection);
    one.runFor(200 * ms);
    const [when, window, path] = offered().find(([, open]) => open > 0)!;
    expect([window, path]).toEqual([501, 'chimney']);
    expect(when).toBeGreaterThanOrEqual(150);
    expect(when).toBeLessThanOrEqual(155);
  });
});

describe('a small segment that silly-window avoidance holds back', () => {
  it('TMR-063, TMR-064, TMR-065: leaves TcpSwsPreventionTicks later, as much as the window permits', () => {
    const { one, connection, user } = bench(true, 3000);
    user.room = 304;
    one.passively(() => {
      connection.send(patternBytes(2696), () => undefined);
    }, 500 * ms);
    const from = one.segments.length;
    const begin = one.machine.now;
    one.passively(() => {
      connection.send(patternBytes(5000), () => undefined);
    }, 100 * ms);
    const sent = one.segments
      .slice(from)
      .filter(({ fromHost, payloadLength }) => fromHost && payloadLength > 0);
    expect(Math.round((sent[0]!.time - begin) / ms)).toBe(50);
    expect(sent[0]!.payloadLength).toBe(304);
  });
});
