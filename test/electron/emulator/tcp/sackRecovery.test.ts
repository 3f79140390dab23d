import { describe, expect, it } from 'vitest';
import { Conversation, type ConversationOptions } from '../../../harness/segmentNotation';

/** Ten segments in flight on a connection with SACK, and a window of ten. */
const inFlight = (count = 10_000, options: ConversationOptions = {}): Conversation => {
  const tcp = Conversation.established({
    ...options,
    settings: { sack: true, initialWindow: 'RFC 6928', ...options.settings },
    synOptions: 'mss 1000,sackOK',
  });
  tcp.send(count);
  return tcp;
};

const dup = (...blocks: readonly string[]): string => `. 1:1(0) ack 1 <sack ${blocks.join(' ')}>`;

describe('loss recovery by SACK (RFC 6675 section 5)', () => {
  it('TMR-017: begins with the third duplicate: halves the window and sends the first hole again', () => {
    const tcp = inFlight();
    expect(tcp.peer(dup('1001:2001'), dup('1001:3001'))).toEqual([]);
    expect(tcp.peer(dup('1001:4001'))).toEqual(['. 1:1001(1000) ack 1']);
    expect(tcp.engine.variables).toMatchObject({ SsThresh: 5000, CWnd: 5000 });
    expect(tcp.engine.congestion.recovery).toBe('SACK');
  });

  it('begins sooner when more than (DupThresh - 1) * SMSS bytes are held above the hole (IsLost, step 2)', () => {
    const tcp = inFlight();
    expect(tcp.peer(dup('1001:4001'))).toEqual(['. 1:1001(1000) ack 1']);
  });

  it('begins when DupThresh discontiguous blocks are held above the hole (IsLost)', () => {
    const tcp = inFlight();
    expect(tcp.peer(dup('3001:3101', '5001:5101', '7001:7101'))).toContain('. 1:1001(1000) ack 1');
  });

  it('takes an acknowledgment for a duplicate only if its blocks say something new (section 2)', () => {
    const tcp = inFlight();
    expect(tcp.peer(dup('1001:2001'), dup('1001:2001'), dup('1001:2001'), '. 1:1(0) ack 1')).toEqual([]);
    expect(tcp.engine.variables.DupAckCount).toBe(1);
  });

  it('takes an acknowledgment with data or another window for a duplicate if its blocks say something new (section 2)', () => {
    const tcp = inFlight();
    tcp.peer('P. 1:2(1) ack 1 <sack 1001:2001>', '. 2:2(0) ack 1 win 50000 <sack 1001:3001>');
    expect(tcp.engine.variables.DupAckCount).toBe(2);
  });

  it('sends new data for the first duplicates, as what is held is not on its way: limited transmit (step 3)', () => {
    const tcp = inFlight(12_000);
    expect(tcp.peer(dup('1001:2001'))).toEqual(['. 10001:11001(1000) ack 1']);
    expect(tcp.peer(dup('1001:3001'))).toEqual(['P. 11001:12001(1000) ack 1']);
  });

  it('WIR-015: sends the holes again and nothing that the peer holds, in order, as the pipe drains (NextSeg rule 1)', () => {
    const tcp = inFlight();
    // 1, 3, 5 are lost.
    tcp.peer(dup('1001:2001'), dup('3001:4001', '1001:2001'));
    const first = tcp.peer(dup('5001:6001', '3001:4001', '1001:2001'));
    expect(first[0]).toBe('. 1:1001(1000) ack 1');
    const rest = tcp.peer(
      dup('5001:7001', '3001:4001', '1001:2001'),
      dup('5001:8001', '3001:4001', '1001:2001'),
      dup('5001:9001', '3001:4001', '1001:2001'),
      dup('5001:10001', '3001:4001', '1001:2001'),
    );
    expect([...first, ...rest]).toEqual([
      '. 1:1001(1000) ack 1',
      '. 2001:3001(1000) ack 1',
      '. 4001:5001(1000) ack 1',
    ]);
    expect(tcp.peer('. 1:1(0) ack 10001')).toEqual([]);
    expect(tcp.engine.congestion.recovery).toBe('no');
    expect(tcp.engine.variables.CWnd).toBe(5000);
  });

  it('sends new data when no hole is known to be lost (NextSeg rule 2)', () => {
    const tcp = inFlight(20_000);
    tcp.peer(dup('1001:2001'), dup('1001:3001'), dup('1001:4001'));
    const sent = [5001, 6001, 7001, 8001, 9001, 10_001].flatMap((right) => tcp.peer(dup(`1001:${right}`)));
    expect(sent).toEqual(['. 12001:13001(1000) ack 1', '. 13001:14001(1000) ack 1']);
  });

  it('ends holes that are not known to be lost as well, where there is nothing new (NextSeg rule 3)', () => {
    const tcp = inFlight();
    // 1 and 9 are lost, and only the last segment is held behind 9.
    tcp.peer(dup('1001:2001'), dup('1001:3001'), dup('1001:4001'));
    const sent = tcp.peer(dup('1001:8001'), dup('9001:10001', '1001:8001'));
    expect(sent).toEqual(['. 8001:9001(1000) ack 1']);
  });

  it('rescues the last segment once, where an acknowledgment gets on and nothing tells of it (NextSeg rule 4)', () => {
    const tcp = inFlight();
    // 1 and 10 are lost; nobody can report 10.
    tcp.peer(dup('1001:2001'), dup('1001:3001'), dup('1001:9001'));
    expect(tcp.peer('. 1:1(0) ack 9001')).toEqual(['P. 9001:10001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 10001')).toEqual([]);
  });

  it('believes no block below the acknowledgment, behind SND.MAX, or turned round', () => {
    const tcp = inFlight();
    tcp.peer(dup('10001:12001'), dup('-500:1'), dup('3001:2001'), dup('1:1'));
    expect(tcp.engine.variables.DupAckCount).toBe(0);
  });

  it('finds a FIN that was lost with the last data', () => {
    const tcp = inFlight(4000);
    tcp.close();
    tcp.peer(dup('1001:2001'), dup('1001:3001'));
    expect(tcp.peer(dup('1001:4001'))).toContain('. 1:1001(1000) ack 1');
    expect(tcp.peer('. 1:1(0) ack 4001')).toEqual(['F. 4001:4001(0) ack 1']);
  });

  it('goes on without SACK where the peer does not have it', () => {
    const tcp = Conversation.established({ settings: { sack: true }, synOptions: 'mss 1000' });
    tcp.send(4000);
    expect(tcp.peer('. 1:1(0) ack 1', '. 1:1(0) ack 1', '. 1:1(0) ack 1')).toEqual(['. 1:1001(1000) ack 1']);
  });

  it('WIR-016: without SACK it takes segments with blocks as if they had none', () => {
    const tcp = Conversation.established({ settings: { sack: false } });
    tcp.send(4000);
    expect(tcp.peer(dup('1001:2001'), dup('1001:3001'), dup('1001:4001'))).toEqual(['. 1:1001(1000) ack 1']);
    expect(tcp.peer('P. 1:11(10) ack 4001 <sack 4001:5001>')).toEqual([]);
    expect([tcp.receivedBytes, tcp.acknowledgedBytes]).toEqual([10, 4000]);
  });
});

describe('the retransmission timer and SACK', () => {
  it('forgets what the peer holds: it may have dropped it (RFC 2018 section 8)', () => {
    const tcp = inFlight(4000);
    tcp.peer(dup('1001:2001'));
    expect(tcp.wait(1000)).toEqual(['+1000 . 1:1001(1000) ack 1']);
    expect(tcp.peer('. 1:1(0) ack 1001')).toEqual(['. 1001:2001(1000) ack 1', '. 2001:3001(1000) ack 1']);
  });

  it('WIR-015: skips what the peer reports anew while it goes on from the timeout (RFC 6675 section 5.1)', () => {
    const tcp = inFlight(6000);
    tcp.wait(1000);
    expect(tcp.peer('. 1:1(0) ack 1001 <sack 2001:4001 5001:6001>')).toEqual([
      '. 1001:2001(1000) ack 1',
      '. 4001:5001(1000) ack 1',
    ]);
  });

  it('begins no recovery before what was sent has been acknowledged (RFC 6675 section 5.1)', () => {
    const tcp = inFlight(6000);
    tcp.wait(1000);
    tcp.peer(dup('1001:2001'), dup('1001:3001'), dup('1001:4001'));
    expect(tcp.engine.congestion.recovery).toBe('no');
    expect(tcp.engine.variables.SsThresh).toBe(3000);
  });
});
