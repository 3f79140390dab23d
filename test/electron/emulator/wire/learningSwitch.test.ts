import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { FramePool, type Frame } from '../../../../electron/emulator/wire/frame';
import { LearningSwitch } from '../../../../electron/emulator/wire/learningSwitch';
import { Link, type LinkEnd, type LinkSettings } from '../../../../electron/emulator/wire/link';
import { frameProbe } from '../../../harness/frameProbe';

const gigabit: LinkSettings = { bitsPerSecond: 1e9, delay: 1_000, queueBytes: 1e6, loss: 0 };

/** Hosts by number, each with a cable to its port. Host n has the address 02-00-00-00-00-n. */
class Hosts {
  readonly observed = frameProbe();
  readonly pool = new FramePool();
  /** For each host the numbers of those whose frames it got. */
  readonly got: number[][];
  readonly links: Link[] = [];
  private readonly machine = new Machine(this.observed.probe, 1);
  private readonly ends: LinkEnd[];

  constructor(count: number, linkOf: (host: number) => LinkSettings = () => gigabit) {
    this.got = Array.from({ length: count }, () => []);
    const learning = new LearningSwitch(this.machine, this.pool, count);
    this.ends = this.got.map((got, index) => ({
      component: 50 + index,
      receive: (frame: Frame) => void got.push(frame.bytes[11]!),
    }));
    this.ends.forEach((end, index) => {
      const link = new Link(this.machine, this.pool, linkOf(index), learning.ports[index]!, end, index);
      learning.connect(index, link);
      this.links.push(link);
    });
  }

  /** Sends a frame to a host, or to everybody (255), and waits until all has arrived. */
  send(from: number, to: number): this {
    const frame = this.pool.take('host');
    frame.bytes.set([to === 255 ? 0xff : 2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0]);
    frame.length = 60;
    this.links[from]!.transmit(this.ends[from]!, frame);
    while (this.machine.step());
    return this;
  }
}

describe('a learning switch (IEEE 802.1Q, section 8.7)', () => {
  it('sends a frame everywhere else while it has not heard of the destination', () => {
    expect(new Hosts(4).send(0, 3).got).toEqual([[], [0], [0], [0]]);
  });

  it('sends a frame to its destination alone once that has been heard', () => {
    expect(new Hosts(4).send(3, 255).send(0, 3).got).toEqual([[3], [3], [3], [0]]);
  });

  it('sends broadcasts everywhere but back', () => {
    const hosts = new Hosts(3).send(0, 255).send(1, 255);
    expect(hosts.got).toEqual([[1], [0], [0, 1]]);
  });

  it('forgets what it has heard at a port with its carrier', () => {
    const hosts = new Hosts(3).send(2, 255);
    hosts.links[2]!.setCarrier(false);
    hosts.links[2]!.setCarrier(true);
    expect(hosts.send(0, 2).got).toEqual([[2], [2, 0], [0]]);
  });

  it('sends nothing to a port without carrier', () => {
    const hosts = new Hosts(3);
    hosts.links[2]!.setCarrier(false);
    hosts.send(0, 255);
    expect(hosts.observed.frames.length).toBe(2);
    expect(hosts.pool.outstanding).toBe(0);
  });

  it('passes frames on with the speed of each cable, and names the frame that came in as the cause', () => {
    const hosts = new Hosts(2, (host) => ({ ...gigabit, bitsPerSecond: host === 0 ? 1e9 : 1e8 })).send(0, 1);
    const [first, second] = hosts.observed.fates;
    const serialization = (bitsPerSecond: number): number => ((60 + 24) * 8e9) / bitsPerSecond;
    expect(first!.time).toBe(serialization(1e9) + 1000);
    expect(second!.time - first!.time).toBe(serialization(1e8) + 1000);
  });

  it('gives every frame back', () => {
    const hosts = new Hosts(5);
    for (let from = 0; from < 5; from++) for (let to = 0; to < 5; to++) hosts.send(from, to);
    expect(hosts.pool.outstanding).toBe(0);
  });

  it('loses on the cable of one host what that cable loses, and nothing of the others', () => {
    const hosts = new Hosts(3, (host) => ({ ...gigabit, loss: host === 1 ? 1 : 0 }));
    expect(hosts.send(0, 255).got).toEqual([[], [], [0]]);
  });
});
