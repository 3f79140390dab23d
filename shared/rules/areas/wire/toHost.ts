/** What a target makes of frames of its connections that are out of the ordinary: group addresses, IPv4 options, path MTU messages, a new SYN. */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { flows, type Flow } from '../../facts/flows';
import { handedState } from '../../facts/handedState';
import { oidOf, oidRequestFacts } from '../../facts/oidRequests';
import { watchProcessing } from './arrivals';
import { notIndicated, upperOf, watchIndications } from './hostPath';

const multicastList = constantValue('OID_802_3_MULTICAST_LIST');

/** Hexadecimal digits of an Ethernet address. */
const macDigits = 12;

/** The destination of a frame as hexadecimal digits. */
function destinationOf({ record }: WireFrame): string {
  let digits = '';
  for (let at = 0; at < 6; at++) digits += record.bytes[at]!.toString(16).padStart(2, '0');
  return digits;
}

/** Whether a datagram has options of IPv4. */
function hasOptions(frame: WireFrame): boolean {
  const first = frame.record.bytes[frame.internetAt]!;
  return frame.ipVersion === 4 && first >>> 4 === 4 && (first & 15) > 5 && !frame.isFragment;
}

/** Whether a frame is ICMP "fragmentation needed" (RFC 1191), or ICMPv6 "packet too big" (RFC 8201). */
function isPathMtuMessage(frame: WireFrame): boolean {
  const upper = upperOf(frame);
  if (upper === undefined) return false;
  const { bytes } = frame.record;
  if (frame.ipVersion === 4)
    return upper.protocol === 1 && bytes[upper.at] === 3 && bytes[upper.at + 1] === 4;
  return upper.protocol === 58 && bytes[upper.at] === 2;
}

/**
 * Whether a connection is in TIME_WAIT for certain: the machine has closed first, its FIN has been acknowledged, and it has acknowledged that of
 * its peer.
 */
function isInTimeWait({ machine, peer }: Flow): boolean {
  const { fin, finEnd, acknowledgment } = machine.sent;
  const acknowledged = peer.arrived.acknowledgment;
  const theirs = peer.arrived.finEnd;
  if (fin === undefined || finEnd === undefined || theirs === undefined) return false;
  if (acknowledged === undefined || acknowledgment === undefined) return false;
  const closedFirst = sequenceDistance(fin.acknowledgment, theirs) > 0;
  return (
    closedFirst &&
    sequenceDistance(finEnd, acknowledged) >= 0 &&
    sequenceDistance(theirs, acknowledgment) >= 0
  );
}

/** See the file's head. */
export const toHostRules: readonly Rule[] = [
  rule('WIR-007', (context) => {
    const { expect, facts } = context;
    const requests = facts.of(oidRequestFacts);
    /** Group addresses that each target has been told, as hexadecimal digits. */
    const enabled = new Map<number, ReadonlySet<string>>();
    const ended = (call: Call): void => {
      if (oidOf(call) !== multicastList) return;
      const end = requests.endedBy(call);
      if (end?.request.functionName !== 'MiniportOidRequest' || !end.sets) return;
      const digits = end.request.text('MulticastList');
      if (digits === undefined || end.status !== NDIS_STATUS.SUCCESS) return;
      const addresses = new Set<string>();
      for (let at = 0; at < digits.length; at += macDigits) addresses.add(digits.slice(at, at + macDigits));
      enabled.set(end.request.callee, addresses);
    };
    return {
      ...watchProcessing(
        context,
        ({ frame, target }) =>
          (frame.record.bytes[0]! & 1) !== 0 && enabled.get(target)?.has(destinationOf(frame)) === true,
        (processed, { frame, target }, evidence) => {
          expect(processed, () => ({
            events: [frame.event, evidence.event],
            found: `a segment to the enabled group address ${destinationOf(frame)} was not processed`,
            expected: 'segments to the configured address or an enabled group address are accepted',
            component: target,
            connection: frame.connection,
          }));
        },
      ),
      call: { NdisMOidRequestComplete: ended },
      returned: { MiniportOidRequest: ended },
    };
  }),

  // That the target has not shrunk its segments by itself is not decided: what it sends may be short for many reasons.
  rule('WIR-027', (context) =>
    watchIndications(context, isPathMtuMessage, (indicated, waiting, evidence) => {
      context.expect(indicated, () => notIndicated(waiting, evidence, 'an ICMP message about the path MTU'));
    }),
  ),

  rule('WIR-029', (context) => {
    const handed = context.facts.of(handedState);
    return watchIndications(
      context,
      (frame, target) => hasOptions(frame) && handed.tcp(target, frame.connection)?.taken !== undefined,
      (indicated, waiting, evidence) => {
        context.expect(indicated, () =>
          notIndicated(waiting, evidence, 'a datagram with IP options for an offloaded connection'),
        );
      },
    );
  }),

  rule('WIR-036', (context) => {
    const handed = context.facts.of(handedState);
    const known = context.facts.of(flows);
    return watchIndications(
      context,
      (frame, target) => {
        if (!frame.isSegment || frame.isFragment || (frame.flags & tcpFlags.SYN) === 0) return false;
        const flow = known.of(frame.connection);
        return (
          flow !== undefined &&
          handed.tcp(target, frame.connection)?.taken !== undefined &&
          isInTimeWait(flow)
        );
      },
      (indicated, waiting, evidence) => {
        context.expect(indicated, () =>
          notIndicated(waiting, evidence, 'a SYN for a connection in TIME_WAIT'),
        );
      },
    );
  }),
];
