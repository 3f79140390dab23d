import { describe, expect, it } from 'vitest';
import { arpOperations, readArpFrame, writeArpFrame } from '../../../electron/emulator/wire/arp';
import { broadcastMac } from '../../../electron/emulator/wire/address';
import type { Frame } from '../../../electron/emulator/wire/frame';
import { WiredHost } from '../../../electron/emulator/wired/wiredHost';
import { DeviceProblem, type FrameDevice } from '../../../electron/realwire/frameDevice';
import { RealWire } from '../../../electron/realwire/realWire';
import { interfaceNameProblem, openTap } from '../../../electron/realwire/tapDevice';
import { silentProbe } from '../../harness/silentProbe';
import { noServices, wiredSettings } from '../../harness/wiredPair';

/** A device of which a test plays the other side. */
class ScriptedDevice implements FrameDevice {
  readonly name = 'scripted';
  readonly carriesLargeFrames = false;
  readonly incoming: Uint8Array[] = [];
  readonly outgoing: Uint8Array[] = [];
  takes = true;
  gone = false;
  onOutgoing: () => void = () => undefined;

  read(frame: Frame): boolean {
    if (this.gone) throw new DeviceProblem('it has gone');
    const bytes = this.incoming.shift();
    if (bytes === undefined) return false;
    frame.bytes.set(bytes);
    frame.length = bytes.length;
    return true;
  }

  write(frame: Frame): boolean {
    this.outgoing.push(frame.bytes.slice(0, frame.length));
    this.onOutgoing();
    return this.takes;
  }

  async wait(): Promise<void> {
    // Something may have come at any time.
  }

  close(): void {
    this.gone = true;
  }
}

const asking = {
  operation: arpOperations.request,
  senderMac: Uint8Array.from([2, 0, 0, 0, 0, 9]),
  senderAddress: Uint8Array.from([192, 0, 2, 9]),
  targetMac: new Uint8Array(6),
  targetAddress: Uint8Array.from([192, 0, 2, 2]),
};

function arpRequest(): Uint8Array {
  const bytes = new Uint8Array(60);
  writeArpFrame(bytes, broadcastMac, asking);
  return bytes;
}

/** A wire with a host on it, which stops when the host has answered. */
function wired(device: ScriptedDevice): { readonly wire: RealWire; readonly host: WiredHost } {
  const wire = new RealWire(device);
  device.onOutgoing = () => {
    wire.stop();
  };
  return { wire, host: new WiredHost(silentProbe(), wiredSettings(2), noServices, wire.deliver) };
}

describe('a real wire', () => {
  it('gives frames of the device to the emulated host, and its answers to the device', async () => {
    const device = new ScriptedDevice();
    const { wire, host } = wired(device);
    host.advanceTo(10_000_000);
    device.incoming.push(arpRequest());
    await wire.run(host);
    const answer = readArpFrame(device.outgoing[0]!, device.outgoing[0]!.length);
    expect(answer).toMatchObject({ operation: arpOperations.reply, senderAddress: asking.targetAddress });
    expect(wire.counts).toEqual({ framesIn: 1, framesOut: 1, framesRefused: 0 });
  });

  it('counts what the other side does not take, and goes on', async () => {
    const device = new ScriptedDevice();
    device.takes = false;
    const { wire, host } = wired(device);
    host.advanceTo(10_000_000);
    device.incoming.push(arpRequest());
    await wire.run(host);
    expect(wire.counts).toEqual({ framesIn: 1, framesOut: 0, framesRefused: 1 });
  });

  it('tells when each frame came in, in virtual time that never goes back', async () => {
    const device = new ScriptedDevice();
    const times: number[] = [];
    const wire = new RealWire(device, (_frame, time, direction) => {
      if (direction === 'inbound') times.push(time);
      if (times.length === 3) wire.stop();
    });
    const host = new WiredHost(silentProbe(), wiredSettings(2), noServices, wire.deliver);
    device.incoming.push(arpRequest(), arpRequest(), arpRequest());
    await wire.run(host);
    expect(times).toHaveLength(3);
    expect([...times].sort((left, right) => left - right)).toEqual(times);
  });

  it('ends by itself after the time that it was given', async () => {
    const { wire, host } = wired(new ScriptedDevice());
    await wire.run(host, 5_000_000);
    expect(host.now).toBeGreaterThan(0);
  });

  it('ends with the problem when the device goes away', async () => {
    const device = new ScriptedDevice();
    device.gone = true;
    const { wire, host } = wired(device);
    await expect(wire.run(host)).rejects.toThrow(DeviceProblem);
  });
});

describe('the name of a TAP device', () => {
  it('has 1 to 15 bytes without spaces, slashes, colons and per cent signs', async () => {
    for (const name of ['tap0', 'a', 'abcdefghijklmno']) expect(interfaceNameProblem(name)).toBeUndefined();
    for (const name of ['', 'abcdefghijklmnop', 'ta p', 'a/b', 'a:b', '..', 'tap%d']) {
      const opened = await openTap({ name, largeFrames: false });
      expect(opened.ok).toBe(false);
      expect(interfaceNameProblem(name)).toContain(`"${name}"`);
    }
  });
});
