import { describe, expect, it } from 'vitest';
import { Conversation } from '../../../harness/segmentNotation';

describe('retransmission timer (RFC 6298 section 5)', () => {
  it('sends the earliest segment again with doubling timeouts, and gives up', () => {
    const tcp = Conversation.established();
    tcp.send(1000);
    expect(tcp.wait(120_000)).toEqual([
      '+1000 P. 1:1001(1000) ack 1',
      '+3000 P. 1:1001(1000) ack 1',
      '+7000 P. 1:1001(1000) ack 1',
      '+15000 P. 1:1001(1000) ack 1',
      '+31000 P. 1:1001(1000) ack 1',
    ]);
    expect(tcp.events).toEqual(['timeout']);
    expect(tcp.engine.gaveUp).toBe('retransmission');
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });

  it('is stopped when everything is acknowledged (5.2)', () => {
    const tcp = Conversation.established();
    tcp.send(1000);
    tcp.peer('. 1:1(0) ack 1001');
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });

  it('is restarted by an acknowledgment of new data (5.3)', () => {
    const tcp = Conversation.established();
    tcp.send(2000);
    tcp.wait(900);
    tcp.peer('. 1:1(0) ack 1001');
    const { SRtt, RttVar } = tcp.engine.variables;
    const timeout = (SRtt >> 3) + RttVar;
    expect(tcp.wait(timeout - 1)).toEqual([]);
    expect(tcp.wait(1)).toEqual(['+1 P. 1001:2001(1000) ack 1']);
  });

  it('is not restarted by sending more (5.1)', () => {
    const tcp = Conversation.established();
    tcp.send(1000);
    tcp.wait(600);
    tcp.send(1000);
    expect(tcp.wait(400)).toEqual(['+400 P. 1:1001(1000) ack 1']);
  });

  it('goes on from the lost segment within a window of one, then as acknowledgments come', () => {
    const tcp = Conversation.established();
    tcp.send(4000);
    expect(tcp.wait(1000)).toEqual(['+1000 . 1:1001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1001')).toEqual(['. 1001:2001(1000) ack 1', '. 2001:3001(1000) ack 1']);
  });

  it('repeats nothing that an acknowledgment turns out to cover', () => {
    const tcp = Conversation.established();
    tcp.send(4000);
    tcp.wait(1000);
    expect(tcp.peer('. 1:1(0) ack 4001')).toEqual([]);
    expect(tcp.wait(60_000)).toEqual([]);
  });

  it('measures no round trip over a segment that was sent twice: Karn’s algorithm (section 3)', () => {
    const tcp = Conversation.established();
    tcp.send(1000);
    tcp.wait(1500);
    tcp.peer('. 1:1(0) ack 1001');
    expect(tcp.engine.variables.SRtt).toBe(0);
    tcp.send(1000);
    tcp.wait(40);
    tcp.peer('. 1:1(0) ack 2001');
    expect(tcp.engine.variables.SRtt).toBe(40 * 8);
  });

  it('measures none over a fast retransmission either', () => {
    const tcp = Conversation.established();
    tcp.send(4000);
    tcp.wait(30);
    tcp.peer('. 1:1(0) ack 1', '. 1:1(0) ack 1', '. 1:1(0) ack 1');
    tcp.wait(500);
    tcp.peer('. 1:1(0) ack 4001');
    expect(tcp.engine.variables.SRtt).toBe(0);
  });

  it('forgets its backoff and the time spent with the next new acknowledgment', () => {
    const tcp = Conversation.established();
    tcp.send(1000);
    tcp.wait(3000);
    expect(tcp.engine.variables).toMatchObject({ RetransmitCount: 2, TotalRT: 3000 });
    tcp.peer('. 1:1(0) ack 1001');
    expect(tcp.engine.variables).toMatchObject({ RetransmitCount: 0, TotalRT: 0 });
  });

  it('repeats a FIN', () => {
    const tcp = Conversation.established();
    tcp.send(10);
    tcp.close();
    tcp.peer('. 1:1(0) ack 11');
    const { SRtt } = tcp.engine.variables;
    expect(SRtt).toBeGreaterThan(0);
    expect(tcp.wait(300)).toEqual(['+300 F. 11:11(0) ack 1']);
  });
});

describe('fast retransmit (RFC 5681 section 3.2)', () => {
  it('sends the segment at SND.UNA again at the third duplicate acknowledgment', () => {
    const tcp = Conversation.established();
    tcp.send(4000);
    expect(tcp.peer('. 1:1(0) ack 1', '. 1:1(0) ack 1')).toEqual([]);
    expect(tcp.peer('. 1:1(0) ack 1')).toEqual(['. 1:1001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1', '. 1:1(0) ack 1')).toEqual([]);
    tcp.peer('. 1:1(0) ack 4001');
    expect(tcp.acknowledgedBytes).toBe(4000);
  });

  it('sends a new segment for each of the first two duplicates: limited transmit (RFC 3042)', () => {
    const tcp = Conversation.established();
    tcp.send(10_000);
    expect(tcp.peer('. 1:1(0) ack 1')).toEqual(['. 4001:5001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1')).toEqual(['. 5001:6001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1')).toEqual(['. 1:1001(1000) ack 1']);
  });

  it('answers each partial acknowledgment with the next lost segment (RFC 6582 section 3.2 step 3)', () => {
    const tcp = Conversation.established();
    tcp.send(4000);
    tcp.peer('. 1:1(0) ack 1', '. 1:1(0) ack 1', '. 1:1(0) ack 1');
    expect(tcp.peer('. 1:1(0) ack 1001')).toEqual(['. 1001:2001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 3001')).toEqual(['P. 3001:4001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 4001')).toEqual([]);
    expect(tcp.engine.congestion.inRecovery).toBe(false);
  });

  it('finds a FIN that was lost behind repeated data', () => {
    const tcp = Conversation.established();
    tcp.send(4000);
    tcp.peer('. 1:1(0) ack 2001', '. 1:1(0) ack 4001');
    tcp.send(3000);
    tcp.close();
    tcp.peer('. 1:1(0) ack 4001', '. 1:1(0) ack 4001');
    expect(tcp.peer('. 1:1(0) ack 4001')).toEqual(['. 4001:5001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 7001')).toEqual(['F. 7001:7001(0) ack 1']);
  });

  it.each([
    ['carries data', 'P. 1:2(1) ack 1'],
    ['changes the window', '. 1:1(0) ack 1 win 50000'],
    ['acknowledges less', '. 1:1(0) ack -5'],
  ])('takes no acknowledgment for a duplicate that %s', (_what, line) => {
    const tcp = Conversation.established();
    tcp.send(4000);
    tcp.peer(line);
    expect(tcp.engine.variables.DupAckCount).toBe(0);
  });

  it('counts no duplicates while nothing is in flight', () => {
    const tcp = Conversation.established();
    tcp.peer('. 1:1(0) ack 1', '. 1:1(0) ack 1', '. 1:1(0) ack 1', '. 1:1(0) ack 1');
    expect(tcp.engine.variables.DupAckCount).toBe(0);
  });

  it('follows the threshold that is set (TcpDuplicateAckThreshold)', () => {
    const tcp = Conversation.established({ settings: { duplicateAckThreshold: 2 } });
    tcp.send(4000);
    expect(tcp.peer('. 1:1(0) ack 1', '. 1:1(0) ack 1')).toEqual(['. 1:1001(1000) ack 1']);
  });
});
