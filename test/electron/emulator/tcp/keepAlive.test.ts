import { describe, expect, it } from 'vitest';
import { applyCached, exportCached } from '../../../../electron/emulator/tcp/offloadState';
import { defaultTcpSettings } from '../../../../electron/emulator/tcp/tcpSettings';
import { constantValue } from '../../../../shared/ddi/catalogue';
import { Conversation } from '../../../harness/segmentNotation';

const second = 1e9;
const keepAlive = { enabled: true, time: 10 * second, interval: 2 * second, probes: 3 };

function idle(settings = keepAlive): Conversation {
  return Conversation.established({ settings: { keepAlive: settings } });
}

describe('keepalive (RFC 9293 section 3.8.4)', () => {
  it('TMR-029: never probes unless it is enabled', () => {
    const tcp = idle({ ...keepAlive, enabled: false });
    expect(tcp.wait(100_000)).toEqual([]);
    expect(defaultTcpSettings.keepAlive.enabled).toBe(false);
  });

  it('TMR-030 TMR-031 TMR-032: probes after KaTimeout, then every KaInterval, at most KaProbeCount times', () => {
    const tcp = idle();
    expect(tcp.wait(60_000)).toEqual([
      '+10000 . 0:0(0) ack 1',
      '+12000 . 0:0(0) ack 1',
      '+14000 . 0:0(0) ack 1',
    ]);
    expect(tcp.events).toEqual(['timeout']);
    expect(tcp.engine.gaveUp).toBe('keep-alive');
  });

  it('TMR-033: gives up KaInterval after the last probe, not sooner', () => {
    const tcp = idle();
    tcp.wait(15_999);
    expect(tcp.events).toEqual([]);
    tcp.wait(1);
    expect(tcp.events).toEqual(['timeout']);
  });

  it('TMR-036: an answer makes the count begin anew', () => {
    const tcp = idle();
    tcp.wait(12_000);
    expect(tcp.engine.variables.KeepAliveProbeCount).toBe(2);
    tcp.peer('. 1:1(0) ack 1');
    expect(tcp.engine.variables.KeepAliveProbeCount).toBe(0);
    expect(tcp.wait(10_000)).toEqual(['+10000 . 0:0(0) ack 1']);
  });

  it('TMR-030: any acceptable segment restarts the idle time, one outside the window does not', () => {
    const tcp = idle();
    tcp.wait(9000);
    tcp.peer('P. 1:101(100) ack 1');
    tcp.wait(5000);
    tcp.peer('. -50:-50(0) ack 1');
    expect(tcp.wait(4999)).toEqual([]);
    expect(tcp.wait(1)).toEqual(['+1 . 0:0(0) ack 101']);
  });

  it('does not probe while data in flight is being retransmitted (RFC 1122 section 4.2.3.6)', () => {
    const tcp = idle({ ...keepAlive, time: 500 * 1e6 });
    tcp.send(1000);
    expect(tcp.wait(4000)).toEqual(['+1000 P. 1:1001(1000) ack 1', '+3000 P. 1:1001(1000) ack 1']);
  });

  it('TMR-034: enabling and a restart begin a whole idle time', () => {
    const tcp = idle({ ...keepAlive, enabled: false });
    tcp.wait(8000);
    tcp.engine.setKeepAlive(keepAlive, false, tcp.now);
    expect(tcp.wait(9999)).toEqual([]);
    tcp.engine.setKeepAlive(keepAlive, true, tcp.now);
    expect(tcp.wait(9999)).toEqual([]);
    expect(tcp.wait(1)).toEqual(['+1 . 0:0(0) ack 1']);
  });

  it('TMR-034: new times without a restart leave the running timer alone', () => {
    const tcp = idle();
    tcp.wait(5000);
    tcp.engine.setKeepAlive({ ...keepAlive, time: 60 * second }, false, tcp.now);
    expect(tcp.wait(5000)).toEqual(['+5000 . 0:0(0) ack 1']);
  });

  it('TMR-029: disabling ends it at once', () => {
    const tcp = idle();
    tcp.wait(11_000);
    tcp.engine.setKeepAlive({ ...keepAlive, enabled: false }, false, tcp.now);
    expect(tcp.wait(60_000)).toEqual([]);
    expect(tcp.events).toEqual([]);
  });

  it('a peer answers a probe at once', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('. 0:0(0) ack 1')).toEqual(['. 1:1(0) ack 1']);
  });
});

describe('a time limit for retransmission (MaxRT)', () => {
  const limited = (limit: number): Conversation =>
    Conversation.established({ settings: { retransmissionTimeLimit: limit } });

  it('TMR-010: replaces the number of retransmissions', () => {
    const tcp = limited(5 * second);
    tcp.send(1000);
    expect(tcp.wait(60_000)).toEqual(['+1000 P. 1:1001(1000) ack 1', '+3000 P. 1:1001(1000) ack 1']);
    expect(tcp.events).toEqual(['timeout']);
    expect(tcp.engine.variables.TotalRT).toBe(5000);
  });

  it('TMR-010: lets more than the usual number pass', () => {
    const tcp = limited(1000 * second);
    tcp.send(1000);
    expect(tcp.wait(900_000).length).toBeGreaterThan(tcp.engine.settings.maximumRetransmissions);
    expect(tcp.events).toEqual([]);
    tcp.wait(100_000);
    expect(tcp.events).toEqual(['timeout']);
  });

  it('TMR-011: none at all goes on for ever', () => {
    const tcp = limited(Infinity);
    tcp.send(1000);
    expect(tcp.wait(20_000_000).length).toBeGreaterThan(256);
    expect(tcp.events).toEqual([]);
    expect(tcp.engine.variables.RetransmitCount).toBe(255);
  });

  it('TMR-012: the time is that of the present segment', () => {
    const tcp = limited(5 * second);
    tcp.send(1000);
    tcp.wait(4000);
    expect(tcp.engine.variables.TotalRT).toBe(3000);
    tcp.peer('. 1:1(0) ack 1001');
    expect(tcp.engine.variables.TotalRT).toBe(0);
    tcp.send(1000);
    tcp.wait(3000);
    expect(tcp.events).toEqual([]);
  });

  it('TMR-013: TCP_FLAG_MAX_RT_RESTART in the middle of a timeout gives the segment the whole time from then on', () => {
    const tcp = limited(5 * second);
    tcp.send(1000);
    tcp.wait(4000);
    const before = exportCached(tcp.engine, { TtlOrHopLimit: 128, TosOrTrafficClass: 0 });
    const Flags = before.Flags | constantValue('TCP_FLAG_MAX_RT_RESTART');
    applyCached(tcp.engine, before, { ...before, Flags }, tcp.now);
    expect(tcp.wait(1500)).toEqual(['+1000 P. 1:1001(1000) ack 1']);
    expect(tcp.engine.variables.TotalRT).toBe(1000);
    expect(tcp.events).toEqual([]);
    tcp.wait(3500);
    expect(tcp.events).toEqual(['timeout']);
    expect(tcp.engine.variables.TotalRT).toBe(5000);
  });

  it('TMR-009: without it the number of retransmissions counts', () => {
    const tcp = Conversation.established();
    tcp.send(1000);
    expect(tcp.wait(1_000_000)).toHaveLength(tcp.engine.settings.maximumRetransmissions);
  });
});
