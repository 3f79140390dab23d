import { describe, expect, it } from 'vitest';
import { OffloadStatistics } from '../../../../electron/emulator/target/offloadStatistics';
import { TcpConnectionState } from '../../../../electron/emulator/tcp/tcpVariables';
import { decodeStructure } from '../../../../shared/ddi/structureCodec';

function ip(statistics: OffloadStatistics) {
  const decoded = decodeStructure('IP_OFFLOAD_STATS', statistics.ip());
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value.values;
}

function tcp(statistics: OffloadStatistics, states: TcpConnectionState[] = []) {
  const decoded = decodeStructure('TCP_OFFLOAD_STATS', statistics.tcp(states));
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value.values;
}

describe('statistics of offloaded connections', () => {
  it('STT-009 STT-010: a datagram counts with its bytes, IP header included', () => {
    const statistics = new OffloadStatistics();
    statistics.received(52);
    statistics.received(1500);
    expect(ip(statistics)).toMatchObject({
      InReceives: 2n,
      InOctets: 1552n,
      InDelivers: 2n,
      InHeaderErrors: 0,
    });
  });

  it('STT-020 STT-021: a segment of old bytes alone is a retransmission and no new segment', () => {
    const statistics = new OffloadStatistics();
    statistics.sent(1500, 1000, 2000, 3000, false);
    expect(tcp(statistics)).toMatchObject({ OutSegments: 0n, RetransmittedSegments: 1 });
  });

  it('STT-020 STT-021: a segment of old and new bytes is both', () => {
    const statistics = new OffloadStatistics();
    statistics.sent(1500, 2500, 3500, 3000, false);
    expect(tcp(statistics)).toMatchObject({ OutSegments: 1n, RetransmittedSegments: 1 });
  });

  it('STT-020: an acknowledgment alone is a segment and no retransmission', () => {
    const statistics = new OffloadStatistics();
    statistics.sent(40, 3000, 3000, 3000, false);
    expect(tcp(statistics)).toMatchObject({ OutSegments: 1n, RetransmittedSegments: 0 });
    expect(ip(statistics)).toMatchObject({ OutRequests: 1n, OutOctets: 40n });
  });

  it('STT-020: old and new are told apart across the wrap of sequence numbers', () => {
    const statistics = new OffloadStatistics();
    statistics.sent(1500, 0xffff_ff00, 0x100, 0xffff_ff00, false);
    expect(tcp(statistics)).toMatchObject({ OutSegments: 1n, RetransmittedSegments: 0 });
  });

  it('STT-025: counts segments with RST', () => {
    const statistics = new OffloadStatistics();
    statistics.sent(40, 3000, 3000, 3000, true);
    expect(tcp(statistics)['OutResets']).toBe(1);
  });

  it('STT-024: a segment that TCP can’t take counts as received and as an error', () => {
    const statistics = new OffloadStatistics();
    statistics.segmentReceived(true);
    expect(tcp(statistics)).toMatchObject({ InSegments: 1n, InErrors: 1 });
  });

  it('STT-023: counts moves from ESTABLISHED or CLOSE-WAIT straight to CLOSED, and no others', () => {
    const { Established, CloseWait, LastAck, Closed, FinWait1 } = TcpConnectionState;
    const statistics = new OffloadStatistics();
    statistics.moved(Established, Closed);
    statistics.moved(CloseWait, Closed);
    statistics.moved(LastAck, Closed);
    statistics.moved(Established, FinWait1);
    expect(tcp(statistics)['ResetEstablished']).toBe(2);
  });

  it('STT-022: CurrentlyEstablished counts ESTABLISHED and CLOSE-WAIT', () => {
    const { Established, CloseWait, FinWait1 } = TcpConnectionState;
    expect(tcp(new OffloadStatistics(), [Established, CloseWait, FinWait1])['CurrentlyEstablished']).toBe(2);
  });

  it('STT-006 STT-007: IP and TCP counters are set to zero apart from each other', () => {
    const statistics = new OffloadStatistics();
    statistics.received(40);
    statistics.segmentReceived(false);
    statistics.resetIp();
    expect(ip(statistics)['InReceives']).toBe(0n);
    expect(tcp(statistics)['InSegments']).toBe(1n);
    statistics.received(40);
    statistics.resetTcp();
    expect(ip(statistics)['InReceives']).toBe(1n);
    expect(tcp(statistics)['InSegments']).toBe(0n);
  });

  it('STT-026: counters wrap to zero at 64 and at 32 bits', () => {
    const statistics = new OffloadStatistics();
    statistics.add('InOctets', 2n ** 64n - 1n);
    statistics.addNarrow('InErrors', 2 ** 32 - 1);
    statistics.received(1);
    statistics.segmentReceived(true);
    expect(ip(statistics)['InOctets']).toBe(0n);
    expect(tcp(statistics)['InErrors']).toBe(0);
  });

  it('STT-026: counters that begin below their maximum go on from zero, at 64 and at 32 bits', () => {
    const statistics = new OffloadStatistics(2);
    expect(tcp(statistics)).toMatchObject({
      OutSegments: 2n ** 64n - 2n,
      RetransmittedSegments: 2 ** 32 - 2,
    });
    for (let sent = 0; sent < 3; sent++) statistics.sent(40, 1000, 2000, 1500, false);
    expect(tcp(statistics)).toMatchObject({ OutSegments: 1n, RetransmittedSegments: 1 });
    expect(ip(statistics)).toMatchObject({ OutRequests: 1n, OutOctets: 118n });
  });
});
