import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { FramePool, type Frame } from '../../../../electron/emulator/wire/frame';
import { Link, type LinkEnd, type LinkSettings } from '../../../../electron/emulator/wire/link';
import { property } from '../../../harness/property';
import { frameProbe } from '../../../harness/frameProbe';

const gigabit: LinkSettings = { bitsPerSecond: 1e9, delay: 50_000, queueBytes: 1e9, loss: 0 };

interface Arrival {
  readonly tag: number;
  readonly time: number;
  readonly length: number;
  readonly cause: number | undefined;
}

class Network {
  readonly observed = frameProbe();
  readonly machine: Machine;
  readonly arrivals: { left: Arrival[]; right: Arrival[] } = { left: [], right: [] };
  readonly left = this.end(10, 'left');
  readonly right = this.end(20, 'right');
  readonly pool = new FramePool();
  private readonly link: Link;

  constructor(settings: Partial<LinkSettings> = {}, seed = 1) {
    this.machine = new Machine(this.observed.probe, seed);
    this.link = new Link(this.machine, this.pool, { ...gigabit, ...settings }, this.left, this.right);
  }

  /** Sends a frame whose first byte is `tag`; answers what transmit answered. */
  send(from: LinkEnd, length: number, tag = 0): number {
    const frame = this.pool.take('host');
    frame.length = length;
    frame.bytes[0] = tag;
    return this.link.transmit(from, frame);
  }

  run(): this {
    while (this.machine.step());
    return this;
  }

  private end(component: number, side: 'left' | 'right'): LinkEnd {
    return {
      component,
      receive: (frame: Frame) => {
        this.arrivals[side].push({
          tag: frame.bytes[0]!,
          time: this.machine.now,
          length: frame.length,
          cause: this.machine.cause,
        });
      },
    };
  }
}

/** Preamble, FCS and inter-frame gap are on the wire too. */
function serialization(length: number, bitsPerSecond = 1e9): number {
  return Math.ceil(((Math.max(60, length) + 24) * 8e9) / bitsPerSecond);
}

describe('a link', () => {
  it('delivers a frame after its serialization and the propagation delay, exactly', () => {
    const network = new Network();
    const leaves = network.send(network.left, 1514);
    network.run();
    expect(leaves).toBe(12_304);
    expect(network.arrivals.right).toMatchObject([{ time: 12_304 + 50_000, length: 1514 }]);
    expect(network.arrivals.left).toEqual([]);
  });

  it('sends frames one behind the other, in order, at line rate', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 14, max: 1514 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1e6, max: 1e10 }),
        fc.nat({ max: 1e7 }),
        (lengths, bitsPerSecond, delay) => {
          const network = new Network({ bitsPerSecond, delay });
          let leaves = 0;
          const expected = lengths.map((length, tag) => {
            leaves += serialization(length, bitsPerSecond);
            expect(network.send(network.left, length, tag)).toBe(leaves);
            return { tag, time: leaves + delay, length: Math.max(60, length) };
          });
          network.run();
          expect(network.arrivals.right).toMatchObject(expected);
        },
      ),
      property(),
    );
  });

  it('starts at once when it has been idle', () => {
    const network = new Network();
    network.send(network.left, 1000);
    network.run();
    const idleSince = network.machine.now;
    expect(network.send(network.left, 1000)).toBe(idleSince + serialization(1000));
  });

  it('is full-duplex: frames of one direction never wait for the other', () => {
    const network = new Network();
    for (let count = 0; count < 10; count++) network.send(network.left, 1514);
    network.send(network.right, 60);
    network.run();
    expect(network.arrivals.left).toMatchObject([{ time: serialization(60) + 50_000 }]);
    expect(network.arrivals.right.length).toBe(10);
  });

  it('pads frames to the 60 bytes of IEEE 802.3 with zeros', () => {
    const network = new Network();
    const frame = network.pool.take('host');
    frame.bytes.fill(0xaa);
    network.pool.release(frame);
    network.send(network.left, 42);
    network.run();
    const { length, bytes } = network.observed.frames[0]!;
    expect(length).toBe(60);
    expect([...bytes.slice(42)]).toEqual(new Array(18).fill(0));
    expect(bytes[41]).toBe(0xaa);
  });

  it('drops a frame that finds the queue full, tells the probe, and goes on', () => {
    const network = new Network({ queueBytes: 3100 });
    for (let tag = 0; tag < 5; tag++) network.send(network.left, 1514, tag);
    network.run();
    expect(network.arrivals.right.map(({ tag }) => tag)).toEqual([0, 1]);
    expect(
      network.observed.fates.filter(({ fate }) => fate === 'queue-overflow').map(({ time }) => time),
    ).toEqual([0, 0, 0]);
    network.send(network.left, 1514, 9);
    network.run();
    expect(network.arrivals.right.at(-1)?.tag).toBe(9);
  });

  it('has room again as soon as the transmitter has worked off enough', () => {
    const network = new Network({ queueBytes: 3100 });
    network.send(network.left, 1514, 0);
    network.send(network.left, 1514, 1);
    network.machine.schedule(serialization(1514), {
      onEvent: () => void network.send(network.left, 1514, 2),
    });
    network.run();
    expect(network.arrivals.right.map(({ tag }) => tag)).toEqual([0, 1, 2]);
  });

  it('tells the probe one fate for every frame, with the receiver', () => {
    const network = new Network({ loss: 0.3, queueBytes: 20_000 });
    for (let tag = 0; tag < 40; tag++) network.send(tag % 2 === 0 ? network.left : network.right, 1000, tag);
    network.run();
    const { frames, fates } = network.observed;
    expect(fates.map(({ frame }) => frame).sort((a, b) => a - b)).toEqual(frames.map(({ event }) => event));
    expect(new Set(fates.map(({ fate }) => fate))).toEqual(new Set(['delivered', 'lost', 'queue-overflow']));
    for (const { frame, receiver } of fates) {
      expect(receiver).toBe(frames.find(({ event }) => event === frame)?.sender === 10 ? 20 : 10);
    }
  });

  it('names the frame as the cause of what its arrival leads to', () => {
    const network = new Network();
    network.send(network.left, 100);
    network.send(network.left, 100);
    network.run();
    expect(network.arrivals.right.map(({ cause }) => cause)).toEqual(
      network.observed.frames.map(({ event }) => event),
    );
  });

  it('loses the same frames for the same seed and others for another', () => {
    const survivors = (seed: number): number[] => {
      const network = new Network({ loss: 0.3 }, seed);
      for (let tag = 0; tag < 100; tag++) network.send(network.left, 100, tag);
      return network.run().arrivals.right.map(({ tag }) => tag);
    };
    expect(survivors(5)).toEqual(survivors(5));
    expect(survivors(5)).not.toEqual(survivors(6));
    expect(survivors(5).length).toBeGreaterThan(50);
    expect(survivors(5).length).toBeLessThan(90);
  });

  it('loses frames of one direction independently of traffic in the other', () => {
    const survivors = (answers: number): number[] => {
      const network = new Network({ loss: 0.3 });
      for (let tag = 0; tag < 100; tag++) {
        network.send(network.left, 100, tag);
        for (let count = 0; count < answers; count++) network.send(network.right, 60);
      }
      return network.run().arrivals.right.map(({ tag }) => tag);
    };
    expect(survivors(2)).toEqual(survivors(0));
  });

  it('loses everything with probability 1 and nothing with 0', () => {
    for (const loss of [0, 1]) {
      const network = new Network({ loss });
      for (let tag = 0; tag < 50; tag++) network.send(network.left, 100, tag);
      expect(network.run().arrivals.right.length).toBe(loss === 0 ? 50 : 0);
    }
  });

  it('gives every frame back to the pool, lost or not', () => {
    const network = new Network({ loss: 0.5, queueBytes: 2000 });
    const released: Frame[] = [];
    const release = network.pool.release.bind(network.pool);
    network.pool.release = (frame) => {
      released.push(frame);
      release(frame);
    };
    for (let tag = 0; tag < 30; tag++) network.send(network.left, 500, tag);
    network.run();
    expect(released.length).toBe(30);
  });

  it('takes frames of its two ends only', () => {
    const network = new Network();
    expect(() => network.send({ component: 30, receive: () => undefined }, 60)).toThrow('not connected');
  });
});

describe('FramePool', () => {
  it('hands out used frames with the fields of new ones', () => {
    const pool = new FramePool();
    const used = pool.take('chimney');
    Object.assign(used, { length: 99, connection: 3, payloadLength: 9, retransmission: true });
    pool.release(used);
    const frame = pool.take('peer');
    expect(frame).toBe(used);
    expect(frame).toMatchObject({
      length: 0,
      path: 'peer',
      connection: undefined,
      payloadLength: 0,
      retransmission: false,
    });
    expect(pool.take('peer')).not.toBe(frame);
  });
});
