import { describe, expect, it } from 'vitest';
import { startService } from '../../../../electron/emulator/services/hostServices';
import { SendQueue } from '../../../../electron/emulator/tcp/sendQueue';
import { formatIpAddress, parseIpAddress } from '../../../../electron/emulator/wire/address';
import { readArpFrame } from '../../../../electron/emulator/wire/arp';
import { fillSegmentFrame } from '../../../../electron/emulator/wire/segmentFrame';
import { TcpSegment, tcpFlags } from '../../../../electron/emulator/wire/tcpSegment';
import { WiredHost, type WiredHostSettings } from '../../../../electron/emulator/wired/wiredHost';
import { silentProbe } from '../../../harness/silentProbe';
import { wiredSettings } from '../../../harness/wiredPair';

/** Whom the host at 192.0.2.2 asks for by ARP when somebody opens a connection to it. */
function askedFor(client: string, choices: Partial<WiredHostSettings>): string[] {
  const asked: string[] = [];
  const settings = wiredSettings(2, choices);
  const host = new WiredHost(
    silentProbe(),
    settings,
    (stack, accepted) => {
      startService(stack, 'echo', 7, accepted);
    },
    ({ bytes, length }) => {
      const message = readArpFrame(bytes, length);
      if (message !== undefined) asked.push(formatIpAddress(message.targetAddress));
    },
  );
  host.advanceTo(5_000_000);
  const syn = new TcpSegment();
  syn.sourcePort = 40_000;
  syn.destinationPort = 7;
  syn.flags = tcpFlags.SYN;
  syn.window = 60_000;
  const frame = host.takeFrame();
  const addressing = {
    sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 9),
    destinationMac: settings.mac,
    source: parseIpAddress(client)!,
    destination: settings.address,
    timeToLive: 64,
    typeOfService: 0,
  };
  fillSegmentFrame(frame, addressing, 1, syn, new SendQueue(), 0);
  host.inject(frame, host.now);
  host.advanceTo(10_000_000);
  return asked;
}

describe('the gateway of a host on a real wire', () => {
  const gateways = [
    { gateway: Uint8Array.of(192, 0, 2, 9), onLink: Uint8Array.of(192, 0, 2, 2), prefixLength: 24 },
  ];

  it('is the way to addresses outside the network (RFC 1122 section 3.3.1.1)', () => {
    expect(askedFor('198.51.100.7', { gateways })).toEqual(['192.0.2.9']);
  });

  it('is not the way to addresses of the network', () => {
    expect(askedFor('192.0.2.77', { gateways })).toEqual(['192.0.2.77']);
  });

  it('without one every address is on the link', () => {
    expect(askedFor('198.51.100.7', {})).toEqual(['198.51.100.7']);
  });
});
