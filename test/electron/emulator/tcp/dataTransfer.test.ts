import { describe, expect, it } from 'vitest';
import { Conversation } from '../../../harness/segmentNotation';

describe('sending', () => {
  it('cuts a message into full segments and marks its end with PSH', () => {
    const tcp = Conversation.established({ settings: { nagle: false } });
    expect(tcp.send(2500)).toEqual([
      '. 1:1001(1000) ack 1',
      '. 1001:2001(1000) ack 1',
      'P. 2001:2501(500) ack 1',
    ]);
    expect(tcp.peer('. 1:1(0) ack 2501')).toEqual([]);
    expect(tcp.acknowledgedBytes).toBe(2500);
  });

  it('stops at the peer’s window and goes on as it moves', () => {
    const tcp = Conversation.established();
    tcp.peer('. 1:1(0) ack 1 win 2000');
    expect(tcp.send(4000)).toEqual(['. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1001 win 2000')).toEqual(['. 2001:3001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1001 win 3000')).toEqual(['P. 3001:4001(1000) ack 1']);
  });

  it('sends again nothing that was acknowledged, in part of a chunk or over several', () => {
    const tcp = Conversation.established();
    for (const count of [300, 900, 2000]) tcp.send(count);
    tcp.peer('. 1:1(0) ack 301');
    expect(tcp.acknowledgedBytes).toBe(300);
    tcp.peer('. 1:1(0) ack 1301');
    expect(tcp.acknowledgedBytes).toBe(1300);
  });

  it('counts new bytes once', () => {
    const tcp = Conversation.established();
    tcp.send(2000);
    tcp.send(500);
    tcp.wait(5000);
    expect(tcp.engine.newBytesSent).toBe(2000);
    tcp.peer('. 1:1(0) ack 2001');
    expect(tcp.engine.newBytesSent).toBe(2500);
  });

  it('crosses the wrap of the sequence numbers', () => {
    const tcp = Conversation.established({ iss: 0xffff_fc00, peerIss: 0xffff_ffff });
    expect(tcp.send(3000)).toEqual([
      '. 1:1001(1000) ack 1',
      '. 1001:2001(1000) ack 1',
      'P. 2001:3001(1000) ack 1',
    ]);
    tcp.peer('. 1:1001(1000) ack 1001', '. 1001:2001(1000) ack 3001');
    expect([tcp.acknowledgedBytes, tcp.receivedBytes]).toEqual([3000, 2000]);
  });

  it('refuses data behind a FIN', () => {
    const tcp = Conversation.established();
    tcp.close();
    expect(() => tcp.send(1)).toThrow('behind a FIN');
  });
});

describe('Nagle’s algorithm (RFC 9293 section 3.7.4)', () => {
  it('holds a small segment back while data is unacknowledged', () => {
    const tcp = Conversation.established();
    expect(tcp.send(10)).toEqual(['P. 1:11(10) ack 1']);
    expect(tcp.send(10)).toEqual([]);
    expect(tcp.send(20)).toEqual([]);
    expect(tcp.peer('. 1:1(0) ack 11')).toEqual(['P. 11:41(30) ack 1']);
  });

  it('lets full segments go', () => {
    const tcp = Conversation.established();
    tcp.send(10);
    expect(tcp.send(1500)).toEqual(['. 11:1011(1000) ack 1']);
  });

  it('lets the last segment go together with a FIN', () => {
    const tcp = Conversation.established();
    tcp.send(10);
    tcp.send(10);
    expect(tcp.close()).toEqual(['FP. 11:21(10) ack 1']);
  });

  it('holds nothing back when it is off', () => {
    const tcp = Conversation.established({ settings: { nagle: false } });
    expect([...tcp.send(10), ...tcp.send(20)]).toEqual(['P. 1:11(10) ack 1', 'P. 11:31(20) ack 1']);
  });

  it('holds back even what fills half of a small window', () => {
    const tcp = Conversation.established({ peerWindow: 100 });
    expect(tcp.send(40)).toEqual(['P. 1:41(40) ack 1']);
    expect(tcp.send(60)).toEqual([]);
  });
});

describe('receiving', () => {
  it('hands data over in sequence, with PSH', () => {
    const tcp = Conversation.established();
    tcp.peer('. 1:1001(1000) ack 1', 'P. 1001:1501(500) ack 1');
    expect(tcp.events).toEqual(['data 1000', 'data 500 push']);
  });

  it('drops what it has already and answers with an acknowledgment', () => {
    const tcp = Conversation.established();
    tcp.peer('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1');
    expect(tcp.peer('. 1:1001(1000) ack 1')).toEqual(['. 1:1(0) ack 2001']);
    expect(tcp.receivedBytes).toBe(2000);
  });

  it('trims a segment that is partly old', () => {
    const tcp = Conversation.established();
    tcp.peer('. 1:1001(1000) ack 1', '. 501:1501(1000) ack 1');
    expect(tcp.events).toEqual(['data 1000', 'data 500']);
  });

  it('trims a segment that reaches beyond the window', () => {
    const tcp = Conversation.established({ settings: { receiveBuffer: 1500 } });
    tcp.reads = false;
    tcp.peer('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1');
    expect(tcp.receivedBytes).toBe(1500);
  });

  it('drops a segment outside the window and says where it is (RFC 9293 section 3.10.7.4)', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('. 20001:20002(1) ack 1')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.peer('. -9:1(10) ack 1')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.receivedBytes).toBe(0);
  });

  it('drops a segment without ACK', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('P 1:11(10)')).toEqual([]);
    expect(tcp.receivedBytes).toBe(0);
  });

  it('keeps what comes early and hands it over when the gap is filled', () => {
    const tcp = Conversation.established();
    tcp.peer('. 2001:3001(1000) ack 1', '. 1001:2001(1000) ack 1');
    expect(tcp.receivedBytes).toBe(0);
    expect(tcp.peer('. 1:1001(1000) ack 1')).toEqual(['. 1:1(0) ack 3001']);
    expect(tcp.receivedBytes).toBe(3000);
  });

  it('drops a segment that acknowledges what was never sent, and says where it is', () => {
    const tcp = Conversation.established();
    tcp.send(10);
    expect(tcp.peer('P. 1:11(10) ack 12')).toEqual(['. 11:11(0) ack 1']);
    expect([tcp.receivedBytes, tcp.acknowledgedBytes]).toEqual([0, 0]);
  });

  it('ignores an old acknowledgment but takes the data with it', () => {
    const tcp = Conversation.established();
    tcp.send(2000);
    tcp.peer('. 1:1(0) ack 2001', 'P. 1:11(10) ack 1001');
    expect([tcp.receivedBytes, tcp.acknowledgedBytes]).toEqual([10, 2000]);
  });

  it('does not take the window of an old segment for news', () => {
    const tcp = Conversation.established();
    tcp.send(3000);
    tcp.peer('. 1:1(0) ack 2001 win 5000', '. 1:1(0) ack 1001 win 100');
    expect(tcp.engine.variables.SndWnd).toBe(5000);
  });

  it('takes the acknowledgment of a peer that has filled the window', () => {
    const tcp = Conversation.established({ settings: { receiveBuffer: 2000 } });
    tcp.send(1000);
    expect(tcp.peer('. 2001:2001(0) ack 1001')).toEqual([]);
    expect(tcp.acknowledgedBytes).toBe(1000);
  });
});

describe('urgent data at a host or a peer (RFC 6093 section 6)', () => {
  it('is taken in line', () => {
    const tcp = Conversation.established();
    tcp.peer('PU. 1:11(10) ack 1', 'P. 11:21(10) ack 1');
    expect(tcp.receivedBytes).toBe(20);
  });
});

describe('the restart window (RFC 5681 section 4.1)', () => {
  const grown = (restartsAfterIdle: boolean): Conversation => {
    const tcp = Conversation.established({ settings: { restartsAfterIdle } });
    tcp.send(4000);
    tcp.peer('. 1:1(0) ack 2001', '. 1:1(0) ack 4001');
    tcp.engine.variables.CWnd = 20_000;
    return tcp;
  };

  it('is no larger than the initial window once nothing has been sent for a timeout', () => {
    const tcp = grown(true);
    tcp.wait(3000);
    expect(tcp.send(20_000)).toHaveLength(4);
    expect(tcp.engine.variables.CWnd).toBe(4000);
  });

  it('is the old window before that, and where it is off', () => {
    const busy = grown(true);
    busy.wait(200);
    expect(busy.send(20_000)).toHaveLength(20);
    const off = grown(false);
    off.wait(3000);
    expect(off.send(20_000)).toHaveLength(20);
  });

  it('makes no window larger', () => {
    const tcp = grown(true);
    tcp.engine.variables.CWnd = 1000;
    tcp.wait(3000);
    expect(tcp.send(20_000)).toHaveLength(1);
  });
});

describe('delayed acknowledgments (RFC 1122 section 4.2.3.2)', () => {
  it('come with every second segment', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('. 1:1001(1000) ack 1')).toEqual([]);
    expect(tcp.peer('. 1001:2001(1000) ack 1')).toEqual(['. 1:1(0) ack 2001']);
    expect(tcp.peer('. 2001:3001(1000) ack 1')).toEqual([]);
  });

  it('come after the delay at the latest, once', () => {
    const tcp = Conversation.established();
    tcp.peer('P. 1:11(10) ack 1');
    expect(tcp.wait(1000)).toEqual(['+200 . 1:1(0) ack 11']);
  });

  it('ride on data', () => {
    const tcp = Conversation.established();
    tcp.peer('P. 1:11(10) ack 1');
    expect(tcp.send(5)).toEqual(['P. 1:6(5) ack 11']);
    expect(tcp.peer('. 11:11(0) ack 6')).toEqual([]);
    expect(tcp.wait(1000)).toEqual([]);
  });

  it('follow the frequency that is set', () => {
    const tcp = Conversation.established({ settings: { ackFrequency: 1 } });
    expect(tcp.peer('P. 1:2(1) ack 1')).toEqual(['. 1:1(0) ack 2']);
  });

  it('are sent at once when a hand-over asks for it', () => {
    const tcp = Conversation.established();
    tcp.peer('P. 1:11(10) ack 1');
    tcp.engine.flushAcknowledgment();
    expect(tcp.wait(0)).toEqual([]);
    expect(tcp.read(0)).toEqual(['. 1:1(0) ack 11']);
    tcp.engine.flushAcknowledgment();
    expect(tcp.read(0)).toEqual([]);
  });
});

describe('immediate acknowledgments (RFC 5681 section 4.2)', () => {
  it('answer every segment out of order', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('. 1001:2001(1000) ack 1')).toEqual(['. 1:1(0) ack 1']);
    expect(tcp.peer('. 2001:3001(1000) ack 1')).toEqual(['. 1:1(0) ack 1']);
  });

  it('answer a segment that fills all or part of a gap', () => {
    const tcp = Conversation.established();
    tcp.peer('. 1001:2001(1000) ack 1', '. 3001:4001(1000) ack 1');
    expect(tcp.peer('. 1:1001(1000) ack 1')).toEqual(['. 1:1(0) ack 2001']);
    expect(tcp.peer('. 2001:3001(1000) ack 1')).toEqual(['. 1:1(0) ack 4001']);
    expect(tcp.peer('. 4001:5001(1000) ack 1')).toEqual([]);
  });
});

describe('timestamps (RFC 7323)', () => {
  const options = {
    settings: { timestamps: true, clockOffset: 1000 },
    showStamps: true,
    synOptions: 'mss 1000,TS val 50 ecr 1000',
  };

  it('stand in every segment and echo the peer’s', () => {
    const tcp = Conversation.established(options);
    tcp.wait(5);
    expect(tcp.send(10)).toEqual(['P. 1:11(10) ack 1 <TS val 1005 ecr 50>']);
    tcp.peer('P. 1:11(10) ack 11 <TS val 60 ecr 1005>');
    expect(tcp.wait(200)).toEqual(['+200 . 11:11(0) ack 11 <TS val 1205 ecr 60>']);
  });

  it('echo the earliest segment of those that one acknowledgment covers (section 4.3)', () => {
    const tcp = Conversation.established(options);
    expect(
      tcp.peer('. 1:1001(1000) ack 1 <TS val 60 ecr 1000>', '. 1001:2001(1000) ack 1 <TS val 70 ecr 1000>'),
    ).toEqual(['. 1:1(0) ack 2001 <TS val 1000 ecr 60>']);
  });

  it('echo the last segment in sequence while there is a gap (section 4.3)', () => {
    const tcp = Conversation.established(options);
    expect(tcp.peer('. 1001:2001(1000) ack 1 <TS val 70 ecr 1000>')).toEqual([
      '. 1:1(0) ack 1 <TS val 1000 ecr 50>',
    ]);
    expect(tcp.peer('. 1:1001(1000) ack 1 <TS val 80 ecr 1000>')).toEqual([
      '. 1:1(0) ack 2001 <TS val 1000 ecr 80>',
    ]);
  });

  it('measure the round trip from the echo', () => {
    const tcp = Conversation.established(options);
    tcp.send(900);
    tcp.wait(30);
    tcp.peer('. 1:1(0) ack 901 <TS val 60 ecr 1000>');
    expect(tcp.engine.variables.SRtt >> 3).toBeGreaterThan(0);
    expect(tcp.engine.variables.SRtt >> 3).toBeLessThanOrEqual(30);
  });

  it('protect against segments of an earlier turn of the numbers: PAWS (section 5.3)', () => {
    const tcp = Conversation.established(options);
    tcp.peer('. 1:1001(1000) ack 1 <TS val 60 ecr 1000>');
    expect(tcp.peer('P. 1001:1011(10) ack 1 <TS val 59 ecr 1000>')).toEqual([
      '. 1:1(0) ack 1001 <TS val 1000 ecr 60>',
    ]);
    expect(tcp.receivedBytes).toBe(1000);
  });

  it('compare modulo 2^32', () => {
    const tcp = Conversation.established({ ...options, synOptions: 'mss 1000,TS val 4294967290 ecr 1000' });
    tcp.peer('P. 1:11(10) ack 1 <TS val 4 ecr 1000>');
    expect(tcp.receivedBytes).toBe(10);
    tcp.peer('P. 11:21(10) ack 1 <TS val 4294967295 ecr 1000>');
    expect(tcp.receivedBytes).toBe(10);
  });

  it('do not keep a RST out (section 5.2)', () => {
    const tcp = Conversation.established(options);
    tcp.peer('R 1:1(0) <TS val 1 ecr 0>');
    expect(tcp.state).toBe('Closed');
  });

  it('must stand in every segment: one without is dropped in silence, unless it is a RST (section 3.2)', () => {
    const tcp = Conversation.established(options);
    tcp.send(10);
    expect(tcp.peer('P. 1:11(10) ack 11')).toEqual([]);
    expect([tcp.receivedBytes, tcp.acknowledgedBytes]).toEqual([0, 0]);
    tcp.peer('R 1:1(0)');
    expect(tcp.state).toBe('Closed');
  });

  it('stand in a RST, too (section 3.2)', () => {
    const tcp = Conversation.established(options);
    expect(tcp.abort()).toEqual(['R. 1:1(0) ack 1 <TS val 1000 ecr 50>']);
  });

  it('are measured once for each round trip, however many acknowledgments it brings (section 4.2)', () => {
    const tcp = Conversation.established({ ...options, settings: { ...options.settings, nagle: false } });
    tcp.wait(100);
    tcp.send(3000);
    tcp.wait(40);
    tcp.peer('. 1:1(0) ack 989 <TS val 60 ecr 1100>');
    const { SRtt, RttVar } = tcp.engine.variables;
    tcp.wait(500);
    tcp.peer('. 1:1(0) ack 1977 <TS val 61 ecr 1100>', '. 1:1(0) ack 2965 <TS val 61 ecr 1100>');
    expect(tcp.engine.variables).toMatchObject({ SRtt, RttVar });
    tcp.send(100);
    tcp.wait(40);
    tcp.peer('. 1:1(0) ack 3101 <TS val 62 ecr 1640>');
    expect(tcp.engine.variables.RttVar).not.toBe(RttVar);
  });

  it('are believed again after 24 days of silence (section 5.5)', () => {
    const tcp = Conversation.established(options);
    tcp.wait(25 * 24 * 3600 * 1000);
    tcp.peer('P. 1:11(10) ack 1 <TS val 3 ecr 1000>');
    expect(tcp.receivedBytes).toBe(10);
  });
});

describe('window management (RFC 9293 section 3.8.6)', () => {
  const slow = (receiveBuffer: number): Conversation => {
    const tcp = Conversation.established({ settings: { receiveBuffer, ackFrequency: 1 }, showWindows: true });
    tcp.reads = false;
    return tcp;
  };

  it('offers what the buffer has room for', () => {
    const tcp = slow(3000);
    expect(tcp.peer('. 1:1001(1000) ack 1')).toEqual(['. 1:1(0) ack 1001 win 2000']);
    expect(tcp.peer('. 1001:3001(2000) ack 1')).toEqual(['. 1:1(0) ack 3001 win 0']);
  });

  it('announces room once it is worth it, not byte by byte: receiver’s silly window avoidance (section 3.8.6.2.2)', () => {
    const tcp = slow(3000);
    tcp.peer('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1', '. 2001:3001(1000) ack 1');
    expect([...tcp.read(1), ...tcp.read(500)]).toEqual([]);
    expect(tcp.read(1499)).toEqual(['. 1:1(0) ack 3001 win 2000']);
    expect(tcp.read()).toEqual([]);
  });

  it('TMR-065: announces less to a peer whose window is too small for a segment, after TcpSwsPreventionTicks', () => {
    const tcp = slow(3000);
    tcp.peer('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1', '. 2001:3001(1000) ack 1');
    expect(tcp.read(501)).toEqual([]);
    expect(tcp.wait(100)).toEqual([]);
    expect(tcp.read(9)).toEqual([]);
    expect(tcp.wait(1000)).toEqual(['+100 . 1:1(0) ack 3001 win 510']);
    expect(tcp.wait(10_000)).toEqual([]);
  });

  it('TMR-065: holds nothing back for the timer that has been announced meanwhile', () => {
    const tcp = slow(3000);
    tcp.peer('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1', '. 2001:3001(1000) ack 1');
    tcp.read(501);
    expect(tcp.read(1499)).toEqual(['. 1:1(0) ack 3001 win 2000']);
    expect(tcp.wait(10_000)).toEqual([]);
  });

  it('TMR-065: leaves a peer alone that may send a full segment', () => {
    const tcp = slow(5000);
    tcp.peer('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1');
    tcp.read(700);
    expect(tcp.wait(10_000)).toEqual([]);
  });

  it('TMR-065: tells nothing that the scale of the window hides', () => {
    const tcp = Conversation.established({
      settings: { receiveBuffer: 4000, RcvWindScale: 4, ackFrequency: 1 },
      synOptions: 'mss 1000,wscale 0',
      showWindows: true,
    });
    tcp.reads = false;
    tcp.peer(
      '. 1:1001(1000) ack 1',
      '. 1001:2001(1000) ack 1',
      '. 2001:3001(1000) ack 1',
      '. 3001:4001(1000) ack 1',
    );
    tcp.read(15);
    expect(tcp.wait(1000)).toEqual([]);
    tcp.read(1);
    expect(tcp.wait(1000)).toEqual(['+200 . 1:1(0) ack 4001 win 1']);
  });

  it('never takes an offer back: its right edge only moves forward', () => {
    const tcp = slow(5000);
    let edge = 0;
    for (let at = 1; at < 20_000; at += 700) {
      if (tcp.unread > 3000) tcp.read(1900);
      const [line] = tcp.peer(`. ${at}:${at + 700}(700) ack 1`);
      const [, ack, win] = / ack (\d+) win (\d+)/.exec(line!)!;
      expect(Number(ack) + Number(win)).toBeGreaterThanOrEqual(edge);
      edge = Number(ack) + Number(win);
    }
  });

  it('offers scaled windows once both sides scale (RFC 7323 section 2.3)', () => {
    const tcp = Conversation.established({
      settings: { RcvWindScale: 4, receiveBuffer: 500_000, ackFrequency: 1 },
      synOptions: 'mss 1000,wscale 0',
      showWindows: true,
    });
    expect(tcp.peer('P. 1:11(10) ack 1')).toEqual([`. 1:1(0) ack 11 win ${Math.floor(499_990 / 16)}`]);
    expect(tcp.engine.variables.RcvWnd).toBe(499_990);
  });

  it('sends into a window larger than 64 KiB that the peer scales', () => {
    const tcp = Conversation.established({ synOptions: 'mss 1000,wscale 3', peerWindow: 50_000 });
    tcp.engine.variables.CWnd = 1_000_000;
    tcp.peer('. 1:1(0) ack 1 win 50000');
    expect(tcp.send(500_000).length).toBe(400);
  });

  it('holds small pieces of a window back for at most the override timeout: sender’s silly window avoidance (section 3.8.6.2.1)', () => {
    const tcp = Conversation.established({ settings: { nagle: false } });
    tcp.peer('. 1:1(0) ack 1 win 300');
    expect(tcp.send(5000)).toEqual([]);
    expect(tcp.wait(1000)).toEqual(['+200 . 1:301(300) ack 1']);
  });

  it('sends at once what is at least half of the largest window that the peer ever offered', () => {
    const tcp = Conversation.established({ peerWindow: 600 });
    tcp.peer('. 1:1(0) ack 1 win 300');
    expect(tcp.send(5000)).toEqual(['. 1:301(300) ack 1']);
  });
});

describe('zero window (RFC 9293 section 3.8.6.1, WDK page "Persist Timer")', () => {
  const closed = (): Conversation => {
    const tcp = Conversation.established();
    tcp.peer('. 1:1(0) ack 1 win 0');
    return tcp;
  };

  it('TMR-023 TMR-024: is probed with one byte after RTO, and then RTO, 2 RTO, 4 RTO later', () => {
    const tcp = closed();
    expect(tcp.send(3000)).toEqual([]);
    expect(tcp.wait(8500)).toEqual([
      '+1000 P. 1:2(1) ack 1',
      '+2000 P. 1:2(1) ack 1',
      '+4000 P. 1:2(1) ack 1',
      '+8000 P. 1:2(1) ack 1',
    ]);
  });

  it('TMR-025: is probed at longer intervals after each answer', () => {
    const tcp = closed();
    tcp.send(3000);
    expect(tcp.wait(1000)).toEqual(['+1000 P. 1:2(1) ack 1']);
    tcp.peer('. 1:1(0) ack 1 win 0');
    expect(tcp.wait(2000)).toEqual(['+2000 P. 1:2(1) ack 1']);
    tcp.peer('. 1:1(0) ack 1 win 0');
    expect(tcp.wait(4000)).toEqual(['+4000 P. 1:2(1) ack 1']);
  });

  it('takes the acknowledgment that comes with a peer’s probe into our closed window, but not its byte', () => {
    const tcp = Conversation.established({ settings: { receiveBuffer: 1000 } });
    tcp.reads = false;
    tcp.send(1000);
    tcp.peer('. 1:1001(1000) ack 1');
    expect(tcp.peer('P. 1001:1002(1) ack 1001')).toEqual(['. 1001:1001(0) ack 1001']);
    expect([tcp.receivedBytes, tcp.acknowledgedBytes]).toEqual([1000, 1000]);
  });

  it('never ends the connection while probes are answered (section 3.8.6.1, MUST-37)', () => {
    const tcp = closed();
    tcp.send(3000);
    for (let count = 0; count < 50; count++) {
      while (tcp.wait(1000).length === 0);
      tcp.peer('. 1:1(0) ack 1 win 0');
    }
    expect(tcp.events).toEqual([]);
  });

  it('ends the connection when a round of probes goes unanswered', () => {
    const tcp = closed();
    tcp.send(3000);
    expect(tcp.wait(600_000).length).toBe(tcp.engine.settings.maximumRetransmissions);
    expect(tcp.events).toEqual(['timeout']);
  });

  it('ends when the window opens: sending goes on with what was probed', () => {
    const tcp = closed();
    tcp.send(3000);
    tcp.wait(1000);
    expect(tcp.peer('. 1:1(0) ack 1 win 2000')).toEqual(['. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 2001 win 2000')).toEqual(['P. 2001:3001(1000) ack 1']);
  });

  it('goes on behind the probe when the peer has taken it', () => {
    const tcp = closed();
    tcp.send(3000);
    tcp.wait(1000);
    expect(tcp.peer('. 1:1(0) ack 2 win 5000')).toEqual(['. 2:1002(1000) ack 1', '. 1002:2002(1000) ack 1']);
    expect(tcp.acknowledgedBytes).toBe(1);
  });

  it('is not probed when there is nothing to send', () => {
    expect(closed().wait(600_000)).toEqual([]);
  });

  it('is probed no more once the probe was the last byte and has been taken', () => {
    const tcp = closed();
    tcp.send(1);
    tcp.wait(1000);
    tcp.peer('. 1:1(0) ack 2 win 0');
    expect(tcp.wait(600_000)).toEqual([]);
    expect(tcp.events).toEqual([]);
  });

  it('is probed for a FIN alone with an old sequence number, and the FIN follows', () => {
    const tcp = closed();
    expect(tcp.close()).toEqual([]);
    expect(tcp.wait(1000)).toEqual(['+1000 . 0:0(0) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1 win 100')).toEqual(['F. 1:1(0) ack 1']);
  });

  it('is probed for a FIN behind the peer’s FIN too', () => {
    const tcp = closed();
    tcp.peer('F. 1:1(0) ack 1 win 0');
    expect(tcp.close()).toEqual([]);
    expect(tcp.wait(1000)).toEqual(['+1000 . 0:0(0) ack 2']);
    expect(tcp.peer('. 2:2(0) ack 1 win 100')).toEqual(['F. 1:1(0) ack 2']);
  });

  it('does not keep data in flight from being repeated when the peer shrinks its window (SHLD-16)', () => {
    const tcp = Conversation.established();
    tcp.send(2000);
    tcp.peer('. 1:1(0) ack 1001 win 0');
    expect(tcp.wait(300)).toEqual(['+300 P. 1001:2001(1000) ack 1']);
  });

  it('accepts acknowledgments of a peer whose probe it has not taken (section 3.10.7.4)', () => {
    const tcp = Conversation.established({ settings: { receiveBuffer: 1000 } });
    tcp.reads = false;
    tcp.send(1000);
    tcp.peer('. 1:1001(1000) ack 1');
    expect(tcp.peer('. 1002:1002(0) ack 1001')).toEqual([]);
    expect(tcp.acknowledgedBytes).toBe(1000);
  });
});
