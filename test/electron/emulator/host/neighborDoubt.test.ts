import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { readArpFrame, type ArpMessage } from '../../../../electron/emulator/wire/arp';
import { broadcastMac, sameAddress } from '../../../../electron/emulator/wire/address';
import {
  ClientBench,
  RecordingHostUser,
  RecordingUser,
  patternBytes,
  type ClientBenchChoices,
} from '../../../harness/clientBench';
import { silentProbe } from '../../../harness/silentProbe';

const clientAddress = Uint8Array.from([192, 0, 2, 2]);
const clientMac = Uint8Array.from([2, 0, 0, 0, 1, 0]);
const wrongMac = Uint8Array.from([2, 0, 0, 0, 1, 0x40]);
const second = 1e9;

/** The connection of a client, established; requests are what the host asks by ARP from then on. */
function connected(choices: ClientBenchChoices = {}) {
  const requests: (ArpMessage & { readonly to: Uint8Array })[] = [];
  const silent = silentProbe();
  const probe: typeof silent = {
    ...silent,
    frame: (time, sender, path, ...rest) => {
      const [, , length, , , bytes] = rest;
      const message = readArpFrame(bytes, length);
      if (message?.operation === 1) requests.push({ ...message, to: bytes.slice(0, 6) });
      return silent.frame(time, sender, path, ...rest);
    },
  };
  const bench = new ClientBench({ ...choices, probe });
  let connection: HostConnection | undefined;
  bench.host.listen(80, {}, (accepted) => {
    connection = accepted;
    return new RecordingHostUser();
  });
  const user = new RecordingUser();
  const session = bench.open(80, user);
  const neighbor = bench.host.neighbors.entry(clientAddress);
  requests.length = 0;
  return { bench, connection: connection!, user, session, neighbor, requests };
}

/** As an ARP answer would whose bytes have changed on their way: ARP has no checksum. */
function learnWrongly({ host }: ClientBench): void {
  host.neighbors.learn({ address: clientAddress, mac: wrongMac, confirms: true, overrides: true });
}

describe('A neighbor in doubt on the host path', () => {
  it('RFC 1122 section 3.3.1.4: an Ethernet address learned wrongly is found out by retransmissions, and resolved by broadcast', () => {
    const { bench, connection, user, neighbor, requests } = connected();
    learnWrongly(bench);
    bench.passively(() => {
      connection.send(patternBytes(5000), () => undefined);
    }, 30 * second);
    expect(user.bytes).toEqual(patternBytes(5000));
    expect(neighbor.mac).toEqual(clientMac);
    expect(requests.map(({ to }) => (sameAddress(to, broadcastMac) ? 'broadcast' : 'unicast'))).toEqual([
      'unicast',
      'unicast',
      'unicast',
      'broadcast',
    ]);
    expect(requests[0]!.to).toEqual(wrongMac);
  });

  it('a SYN that nobody answers brings the neighbor into doubt as well', () => {
    const { bench, neighbor } = connected();
    learnWrongly(bench);
    const user = new RecordingHostUser();
    bench.passively(() => {
      bench.host.connect(clientAddress, 4711, user);
    }, 30 * second);
    expect(neighbor.mac).toEqual(clientMac);
    expect(user.ended).toBe('refused');
  });

  it('a setting of 0 never doubts: the connection runs into its time limit', () => {
    const { bench, connection, user, neighbor, requests } = connected({ host: { doubtRetransmissions: 0 } });
    learnWrongly(bench);
    bench.passively(() => {
      connection.send(patternBytes(5000), () => undefined);
    }, 30 * second);
    expect(user.bytes).toHaveLength(0);
    expect(neighbor.mac).toEqual(wrongMac);
    expect(requests).toEqual([]);
  });

  it('RFC 4861 section 7.3.3: a neighbor that answers the probe stays, whatever is wrong behind it', () => {
    const { bench, neighbor, requests } = connected();
    const nobody = Uint8Array.from([198, 51, 100, 7]);
    bench.host.changeNextHop(nobody, clientAddress);
    bench.passively(() => {
      bench.host.connect(nobody, 80, new RecordingHostUser());
    }, 10 * second);
    expect(requests.map(({ to }) => to)).toEqual([clientMac]);
    expect(neighbor.mac).toEqual(clientMac);
    expect(bench.host.reachabilityDelta(neighbor)).toBeLessThan(10_000);
  });

  it('fewer retransmissions than the setting leave the neighbor alone', () => {
    const { bench, connection, requests } = connected({ host: { doubtRetransmissions: 5 } });
    learnWrongly(bench);
    bench.passively(() => {
      connection.send(patternBytes(100), () => undefined);
    }, 4 * second);
    expect(connection.engine.variables.RetransmitCount).toBeGreaterThan(1);
    expect(connection.engine.variables.RetransmitCount).toBeLessThan(5);
    expect(requests).toEqual([]);
  });
});
