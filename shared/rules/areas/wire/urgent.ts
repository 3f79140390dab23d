/** Urgent data: the target hands the connection back, and with it all segments from the urgent one on (section 12 of the data digest). */
import { constantValue } from '../../../ddi/catalogue';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import type { EventId } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { tcpFlags } from '../../engine/frame';
import { rule, type Breach, type Rule } from '../../engine/rule';
import { handedState, type HandedTcp } from '../../facts/handedState';
import { tcpBlocks } from '../timestamps/handOvers';
import { arrivals, knowledgeTime, RefusedRanges, type Arrival } from './arrivals';
import { placeOf } from './blindReset';
import { WaitingMap } from '../../engine/gate';

const retrieve = constantValue('TcpIndicateRetrieve');
const receivedUrgentData = constantValue('ReceivedUrgentData');

/** Whether a segment has urgent data, as far as its flags tell. */
function isUrgent({ frame }: Arrival): boolean {
  return (frame.flags & (tcpFlags.URG | tcpFlags.RST | tcpFlags.SYN)) === tcpFlags.URG;
}

/** Whether an urgent segment is valid; undefined where that isn't certain. */
function isValid(arrival: Arrival): boolean | undefined {
  const { frame, flow } = arrival;
  const { end, acknowledgment, rightEdge } = flow.machine.sent;
  if (end === undefined || acknowledgment === undefined || rightEdge === undefined) return undefined;
  if (sequenceDistance(end, frame.acknowledgment) > 2 ** 20) return false;
  const isOld = sequenceDistance(frame.sequenceEnd, acknowledgment) > 0;
  if (isOld || sequenceDistance(rightEdge, frame.sequence) > 0) return false;
  if (sequenceDistance(end, frame.acknowledgment) > 0) return undefined;
  return placeOf(arrival) === 'next' ? true : undefined;
}

function isUrgentUpload(call: Call): boolean {
  return (
    call.number('EventType') === retrieve && call.number('EventSpecificInformation') === receivedUrgentData
  );
}

function breach({ frame, target }: Arrival, evidence: EventId, found: string, expected: string): Breach {
  return {
    events: [frame.event, evidence],
    found,
    expected,
    component: target,
    connection: frame.connection,
  };
}

/** See the file's head. */
export const urgentRules: readonly Rule[] = [
  rule('WIR-031', ({ expect, facts, ...context }) => {
    const handed = facts.of(handedState);
    const last = new WaitingMap<
      HandedTcp,
      { readonly arrival: Arrival; readonly valid: boolean | undefined }
    >();
    const settle = (): void => {
      for (const [tcp, { arrival }] of last) {
        if (facts.now - arrival.time < knowledgeTime) continue;
        last.delete(tcp);
        expect(true, () => breach(arrival, facts.event, '', ''));
      }
    };
    const arrived = arrivals({ expect, facts, ...context }, (arrival) => {
      if (!isUrgent(arrival)) return;
      const valid = isValid(arrival);
      if (valid === false && !last.has(arrival.tcp)) last.set(arrival.tcp, { arrival, valid });
      else last.delete(arrival.tcp);
    });
    return {
      guarded: [{ gate: last.gate, fate: settle }],
      peerFate: arrived.peerFate,
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const tcp = handed.tcp(call.caller, call.connection);
          const one = tcp === undefined ? undefined : last.get(tcp);
          if (tcp === undefined || one === undefined || !isUrgentUpload(call)) return;
          last.delete(tcp);
          expect(false, () =>
            breach(
              one.arrival,
              call.event,
              'an urgent segment that is not valid led to TcpIndicateRetrieve',
              'it is dropped',
            ),
          );
        },
      },
    };
  }),

  rule('WIR-032', (context) => {
    const { expect, facts } = context;
    const handed = facts.of(handedState);
    const open = new WaitingMap<HandedTcp, Arrival>();
    const settle = (): void => {
      for (const [tcp, arrival] of open) {
        if (facts.now - arrival.time < knowledgeTime) continue;
        open.delete(tcp);
        if (tcp.stoppedBy === undefined)
          expect(false, () =>
            breach(
              arrival,
              facts.event,
              'valid urgent data led to no event',
              'TcpIndicateRetrieve(ReceivedUrgentData)',
            ),
          );
      }
    };
    const arrived = arrivals(context, (arrival) => {
      if (isUrgent(arrival) && isValid(arrival) === true) open.set(arrival.tcp, arrival);
    });
    return {
      guarded: [{ gate: open.gate, fate: settle, frame: settle }],
      peerFate: arrived.peerFate,
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const tcp = handed.tcp(call.caller, call.connection);
          const arrival = tcp === undefined ? undefined : open.get(tcp);
          if (tcp === undefined || arrival === undefined || call.number('EventType') !== retrieve) return;
          open.delete(tcp);
          expect(isUrgentUpload(call), () =>
            breach(
              arrival,
              call.event,
              'valid urgent data led to another reason for the upload',
              'ReceivedUrgentData',
            ),
          );
        },
      },
    };
  }),

  rule('WIR-033', (context) => {
    const { expect, facts } = context;
    const refused = new RefusedRanges();
    const urgent = new Map<HandedTcp, Arrival>();
    return {
      ...arrivals(
        context,
        (arrival) => {
          const { tcp } = arrival;
          if (
            tcp.stoppedBy === undefined &&
            isUrgent(arrival) &&
            isValid(arrival) === true &&
            !urgent.has(tcp)
          )
            urgent.set(tcp, arrival);
          if (urgent.has(tcp)) refused.add(arrival);
        },
        'even stopped',
      ),
      guarded: [
        {
          gate: refused.gate,
          chimneyFrame: (frame) => {
            if (!refused.has(frame.connection)) return;
            const taken = refused.acknowledged(frame.connection!, frame.acknowledgment);
            if (taken !== undefined)
              expect(false, () =>
                breach(
                  taken,
                  frame.event,
                  'urgent data, or what came behind it, was acknowledged',
                  'no acknowledgment until the upload',
                ),
              );
          },
        },
      ],
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection } of tcpBlocks(facts, call)) {
            refused.forget(connection);
            for (const [tcp, arrival] of urgent) {
              if (arrival.frame.connection !== connection) continue;
              urgent.delete(tcp);
              expect(true, () => breach(arrival, call.event, '', ''));
            }
          }
        },
      },
    };
  }),

  rule('WIR-035', (context) => {
    const { expect, facts } = context;
    const held = new Map<number, Arrival[]>();
    const indicated = new Map<number, number[]>();
    return {
      ...arrivals(
        context,
        (arrival) => {
          const { connection } = arrival.frame;
          const before = held.get(connection!);
          if (before !== undefined) {
            if (arrival.frame.payloadLength > 0) before.push(arrival);
          } else if (arrival.tcp.stoppedBy === undefined && isUrgent(arrival) && isValid(arrival) === true)
            held.set(connection!, [arrival]);
        },
        'even stopped',
      ),
      call: {
        NdisMIndicateReceiveNetBufferLists: (call) => {
          if (call.connection === undefined || !held.has(call.connection)) return;
          const lengths = indicated.get(call.connection) ?? [];
          lengths.push(...call.lists.map(({ dataLength }) => dataLength));
          indicated.set(call.connection, lengths);
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { connection } of tcpBlocks(facts, call)) {
            const frames = held.get(connection);
            const lengths = indicated.get(connection) ?? [];
            held.delete(connection);
            indicated.delete(connection);
            if (frames === undefined) continue;
            let at = 0;
            const missing = frames.find(({ frame, time }) => {
              // What has just arrived may still wait for a processor.
              if (facts.now - time < justArrived) return false;
              const tag = frame.internetAt - 14;
              while (at < lengths.length && lengths[at] !== frame.record.length - tag) at++;
              return at++ >= lengths.length;
            });
            expect(missing === undefined, () =>
              breach(
                missing!,
                call.event,
                'a segment from urgent data on was not indicated before the terminate was completed',
                'all of them, in order, by NdisMIndicateReceiveNetBufferLists',
              ),
            );
          }
        },
      },
    };
  }),
];

/** Virtual ns. */
const justArrived = 2_000;
