import { describe, expect, it } from 'vitest';
import { timerNotRunning } from '../../../../electron/emulator/ndis/offloadState';
import { exportDelegated } from '../../../../electron/emulator/tcp/offloadState';
import type { KeepAliveSettings } from '../../../../electron/emulator/tcp/tcpSettings';
import { Conversation } from '../../../harness/segmentNotation';

const second = 1e9;
const off: KeepAliveSettings = { enabled: false, time: 7200 * second, interval: 0, probes: 0 };

/** A connection as a target has it. */
const validating = (keepAlive: Partial<KeepAliveSettings> = {}): Conversation =>
  Conversation.established({ settings: { blindReset: 'validate', keepAlive: { ...off, ...keepAlive } } });

const challenge = ['. 1:1(0) ack 1'];

describe('a RST (RFC 5961 section 3, WIR-041 to WIR-043)', () => {
  it('WIR-041: outside the window is dropped in silence', () => {
    const tcp = validating();
    expect(tcp.peer('R 0:0(0)', 'R 20001:20001(0)')).toEqual([]);
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });

  it('at RCV.NXT ends the connection', () => {
    const tcp = validating();
    expect(tcp.peer('R 1:1(0)')).toEqual([]);
    expect(tcp.events).toEqual(['reset']);
  });

  it('WIR-042 WIR-043: elsewhere in the window is challenged once, until an acceptable segment comes', () => {
    const tcp = validating();
    expect(tcp.peer('R 100:100(0)')).toEqual(challenge);
    tcp.wait(10_000);
    expect(tcp.peer('R 100:100(0)', 'R 200:200(0)')).toEqual([]);
    tcp.peer('. 1:1(0) ack 1');
    expect(tcp.peer('R 100:100(0)')).toEqual(challenge);
    expect(tcp.state).toBe('Established');
  });
});

describe('a SYN (RFC 5961 section 4, WIR-037 to WIR-040)', () => {
  it('WIR-037: at RCV.NXT ends the connection, and nobody is answered', () => {
    const tcp = validating();
    tcp.send(10);
    expect(tcp.peer('S 1:1(0)')).toEqual([]);
    expect([tcp.state, ...tcp.events]).toEqual(['Closed', 'peer restarted']);
    expect(tcp.wait(600_000)).toEqual([]);
  });

  it('WIR-038 WIR-039: elsewhere in the window is challenged, once in 3 s', () => {
    const tcp = validating();
    expect(tcp.peer('S 100:100(0)')).toEqual(challenge);
    expect(tcp.peer('S 100:100(0)')).toEqual([]);
    tcp.wait(2999);
    expect(tcp.peer('S 100:100(0)')).toEqual([]);
    tcp.wait(1);
    expect(tcp.peer('S 100:100(0)')).toEqual(challenge);
  });

  it('WIR-040: outside the window is acknowledged each time', () => {
    const tcp = validating();
    expect(tcp.peer('S 30000:30000(0)', 'S -10:-10(0)')).toEqual([...challenge, ...challenge]);
  });

  it('is judged by its number, not by the timestamp of a machine that has been switched on again', () => {
    const tcp = Conversation.established({
      settings: { blindReset: 'validate', timestamps: true },
      synOptions: 'mss 1000,TS val 5000 ecr 0',
    });
    tcp.peer('S 1:1(0) <TS val 3 ecr 0>');
    expect(tcp.events).toEqual(['peer restarted']);
  });

  it('of a host or a peer is challenged each time, in the window or not', () => {
    const tcp = Conversation.established();
    expect(tcp.peer('S 1:1(0)', 'S 100:100(0)', 'S 100:100(0)')).toEqual([
      ...challenge,
      ...challenge,
      ...challenge,
    ]);
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });
});

describe('the validation of a peer by keepalive (WIR-044 to WIR-050)', () => {
  it('WIR-044 WIR-046: begins 5 minutes after the challenge, with 10 probes 1 s apart where the owner names none', () => {
    const tcp = validating();
    tcp.peer('R 100:100(0)');
    const sent = tcp.wait(400_000);
    expect(sent).toEqual(
      Array.from({ length: 10 }, (_, index) => `+${300_000 + 1000 * index} . 0:0(0) ack 1`),
    );
  });

  it('WIR-044: begins sooner if the keepalive timer would have expired sooner', () => {
    const tcp = validating({ enabled: true, time: 100 * second, interval: second, probes: 3 });
    tcp.wait(50_000);
    tcp.peer('S 100:100(0)');
    expect(tcp.wait(50_000)).toEqual(['+50000 . 0:0(0) ack 1']);
  });

  it('WIR-044: a further challenge postpones nothing', () => {
    const tcp = validating();
    tcp.peer('S 100:100(0)');
    tcp.wait(200_000);
    tcp.peer('S 100:100(0)');
    expect(tcp.wait(100_000)).toEqual(['+100000 . 0:0(0) ack 1']);
  });

  it('WIR-045 WIR-047: sends the probes that are left every KaInterval', () => {
    const tcp = validating({ interval: 5 * second, probes: 5 });
    tcp.engine.variables.KeepAliveProbeCount = 3;
    tcp.peer('R 100:100(0)');
    expect(tcp.wait(600_000)).toEqual(['+300000 . 0:0(0) ack 1', '+305000 . 0:0(0) ack 1']);
  });

  it('WIR-048: ends the connection in CLOSED when no probe is answered', () => {
    const tcp = validating();
    tcp.peer('R 100:100(0)');
    tcp.wait(309_999);
    expect(tcp.state).toBe('Established');
    tcp.wait(1);
    expect([tcp.state, ...tcp.events]).toEqual(['Closed', 'timeout']);
    expect(tcp.engine.nextAt()).toBe(Infinity);
  });

  it('WIR-049: shows in KeepAlive.ProbeCount and KeepAlive.TimeoutDelta', () => {
    const tcp = validating();
    expect(exportDelegated(tcp.engine, tcp.now).KeepAliveTimeoutDelta).toBe(timerNotRunning);
    tcp.peer('R 100:100(0)');
    tcp.wait(301_500);
    expect(exportDelegated(tcp.engine, tcp.now)).toMatchObject({
      KeepAliveProbeCount: 2,
      KeepAliveTimeoutDelta: 500,
    });
  });

  it('WIR-050: an acceptable segment ends it, and the timer with it', () => {
    const tcp = validating();
    tcp.peer('R 100:100(0)', '. 1:1(0) ack 1');
    expect(tcp.wait(600_000)).toEqual([]);
  });

  it('WIR-050: an acceptable segment restarts a keepalive that the owner wants', () => {
    const tcp = validating({ enabled: true, time: 1000 * second, interval: second, probes: 1 });
    tcp.peer('R 100:100(0)', '. 1:1(0) ack 1');
    expect(tcp.wait(1000_000)).toEqual(['+1000000 . 0:0(0) ack 1']);
  });

  it('goes on while data is in flight', () => {
    const tcp = validating();
    tcp.send(10);
    tcp.peer('R 100:100(0)');
    expect(tcp.engine.variables.keepAliveDeadline).toBe(300 * second);
  });
});

describe('blind injection (RFC 5961 section 5.2, WIR-051)', () => {
  it('WIR-051: an acknowledgment older than the largest window is dropped with its data, and challenged', () => {
    const tcp = Conversation.established({ peerWindow: 3000 });
    tcp.send(2000);
    tcp.peer('. 1:1(0) ack 2001');
    expect(tcp.peer('P. 1:11(10) ack -1000')).toEqual(['. 2001:2001(0) ack 1']);
    expect(tcp.receivedBytes).toBe(0);
    expect(tcp.peer('P. 1:11(10) ack -999')).toEqual([]);
    expect(tcp.receivedBytes).toBe(10);
  });

  it('does not take such a segment for a sign of life', () => {
    const tcp = validating();
    tcp.peer('R 100:100(0)');
    const { keepAliveDeadline } = tcp.engine.variables;
    tcp.wait(1000);
    tcp.peer('P. 1:11(10) ack 5000', 'P. 1:11(10) ack -300000');
    expect(tcp.engine.variables.keepAliveDeadline).toBe(keepAliveDeadline);
  });
});
