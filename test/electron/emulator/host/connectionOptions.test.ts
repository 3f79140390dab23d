import { describe, expect, it } from 'vitest';
import { constantValue } from '../../../../shared/ddi/catalogue';
import { changedOptions } from '../../../../electron/emulator/host/connectionOptions';
import type { TCP_OFFLOAD_STATE_CACHED } from '../../../../electron/emulator/ndis/offloadState';

const nagling = constantValue('TCP_FLAG_NAGLING_ENABLED');
const keepAlive = constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED');
const keepAliveRestart = constantValue('TCP_FLAG_KEEP_ALIVE_RESTART');
const maximumTimeRestart = constantValue('TCP_FLAG_MAX_RT_RESTART');
const updateReceiveWindow = constantValue('TCP_FLAG_UPDATE_RCV_WND');

const before: TCP_OFFLOAD_STATE_CACHED = {
  Flags: nagling,
  InitialRcvWnd: 65536,
  RcvIndicationSize: 0,
  KaProbeCount: 10,
  KaTimeout: 7_200_000,
  KaInterval: 1000,
  MaxRT: 0,
  FlowLabel: 0,
  TtlOrHopLimit: 128,
  TosOrTrafficClass: 0,
  UserPriority: 0,
};

describe('changedOptions', () => {
  it('changes what is named and nothing else', () => {
    const { cached, actions } = changedOptions(before, { timeToLive: 64 });
    expect(cached).toEqual({ ...before, TtlOrHopLimit: 64 });
    expect(actions).toBe(0);
  });

  it('UPD-018: clears and sets the flags of what is on', () => {
    expect(changedOptions(before, { nagle: false }).cached.Flags).toBe(0);
    expect(changedOptions(before, { keepAlive: true }).cached.Flags).toBe(nagling | keepAlive);
  });

  it('UPD-016: TCP_FLAG_UPDATE_RCV_WND goes with another receive buffer, and not with the same', () => {
    expect(changedOptions(before, { receiveBuffer: 131072 }).actions).toBe(updateReceiveWindow);
    expect(changedOptions(before, { receiveBuffer: 65536 }).actions).toBe(0);
  });

  it('UPD-015: other keepalive parameters restart the timer', () => {
    const restarts = keepAliveRestart | maximumTimeRestart;
    expect(changedOptions(before, { keepAliveTime: 1 }).actions).toBe(restarts);
    expect(changedOptions(before, { keepAliveInterval: 1 }).actions).toBe(restarts);
    expect(changedOptions(before, { keepAliveProbes: 1 }).actions).toBe(restarts);
  });

  it('another total retransmission time starts it anew', () => {
    expect(changedOptions(before, { maximumRetransmissionTime: 5 }).actions).toBe(maximumTimeRestart);
  });
});
