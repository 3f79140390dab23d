import { describe, expect, it } from 'vitest';
import { Conversation } from '../../../harness/segmentNotation';

/** A connection in each state of a close, reached as the RFC's state diagram says. */
const reach = {
  finWait1: (): Conversation => {
    const tcp = Conversation.established();
    tcp.close();
    return tcp;
  },
  finWait2: (): Conversation => {
    const tcp = reach.finWait1();
    tcp.peer('. 1:1(0) ack 2');
    return tcp;
  },
  closing: (): Conversation => {
    const tcp = reach.finWait1();
    tcp.peer('F. 1:1(0) ack 1');
    return tcp;
  },
  timeWait: (): Conversation => {
    const tcp = reach.finWait2();
    tcp.peer('F. 1:1(0) ack 2');
    return tcp;
  },
  closeWait: (): Conversation => {
    const tcp = Conversation.established();
    tcp.peer('F. 1:1(0) ack 1');
    return tcp;
  },
  lastAck: (): Conversation => {
    const tcp = reach.closeWait();
    tcp.close();
    return tcp;
  },
};

describe('normal close, active (RFC 9293 section 3.6, figure 12)', () => {
  it('goes by FIN-WAIT-1, FIN-WAIT-2 and TIME-WAIT to CLOSED', () => {
    const tcp = Conversation.established();
    expect(tcp.close()).toEqual(['F. 1:1(0) ack 1']);
    expect(tcp.state).toBe('FinWait1');
    expect(tcp.peer('. 1:1(0) ack 2')).toEqual([]);
    expect(tcp.state).toBe('FinWait2');
    expect(tcp.peer('F. 1:1(0) ack 2')).toEqual(['. 2:2(0) ack 2']);
    expect(tcp.state).toBe('TimeWait');
    expect(tcp.wait(59_999)).toEqual([]);
    expect(tcp.state).toBe('TimeWait');
    tcp.wait(1);
    expect(tcp.state).toBe('Closed');
    expect(tcp.events).toEqual(['fin acknowledged', 'peer closed', 'closed']);
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });

  it('sends the FIN behind everything that was queued', () => {
    const tcp = Conversation.established();
    tcp.send(5000);
    tcp.close();
    expect(tcp.state).toBe('Established');
    expect(tcp.peer('. 1:1(0) ack 4001')).toEqual(['FP. 4001:5001(1000) ack 1']);
    expect(tcp.state).toBe('FinWait1');
  });

  it('goes straight to TIME-WAIT when one segment carries FIN and the acknowledgment', () => {
    const tcp = reach.finWait1();
    expect(tcp.peer('F. 1:1(0) ack 2')).toEqual(['. 2:2(0) ack 2']);
    expect([tcp.state, ...tcp.events]).toEqual(['TimeWait', 'fin acknowledged', 'peer closed']);
  });

  it('still receives in FIN-WAIT-1 and FIN-WAIT-2', () => {
    for (const tcp of [reach.finWait1(), reach.finWait2()]) {
      tcp.peer('P. 1:11(10) ack 2', 'FP. 11:16(5) ack 2');
      expect(tcp.receivedBytes).toBe(15);
      expect(tcp.state).toBe('TimeWait');
    }
  });

  it('stays in FIN-WAIT-1 while only its data is acknowledged', () => {
    const tcp = Conversation.established();
    tcp.send(10);
    tcp.close();
    tcp.peer('. 1:1(0) ack 11');
    expect(tcp.state).toBe('FinWait1');
    expect(tcp.acknowledgedBytes).toBe(10);
  });

  it('closes from SYN-RECEIVED as soon as the handshake is over', () => {
    const tcp = new Conversation();
    tcp.listen();
    tcp.peer('S 0:0(0) <mss 1000>');
    expect(tcp.close()).toEqual([]);
    expect(tcp.peer('. 1:1(0) ack 1')).toEqual(['F. 1:1(0) ack 1']);
    expect(tcp.state).toBe('FinWait1');
  });
});

describe('FIN-WAIT-2 (WDK page "Overview of TCP Timers")', () => {
  it('ends after 120 s without a segment', () => {
    const tcp = reach.finWait2();
    tcp.wait(119_999);
    expect(tcp.state).toBe('FinWait2');
    tcp.wait(1);
    expect([tcp.state, ...tcp.events]).toEqual(['Closed', 'fin acknowledged', 'timeout']);
  });

  it.each(['P. 1:11(10) ack 2', '. 1:1(0) ack 2'])(
    'starts anew with every acceptable segment: %s',
    (line) => {
      const tcp = reach.finWait2();
      tcp.wait(100_000);
      tcp.peer(line);
      tcp.wait(119_000);
      expect(tcp.state).toBe('FinWait2');
      tcp.wait(1000);
      expect(tcp.state).toBe('Closed');
    },
  );
});

describe('normal close, passive (RFC 9293 section 3.6, figure 12)', () => {
  it('goes by CLOSE-WAIT and LAST-ACK to CLOSED', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('F. 1:1(0) ack 1')).toEqual(['. 1:1(0) ack 2']);
    expect(tcp.state).toBe('CloseWait');
    expect(tcp.send(10)).toEqual(['P. 1:11(10) ack 2']);
    expect(tcp.close()).toEqual(['F. 11:11(0) ack 2']);
    expect(tcp.state).toBe('LastAck');
    expect(tcp.peer('. 2:2(0) ack 12')).toEqual([]);
    expect([tcp.state, ...tcp.events]).toEqual(['Closed', 'peer closed', 'fin acknowledged', 'closed']);
    expect(tcp.acknowledgedBytes).toBe(10);
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });

  it('takes the data that comes with the FIN first', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('FP. 1:11(10) ack 1')).toEqual(['. 1:1(0) ack 12']);
    expect(tcp.events).toEqual(['data 10 push', 'peer closed']);
    expect(tcp.engine.peerClosed).toBe(true);
  });

  it('takes a FIN behind a gap when the gap is filled', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('F. 11:11(0) ack 1')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.state).toBe('Established');
    expect(tcp.peer('P. 1:11(10) ack 1')).toEqual(['. 1:1(0) ack 12']);
    expect(tcp.state).toBe('CloseWait');
    expect(tcp.events).toEqual(['data 10 push', 'peer closed']);
  });

  it('takes no FIN beyond the window: it comes again with the data that had no room', () => {
    const tcp = Conversation.established({ settings: { receiveBuffer: 1500 } });
    tcp.reads = false;
    tcp.peer('. 1:1001(1000) ack 1');
    expect(tcp.peer('F. 1001:2001(1000) ack 1')).toEqual(['. 1:1(0) ack 1501']);
    expect([tcp.state, tcp.receivedBytes]).toEqual(['Established', 1500]);
    tcp.read();
    expect(tcp.peer('F. 1501:2001(500) ack 1')).toEqual(['. 1:1(0) ack 2002']);
    expect([tcp.state, tcp.receivedBytes]).toEqual(['CloseWait', 2000]);
  });

  it('drops what a peer sends behind its FIN, even ahead of time', () => {
    const tcp = Conversation.established();
    tcp.peer('F. 11:11(0) ack 1', 'P. 11:21(10) ack 1', 'P. 1:11(10) ack 1');
    expect([tcp.state, tcp.engine.variables.RcvNxt - 0x2000_0000]).toEqual(['CloseWait', 12]);
  });

  it('takes a FIN into a closed window', () => {
    const tcp = Conversation.established({ settings: { receiveBuffer: 1000 } });
    tcp.reads = false;
    tcp.peer('. 1:1001(1000) ack 1');
    expect(tcp.engine.variables.RcvWnd).toBe(0);
    tcp.peer('F. 1001:1001(0) ack 1');
    expect(tcp.state).toBe('CloseWait');
  });

  it('acknowledges a repeated FIN again', () => {
    for (const tcp of [reach.closeWait(), reach.lastAck()]) {
      const { state } = tcp;
      expect(tcp.peer('F. 1:1(0) ack 1').map((line) => line.split(' ack ')[1])).toEqual(['2']);
      expect(tcp.state).toBe(state);
    }
  });

  it('takes no data behind the FIN', () => {
    const tcp = reach.closeWait();
    expect(tcp.peer('P. 2:12(10) ack 1')).toEqual(['. 1:1(0) ack 2']);
    expect(tcp.receivedBytes).toBe(0);
  });

  it('sends FIN after FIN from LAST-ACK until it gives up', () => {
    const tcp = reach.lastAck();
    expect(tcp.wait(120_000).length).toBe(tcp.engine.settings.maximumRetransmissions);
    expect(tcp.events).toEqual(['peer closed', 'timeout']);
  });
});

describe('simultaneous close (RFC 9293 section 3.6, figure 13)', () => {
  it('goes by CLOSING and TIME-WAIT to CLOSED', () => {
    const tcp = reach.finWait1();
    expect(tcp.peer('F. 1:1(0) ack 1')).toEqual(['. 2:2(0) ack 2']);
    expect(tcp.state).toBe('Closing');
    expect(tcp.peer('. 2:2(0) ack 2')).toEqual([]);
    expect(tcp.state).toBe('TimeWait');
    tcp.wait(60_000);
    expect([tcp.state, ...tcp.events]).toEqual(['Closed', 'peer closed', 'fin acknowledged', 'closed']);
  });

  it('repeats its FIN from CLOSING', () => {
    expect(reach.closing().wait(1000)).toEqual(['+1000 F. 1:1(0) ack 2']);
  });
});

describe('TIME-WAIT (RFC 9293 section 3.10.7.4)', () => {
  it('acknowledges a repeated FIN and starts anew', () => {
    const tcp = reach.timeWait();
    tcp.wait(59_000);
    expect(tcp.peer('F. 1:1(0) ack 2')).toEqual(['. 2:2(0) ack 2']);
    tcp.wait(59_999);
    expect(tcp.state).toBe('TimeWait');
    tcp.wait(1);
    expect(tcp.state).toBe('Closed');
  });

  it('does not start anew for anything else', () => {
    const tcp = reach.timeWait();
    tcp.wait(59_000);
    tcp.peer('. 2:2(0) ack 2', 'P. 0:1(1) ack 2');
    tcp.wait(1000);
    expect(tcp.state).toBe('Closed');
  });
});

describe('RST (RFC 5961 section 3.2)', () => {
  const states = Object.entries(reach).map(([name, make]) => [name, make] as const);

  it.each(states)('at exactly RCV.NXT closes from %s', (_name, make) => {
    const tcp = make();
    const next = tcp.engine.peerClosed ? 2 : 1;
    expect(tcp.peer(`R ${next}:${next}(0)`)).toEqual([]);
    expect(tcp.state).toBe('Closed');
    expect(tcp.events.at(-1)).toBe('reset');
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });

  it('elsewhere in the window is challenged with an acknowledgment', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('R 2:2(0)')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.peer('R 20000:20000(0)')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.state).toBe('Established');
  });

  it('outside the window is dropped in silence', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('R 0:0(0)', 'R 20001:20001(0)', 'R. -5000:-5000(0) ack 1')).toEqual([]);
    expect(tcp.state).toBe('Established');
  });
});

describe('SYN in a synchronized state (RFC 5961 section 4.2)', () => {
  it('is challenged, in the window or not', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('S 5:5(0)')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.peer('S 0:0(0)')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.peer('S -70000:-70000(0)')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.state).toBe('Established');
  });
});

describe('abort (RFC 9293 section 3.10.5)', () => {
  it('stands behind everything sent, even after a timeout has pulled SND.NXT back: there the peer expects it', () => {
    const tcp = Conversation.established();
    tcp.send(4000);
    tcp.wait(1500);
    expect(tcp.abort()).toEqual(['R. 4001:4001(0) ack 1']);
  });

  it('stands in front of a probe that a closed window has not taken', () => {
    const tcp = Conversation.established();
    tcp.peer('. 1:1(0) ack 1 win 0');
    tcp.send(3000);
    tcp.wait(1000);
    expect(tcp.abort()).toEqual(['R. 1:1(0) ack 1']);
  });

  it('sends a RST at SND.NXT and forgets everything', () => {
    const tcp = Conversation.established();
    tcp.send(1000);
    expect(tcp.abort()).toEqual(['R. 1001:1001(0) ack 1']);
    expect(tcp.state).toBe('Closed');
    expect(tcp.wait(600_000)).toEqual([]);
    expect(tcp.peer('P. 1:11(10) ack 1')).toEqual([]);
  });

  it('sends nothing before the peer knows the connection', () => {
    const listening = new Conversation();
    listening.listen();
    expect(listening.abort()).toEqual([]);
    const opening = new Conversation();
    opening.connect();
    expect(opening.abort()).toEqual([]);
    expect(opening.wait(10_000)).toEqual([]);
  });
});
