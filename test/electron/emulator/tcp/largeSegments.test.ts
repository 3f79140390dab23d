import { describe, expect, it } from 'vitest';
import type { TcpSegment } from '../../../../electron/emulator/wire/tcpSegment';
import { tcpFlags } from '../../../../electron/emulator/wire/tcpSegment';
import { Conversation, streamBytes } from '../../../harness/segmentNotation';

/** Payload lengths of what a connection emits to an output that cuts by itself. */
function emitted(tcp: Conversation, largeSendLimit: number | undefined): [length: number, push: boolean][] {
  const sent: [number, boolean][] = [];
  const emit = (segment: TcpSegment): void => {
    sent.push([segment.payloadLength, segment.has(tcpFlags.PSH)]);
  };
  tcp.engine.dispatch(tcp.now, largeSendLimit === undefined ? { emit } : { emit, largeSendLimit });
  return sent;
}

const wide = (nagle = true): Conversation => {
  const tcp = Conversation.established({ peerWindow: 60_000, settings: { nagle } });
  tcp.engine.variables.CWnd = 50_000;
  return tcp;
};

const queue = (tcp: Conversation, count: number): void => {
  tcp.engine.send(streamBytes(0, count), { onAcknowledged: () => undefined }, true);
};

describe('large sends', () => {
  it('hold as many whole segments as the output takes; what is left over goes by itself', () => {
    const tcp = wide(false);
    queue(tcp, 25_300);
    expect(emitted(tcp, 10_500)).toEqual([
      [10_000, false],
      [10_000, false],
      [5000, false],
      [300, true],
    ]);
    expect(tcp.engine.newBytesSent).toBe(25_300);
  });

  it('leave a small rest to Nagle', () => {
    const tcp = wide();
    queue(tcp, 5300);
    expect(emitted(tcp, 65_536)).toEqual([[5000, false]]);
  });

  it('keep to the windows', () => {
    const tcp = wide();
    tcp.engine.variables.CWnd = 7500;
    queue(tcp, 20_000);
    expect(emitted(tcp, 65_536)[0]).toEqual([7000, false]);
  });

  it('are none without a limit, nor with one below two segments', () => {
    for (const limit of [undefined, 0, 1999]) {
      const tcp = wide();
      queue(tcp, 3000);
      expect(emitted(tcp, limit).map(([length]) => length)).toEqual([1000, 1000, 1000]);
    }
  });

  it('are repeated one segment at a time', () => {
    const tcp = wide();
    queue(tcp, 5000);
    emitted(tcp, 65_536);
    tcp.now += 1000 * 1e6;
    expect(emitted(tcp, 65_536)).toEqual([[1000, false]]);
  });
});

describe('segments larger than the MSS, which somebody has put together', () => {
  it('TMR-005: count for as many as they hold', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('. 1:2001(2000) ack 1')).toEqual(['. 1:1(0) ack 2001']);
    expect(tcp.receivedBytes).toBe(2000);
  });

  it('are trimmed to the window, and their acknowledgment is taken', () => {
    const tcp = Conversation.established({ settings: { receiveBuffer: 4500 } });
    tcp.reads = false;
    tcp.send(10);
    expect(tcp.peer('. 1:9001(9000) ack 11')).toEqual(['. 11:11(0) ack 4501']);
    expect([tcp.receivedBytes, tcp.acknowledgedBytes]).toEqual([4500, 10]);
  });

  it('fill a gap and more at once', () => {
    const tcp = Conversation.established();
    tcp.peer('. 2001:3001(1000) ack 1');
    expect(tcp.peer('. 1:5001(5000) ack 1')).toEqual(['. 1:1(0) ack 5001']);
    expect(tcp.receivedBytes).toBe(5000);
  });
});
