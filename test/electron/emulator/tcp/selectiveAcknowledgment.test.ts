import { describe, expect, it } from 'vitest';
import { Conversation, type ConversationOptions } from '../../../harness/segmentNotation';

const withSack = (options: ConversationOptions = {}, synOptions = 'mss 1000,sackOK'): Conversation =>
  Conversation.established({ ...options, settings: { sack: true, ...options.settings }, synOptions });

describe('SACK-permitted (RFC 2018 section 2)', () => {
  it('is offered in the SYN', () => {
    const tcp = new Conversation({ settings: { sack: true } });
    expect(tcp.connect()).toEqual(['S 0:0(0) <mss 1000,wscale 0,sackOK>']);
  });

  it('stands in a SYN-ACK only if the SYN has it', () => {
    const answer = (options: string): string[] => {
      const tcp = new Conversation({ settings: { sack: true } });
      tcp.listen();
      return tcp.peer(`S 0:0(0) <${options}>`);
    };
    expect(answer('mss 1000,sackOK')).toEqual(['S. 0:0(0) ack 1 <mss 1000,sackOK>']);
    expect(answer('mss 1000')).toEqual(['S. 0:0(0) ack 1 <mss 1000>']);
  });

  it('is not offered where SACK is off', () => {
    const tcp = new Conversation({ settings: { sack: false } });
    tcp.listen();
    expect(tcp.peer('S 0:0(0) <mss 1000,sackOK>')).toEqual(['S. 0:0(0) ack 1 <mss 1000>']);
  });

  it('WIR-014: without it no blocks are sent', () => {
    const tcp = withSack({}, 'mss 1000');
    expect(tcp.peer('. 1001:2001(1000) ack 1')).toEqual(['. 1:1(0) ack 1']);
  });
});

describe('SACK blocks of a receiver (RFC 2018 section 4)', () => {
  it('WIR-014: report what has arrived ahead of the gap, and end with it', () => {
    const tcp = withSack();
    expect(tcp.peer('. 1001:2001(1000) ack 1')).toEqual(['. 1:1(0) ack 1 <sack 1001:2001>']);
    expect(tcp.peer('. 2001:3001(1000) ack 1')).toEqual(['. 1:1(0) ack 1 <sack 1001:3001>']);
    expect(tcp.peer('. 1:1001(1000) ack 1')).toEqual(['. 1:1(0) ack 3001']);
  });

  it('begin with the block that the latest segment is in, then those reported before', () => {
    const tcp = withSack();
    tcp.peer('. 1001:2001(1000) ack 1', '. 3001:4001(1000) ack 1');
    expect(tcp.peer('. 5001:6001(1000) ack 1')).toEqual([
      '. 1:1(0) ack 1 <sack 5001:6001 3001:4001 1001:2001>',
    ]);
    expect(tcp.peer('. 2001:2501(500) ack 1')).toEqual([
      '. 1:1(0) ack 1 <sack 1001:2501 5001:6001 3001:4001>',
    ]);
  });

  it('are joined when the gap between them is filled', () => {
    const tcp = withSack();
    tcp.peer('. 1001:2001(1000) ack 1', '. 3001:4001(1000) ack 1');
    expect(tcp.peer('. 2001:3001(1000) ack 1')).toEqual(['. 1:1(0) ack 1 <sack 1001:4001>']);
  });

  it('are four at most, and three beside timestamps (section 3)', () => {
    const early = [9001, 7001, 5001, 3001, 1001].map((at) => `. ${at}:${at + 1000}(1000) ack 1`);
    expect(withSack().burst(...early)).toEqual([
      '. 1:1(0) ack 1 <sack 1001:2001 3001:4001 5001:6001 7001:8001>',
    ]);
    const stamped = withSack({ settings: { timestamps: true } }, 'mss 1000,sackOK,TS val 50 ecr 0');
    const lines = early.map((line) => `${line} <TS val 51 ecr 0>`);
    expect(stamped.burst(...lines)).toEqual(['. 1:1(0) ack 1 <sack 1001:2001 3001:4001 5001:6001>']);
  });

  it('ride on data, which makes room for them (WIR-012)', () => {
    const tcp = withSack({ settings: { nagle: false } });
    tcp.peer('. 1001:2001(1000) ack 1');
    expect(tcp.send(1500)).toEqual([
      '. 1:989(988) ack 1 <sack 1001:2001>',
      'P. 989:1501(512) ack 1 <sack 1001:2001>',
    ]);
  });

  it('do not cover a FIN, which is taken with the gap filled', () => {
    const tcp = withSack();
    expect(tcp.peer('F. 1001:2001(1000) ack 1')).toEqual(['. 1:1(0) ack 1 <sack 1001:2001>']);
    expect(tcp.peer('. 1:1001(1000) ack 1')).toEqual(['. 1:1(0) ack 2002']);
    expect(tcp.state).toBe('CloseWait');
  });
});
