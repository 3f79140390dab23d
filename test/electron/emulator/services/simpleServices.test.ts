import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { GeneratedContent } from '../../../../electron/emulator/services/generatedContent';
import { startService, type ServiceName } from '../../../../electron/emulator/services/hostServices';
import { ClientBench, RecordingUser, patternBytes } from '../../../harness/clientBench';

function serving(name: ServiceName) {
  const bench = new ClientBench();
  const accepted: HostConnection[] = [];
  const service = startService(bench.host, name, undefined, (connection) => accepted.push(connection))!;
  const user = new RecordingUser();
  const session = bench.open(service.port, user);
  return { bench, service, user, session, connection: accepted[0]! };
}

describe('the services of a host', () => {
  it.each(['host path', 'chimney'])('RFC 862: echo sends back what it receives, by the %s', (path) => {
    const { bench, user, session, connection, service } = serving('echo');
    if (path === 'chimney') bench.offload(connection);
    session.send(patternBytes(50_000));
    session.shutdown();
    bench.runFor(5e9);
    expect(user.bytes).toEqual(patternBytes(50_000));
    expect(user.peerClosed).toBe(true);
    expect(service.totals).toEqual({ connections: 1, bytesReceived: 50_000, bytesSent: 50_000 });
    bench.runFor(100e9);
    expect(bench.host.connections).toEqual([]);
  });

  it('RFC 862: echo stops reading when its peer does not take the echo', () => {
    const { bench, session, user, service } = serving('echo');
    user.room = 0;
    session.send(new Uint8Array(3_000_000));
    bench.runFor(20e9);
    expect(service.totals.bytesReceived).toBeLessThan(1_500_000);
  });

  it('RFC 863: discard takes everything, answers nothing, and closes after its peer', () => {
    const { bench, user, session, service } = serving('discard');
    session.send(patternBytes(100_000));
    session.shutdown();
    bench.runFor(5e9);
    expect(service.totals).toEqual({ connections: 1, bytesReceived: 100_000, bytesSent: 0 });
    expect(user).toMatchObject({ received: [], peerClosed: true });
  });

  it('RFC 864: the character generator sends lines of 72 characters, each beginning one further in the ring', () => {
    const { bench, user, session } = serving('chargen');
    bench.runFor(5e6);
    session.abort();
    bench.runFor(1e9);
    const lines = String.fromCharCode(...user.bytes.subarray(0, 74 * 96)).split('\r\n');
    expect(lines[0]).toMatch(/^ !"#\$%&'\(\)\*\+,-\.\/0123456789/);
    expect(lines[1]).toMatch(/^!"#\$/);
    expect(lines.slice(0, 96).every(({ length }) => length === 72)).toBe(true);
    expect(lines[95]).toBe(lines[0]);
    expect(bench.host.connections).toEqual([]);
  });

  it('a source sends generated content until its peer closes', () => {
    const { bench, user, session } = serving('source');
    bench.runFor(1e6);
    session.shutdown();
    bench.runFor(5e9);
    const { bytes } = user;
    expect(bytes.length).toBeGreaterThan(100_000);
    expect(bytes).toEqual(new GeneratedContent(1).bytes(0, bytes.length));
    expect(user.peerClosed).toBe(true);
  });

  it('a port in use starts no second service', () => {
    const { bench } = serving('echo');
    expect(startService(bench.host, 'discard', 7)).toBeUndefined();
  });
});

describe('GeneratedContent', () => {
  it('any part is the same part of the whole', () => {
    const content = new GeneratedContent(7);
    const whole = content.bytes(0, 200_000);
    for (const [from, length] of [
      [0, 1],
      [3, 10],
      [65_530, 20],
      [131_073, 5],
      [1, 199_999],
    ] as const)
      expect(content.bytes(from, length)).toEqual(whole.subarray(from, from + length));
  });

  it('blocks differ from each other, and seeds from each other', () => {
    const content = new GeneratedContent(7);
    expect(content.bytes(0, 64)).not.toEqual(content.bytes(65_536, 64));
    expect(content.bytes(0, 64)).not.toEqual(new GeneratedContent(8).bytes(0, 64));
  });
});
