import { describe, expect, it } from 'vitest';
import { Conversation } from '../../../harness/segmentNotation';

const announcing = { showWindows: true, showStamps: true } as const;

describe('three-way handshake, active (RFC 9293 section 3.5)', () => {
  it('offers its options, takes the peer’s and acknowledges', () => {
    const tcp = new Conversation({
      ...announcing,
      settings: { timestamps: true, RcvWindScale: 3, receiveBuffer: 100_000, clockOffset: 500 },
    });
    expect(tcp.connect()).toEqual(['S 0:0(0) win 65535 <mss 1000,wscale 3,TS val 500 ecr 0>']);
    expect(tcp.state).toBe('SynSent');
    tcp.wait(20);
    expect(tcp.peer('S. 0:0(0) ack 1 win 8000 <mss 900,wscale 2,TS val 77 ecr 500>')).toEqual([
      '. 1:1(0) ack 1 win 12500 <TS val 520 ecr 77>',
    ]);
    expect(tcp.state).toBe('Established');
    expect(tcp.events).toEqual(['established']);
    expect(tcp.engine.variables).toMatchObject({
      RemoteMss: 900,
      SndWindScale: 2,
      RcvWindScale: 3,
      timestampsEnabled: true,
      SndWnd: 8000,
    });
    expect(tcp.engine.mss).toBe(888);
  });

  it('never scales the window of a SYN (RFC 7323 section 2.2)', () => {
    const tcp = new Conversation();
    tcp.connect();
    tcp.peer('S. 0:0(0) ack 1 win 8000 <wscale 7>');
    expect(tcp.engine.variables.SndWnd).toBe(8000);
    tcp.send(1);
    tcp.peer('. 1:1(0) ack 2 win 100');
    expect(tcp.engine.variables.SndWnd).toBe(12_800);
  });

  it('begins with an initial timeout of 3 s when the SYN was lost and nothing has been measured (RFC 6298 section 5.7)', () => {
    const tcp = new Conversation();
    tcp.connect();
    tcp.wait(1000);
    tcp.peer('S. 0:0(0) ack 1 <mss 1000>');
    tcp.send(10);
    expect(tcp.wait(10_000)).toEqual(['+3000 P. 1:11(10) ack 1', '+9000 P. 1:11(10) ack 1']);
  });

  it('measures the round trip of a repeated SYN by its timestamp (RFC 7323 section 4)', () => {
    const tcp = new Conversation({ settings: { timestamps: true, clockOffset: 500 } });
    tcp.connect();
    tcp.wait(1040);
    tcp.peer('S. 0:0(0) ack 1 <mss 1000,TS val 7 ecr 1500>');
    expect(tcp.engine.variables.SRtt).toBe(8 * 40);
  });

  it('does without the options that the peer does not have', () => {
    const tcp = new Conversation({ ...announcing, settings: { timestamps: true, RcvWindScale: 3 } });
    tcp.connect();
    expect(tcp.peer('S. 0:0(0) ack 1 win 8000')).toEqual(['. 1:1(0) ack 1 win 20000']);
    expect(tcp.engine.variables).toMatchObject({ RemoteMss: 536, timestampsEnabled: false });
    expect(tcp.engine.mss).toBe(536);
    tcp.peer('. 1:1(0) ack 1 win 500');
    expect(tcp.engine.variables.SndWnd).toBe(500);
  });

  it('repeats the SYN with doubling timeouts from 1 s and gives up (RFC 6298 section 5)', () => {
    const tcp = new Conversation({ settings: { maximumRetransmissions: 3 } });
    tcp.connect();
    expect(tcp.wait(60_000)).toEqual([
      '+1000 S 0:0(0) <mss 1000,wscale 0>',
      '+3000 S 0:0(0) <mss 1000,wscale 0>',
      '+7000 S 0:0(0) <mss 1000,wscale 0>',
    ]);
    expect(tcp.events).toEqual(['timeout']);
  });

  it('starts with a window of one segment when the SYN was lost (RFC 5681 section 3.1), still in slow start', () => {
    const tcp = new Conversation();
    tcp.connect();
    tcp.wait(1000);
    tcp.peer('S. 0:0(0) ack 1 <mss 1000>');
    expect(tcp.send(5000)).toEqual(['. 1:1001(1000) ack 1']);
    tcp.peer('. 1:1(0) ack 1001');
    expect(tcp.peer('. 1:1(0) ack 3001').length).toBe(2);
    expect(tcp.engine.variables.CWnd).toBe(3000);
    expect(tcp.engine.variables.SsThresh).toBeGreaterThan(1e9);
  });

  it('finds a half-open connection: resets whoever acknowledges something else (section 3.5.1)', () => {
    const tcp = new Conversation();
    tcp.connect();
    expect(tcp.peer('S. 0:0(0) ack 5')).toEqual(['R 5:5(0)']);
    expect(tcp.peer('. 300:300(0) ack 100')).toEqual(['R 100:100(0)']);
    expect(tcp.peer('R. 300:300(0) ack 100')).toEqual([]);
    expect(tcp.state).toBe('SynSent');
    expect(tcp.peer('S. 0:0(0) ack 1')).toEqual(['. 1:1(0) ack 1']);
  });

  it('is refused by a RST that acknowledges the SYN, and by no other', () => {
    const tcp = new Conversation();
    tcp.connect();
    tcp.peer('R 0:0(0)', 'R. 0:0(0) ack 7');
    expect(tcp.state).toBe('SynSent');
    tcp.peer('R. 0:0(0) ack 1');
    expect([tcp.state, ...tcp.events]).toEqual(['Closed', 'reset']);
  });

  it('opens with bytes queued before it is established', () => {
    const tcp = new Conversation();
    tcp.connect();
    expect(tcp.send(10)).toEqual([]);
    expect(tcp.peer('S. 0:0(0) ack 1 <mss 1000>')).toEqual(['P. 1:11(10) ack 1']);
  });
});

describe('the maximum segment size (RFC 9293 section 3.7.1)', () => {
  const remoteMss = (options: string, defaultRemoteMss = 536): number => {
    const tcp = new Conversation({ settings: { localMss: 1460, defaultRemoteMss } });
    tcp.connect();
    tcp.peer(`S. 0:0(0) ack 1${options}`);
    return tcp.engine.variables.RemoteMss;
  };

  it('is 536 over IPv4 and 1220 over IPv6 if the peer names none', () => {
    expect(remoteMss('')).toBe(536);
    expect(remoteMss('', 1220)).toBe(1220);
  });

  it('of 0 says nothing', () => {
    expect(remoteMss(' <mss 0>')).toBe(536);
  });

  it('of next to nothing leaves room for payload beside the options all the same', () => {
    expect(remoteMss(' <mss 1>')).toBe(48);
  });

  it('that the user sets is announced and kept to', () => {
    const tcp = new Conversation({ settings: { nagle: false } });
    tcp.engine.reconfigure({ localMss: 700 });
    expect(tcp.connect()).toEqual(['S 0:0(0) <mss 700,wscale 0>']);
    tcp.peer('S. 0:0(0) ack 1 <mss 1460>');
    expect(tcp.send(1000)).toEqual(['. 1:701(700) ack 1', 'P. 701:1001(300) ack 1']);
  });

  it('that the path allows is kept to as well', () => {
    const tcp = Conversation.established({ settings: { nagle: false } });
    tcp.engine.pathMss = 600;
    expect(tcp.send(1000)).toEqual(['. 1:601(600) ack 1', 'P. 601:1001(400) ack 1']);
  });
});

describe('three-way handshake, passive (RFC 9293 section 3.5)', () => {
  it('answers a SYN with the options that it named', () => {
    const tcp = new Conversation({
      ...announcing,
      settings: { timestamps: true, RcvWindScale: 3, clockOffset: 9 },
    });
    tcp.listen();
    expect(tcp.peer('S 0:0(0) win 4000 <mss 700,wscale 1,TS val 30 ecr 0>')).toEqual([
      'S. 0:0(0) ack 1 win 20000 <mss 1000,wscale 3,TS val 9 ecr 30>',
    ]);
    expect(tcp.state).toBe('SynRcvd');
    expect(tcp.peer('. 1:1(0) ack 1 win 3000 <TS val 31 ecr 9>')).toEqual([]);
    expect([tcp.state, ...tcp.events]).toEqual(['Established', 'established']);
    expect(tcp.engine.variables.SndWnd).toBe(6000);
  });

  it('leaves out the options that the SYN did not name', () => {
    const tcp = new Conversation({ ...announcing, settings: { timestamps: true, RcvWindScale: 3 } });
    tcp.listen();
    expect(tcp.peer('S 0:0(0) <mss 700>')).toEqual(['S. 0:0(0) ack 1 win 20000 <mss 1000>']);
  });

  it('answers the window scale option even when its own scale is 0 (RFC 7323 section 2.2): both or none', () => {
    const tcp = new Conversation({ settings: { RcvWindScale: 0 } });
    tcp.listen();
    expect(tcp.peer('S 0:0(0) <mss 700,wscale 5>')).toEqual(['S. 0:0(0) ack 1 <mss 1000,wscale 0>']);
  });

  it('takes data that comes with the last acknowledgment', () => {
    const tcp = new Conversation();
    tcp.listen();
    tcp.peer('S 0:0(0) <mss 1000>', 'P. 1:11(10) ack 1');
    expect(tcp.events).toEqual(['established', 'data 10 push']);
  });

  it('repeats the SYN-ACK when it times out', () => {
    const tcp = new Conversation();
    tcp.listen();
    tcp.peer('S 0:0(0) <mss 1000>');
    expect(tcp.wait(1000)).toEqual(['+1000 S. 0:0(0) ack 1 <mss 1000>']);
    tcp.peer('. 1:1(0) ack 1');
    expect(tcp.state).toBe('Established');
  });

  it('repeats the SYN-ACK when the SYN is repeated', () => {
    const tcp = new Conversation();
    tcp.listen();
    tcp.peer('S 0:0(0) <mss 1000>');
    expect(tcp.peer('S 0:0(0) <mss 1000>')).toEqual(['S. 0:0(0) ack 1 <mss 1000>']);
  });

  it('goes on right when a repeated SYN and the acknowledgment arrive together', () => {
    const tcp = new Conversation();
    tcp.listen();
    tcp.peer('S 0:0(0) <mss 1000>');
    tcp.burst('S 0:0(0) <mss 1000>', '. 1:1(0) ack 1');
    expect(tcp.state).toBe('Established');
    expect(tcp.send(10)).toEqual(['P. 1:11(10) ack 1']);
  });

  it('takes nothing but a SYN while it listens, and resets whoever acknowledges (section 3.10.7.2)', () => {
    const tcp = new Conversation();
    tcp.listen();
    expect(tcp.peer('R 0:0(0)', 'R. 0:0(0) ack 1', 'P 1:3(2)')).toEqual([]);
    expect(tcp.peer('. 1:1(0) ack 1', 'S. 0:0(0) ack 7', 'P. 1:3(2) ack 9')).toEqual([
      'R 1:1(0)',
      'R 7:7(0)',
      'R 9:9(0)',
    ]);
    expect(tcp.state).toBe('Listen');
  });

  it('is not completed by an acknowledgment of something else', () => {
    const tcp = new Conversation();
    tcp.listen();
    tcp.peer('S 0:0(0) <mss 1000>');
    expect(tcp.peer('. 1:1(0) ack 2')).toEqual(['R 2:2(0)']);
    expect(tcp.state).toBe('SynRcvd');
  });

  it('is reset by a RST in sequence', () => {
    const tcp = new Conversation();
    tcp.listen();
    tcp.peer('S 0:0(0) <mss 1000>', 'R 1:1(0)');
    expect([tcp.state, ...tcp.events]).toEqual(['Closed', 'reset']);
  });
});

describe('simultaneous open (RFC 9293 section 3.5, figure 7)', () => {
  it('reaches ESTABLISHED with two crossing SYNs', () => {
    const tcp = new Conversation();
    tcp.connect();
    expect(tcp.peer('S 0:0(0) <mss 1000>')).toEqual(['S. 0:0(0) ack 1 <mss 1000>']);
    expect(tcp.state).toBe('SynRcvd');
    tcp.peer('S. 0:0(0) ack 1 <mss 1000>');
    expect([tcp.state, ...tcp.events]).toEqual(['Established', 'established']);
    expect(tcp.send(10)).toEqual(['P. 1:11(10) ack 1']);
  });
});
