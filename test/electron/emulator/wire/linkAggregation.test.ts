import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { FramePool, type Frame } from '../../../../electron/emulator/wire/frame';
import { Link, type LinkEnd } from '../../../../electron/emulator/wire/link';
import {
  aggregationHash,
  LinkAggregation,
  type FarEndMode,
} from '../../../../electron/emulator/wire/linkAggregation';
import { silentProbe } from '../../../harness/silentProbe';

/** Two links between a host and a far end. */
function connect(mode: FarEndMode) {
  const machine = new Machine(silentProbe(), 1);
  const pool = new FramePool();
  const arrived: number[] = [];
  const farEnd: LinkEnd = { component: 9, receive: () => undefined };
  const aggregation = new LinkAggregation(farEnd, 2, mode);
  const speed = { bitsPerSecond: 1e9, delay: 10, queueBytes: 10_000, loss: 0 };
  const sides = [0, 1].map((index) => {
    const port: LinkEnd = { component: index, receive: () => arrived.push(index) };
    const link = new Link(machine, pool, speed, port, aggregation.ports[index]!, index);
    aggregation.connect(index, link);
    return { port, link };
  });
  const frame = (sourceEnd: number): Frame => {
    const made = pool.take('peer');
    made.length = 60;
    made.bytes.fill(0, 0, 60);
    made.bytes[11] = sourceEnd;
    return made;
  };
  /** Sends frames of neighbors from the far end and answers on which links they arrive. */
  const receive = (...neighbors: number[]): number[] => {
    arrived.length = 0;
    for (const neighbor of neighbors) {
      aggregation.transmit(farEnd, frame(neighbor));
      while (machine.step());
    }
    return [...arrived];
  };
  const send = (index: number): void => {
    const { link, port } = sides[index]!;
    link.transmit(port, frame(0));
    while (machine.step());
  };
  return { receive, send, sides };
}

describe('a static link aggregation', () => {
  it('IEEE 802.1AX: frames of one neighbor take one link, those of several are spread', () => {
    const { receive } = connect('static');
    expect(receive(4, 5, 4, 5, 6)).toEqual([0, 1, 0, 1, 0]);
  });

  it('where the host is heard changes nothing', () => {
    const { receive, send } = connect('static');
    send(1);
    expect(receive(4, 5)).toEqual([0, 1]);
  });

  it('a link without carrier carries nothing, and all goes through the other', () => {
    const { receive, sides } = connect('static');
    sides[0]!.link.setCarrier(false);
    expect(receive(4, 5)).toEqual([1, 1]);
    sides[0]!.link.setCarrier(true);
    expect(receive(4, 5)).toEqual([0, 1]);
  });

  it('both ends compute the same of a neighbor’s address', () => {
    expect(aggregationHash(Uint8Array.of(2, 0, 0, 0, 0, 7))).toBe(5);
    expect(aggregationHash(Uint8Array.of(2, 0, 0, 0, 0, 7, 99))).toBe(5);
  });
});

describe('ordinary ports of a switch', () => {
  it('IEEE 802.1Q: frames go where the host was last heard', () => {
    const { receive, send } = connect('learning');
    send(1);
    expect(receive(4, 5)).toEqual([1, 1]);
    send(0);
    expect(receive(4, 5)).toEqual([0, 0]);
  });

  it('what was learned on a port is forgotten with its carrier', () => {
    const { receive, send, sides } = connect('learning');
    send(1);
    sides[1]!.link.setCarrier(false);
    expect(receive(4, 5)).toEqual([0, 0]);
  });

  it('without any carrier the frame is lost', () => {
    const { receive, sides } = connect('learning');
    for (const { link } of sides) link.setCarrier(false);
    expect(receive(4)).toEqual([]);
  });
});
