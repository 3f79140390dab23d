/** TcpIndicateSendBacklogChange: how many bytes of sends the target would like to have (EVT-032 to EVT-034). */
import type { EventId, VirtualTime } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { chimneyConnections, tcpEvents } from '../../facts/chimneyConnections';

/** SendBacklogSize where the feature is not supported. */
const notSupported = 0xffff_ffff;

/** More events than this in a second are too many, and so is a change by less than this part. */
const mostEvents = 50;
const second = 1_000_000_000;
const smallestChange = 0.01;

/** Samples of which each must equal what is posted, and values among them, before one speaks of a rule. */
const samplesForRule = 4;
const valuesForRule = 3;

/** A value that a target has reported. */
interface Reported {
  readonly value: number;
  readonly event: EventId;
}

function sizeOf(call: Call): number | undefined {
  return call.number('EventType') === tcpEvents.sendBacklogChange
    ? call.number('EventSpecificInformation')
    : undefined;
}

/** SendBacklogSize of each TCP block of an answered query, by its object. */
function* answers(call: Call): Generator<{ object: number; value: number }> {
  for (const block of treeOf(call)) {
    const value = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('SendBacklogSize');
    if (block.object !== undefined && value !== undefined && value !== notSupported)
      yield { object: block.object, value };
  }
}

/** See the file's head. */
export const sendBacklogRules: readonly Rule[] = [
  rule('EVT-032', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const reported = new Map<number, { initiate: Call; last: Reported; lastEvent: EventId }>();
    return {
      call: {
        NdisMQueryOffloadStateComplete: (call) => {
          const request = facts.objects.requestOf(call)?.call;
          for (const { object, value } of answers(call)) {
            const known = held.at(call.caller, facts.objects.find(object)?.connection);
            if (known === undefined || request === undefined) continue;
            const before = reported.get(known.connection);
            // The value is of some moment since the request: an event since then may be newer.
            if (before?.initiate === known.initiate && before.lastEvent > request.event)
              reported.delete(known.connection);
            else
              reported.set(known.connection, {
                initiate: known.initiate,
                last: { value, event: call.event },
                lastEvent: before?.lastEvent ?? -1,
              });
          }
        },
        NdisTcpOffloadEventHandler: (call) => {
          const value = sizeOf(call);
          const known = held.at(call.caller, call.connection);
          if (value === undefined || known === undefined) return;
          const before = reported.get(known.connection);
          if (before?.initiate === known.initiate)
            expect(before.last.value !== value, () => ({
              events: [before.last.event, call.event],
              found: `TcpIndicateSendBacklogChange(${value}), which is what the target had reported before`,
              expected: 'an event only for a new value',
              component: call.caller,
              connection: call.connection,
            }));
          const last = { value, event: call.event };
          reported.set(known.connection, { initiate: known.initiate, last, lastEvent: call.event });
        },
      },
    };
  }),

  rule('EVT-033', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const samples = new Map<number, { initiate: Call; values: number[]; first: EventId }>();
    const sample = (driver: number, connection: number | undefined, value: number, event: EventId): void => {
      const known = held.at(driver, connection);
      if (known === undefined) return;
      let posted = 0;
      for (const { snapshot } of facts.lists.open('miniport', driver, connection, 'send'))
        posted += snapshot.dataLength;
      let row = samples.get(known.connection);
      if (row === undefined || row.initiate !== known.initiate || value !== posted || posted === 0)
        samples.set(known.connection, (row = { initiate: known.initiate, values: [], first: event }));
      if (value === posted && posted > 0) row.values.push(value);
      const { values, first } = row;
      const follows = values.length >= samplesForRule && new Set(values).size >= valuesForRule;
      expect(!follows, () => ({
        events: [first, event],
        found: `SendBacklogSize was just what was posted, ${values.length} times in a row: ${values.join(', ')} bytes`,
        expected: 'a size that does not move with what is posted',
        component: driver,
        connection,
      }));
      if (follows) samples.delete(known.connection);
    };
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const value = sizeOf(call);
          if (value !== undefined) sample(call.caller, call.connection, value, call.event);
        },
        NdisMQueryOffloadStateComplete: (call) => {
          for (const { object, value } of answers(call))
            sample(call.caller, facts.objects.find(object)?.connection, value, call.event);
        },
      },
    };
  }),

  rule('EVT-034', ({ expect, facts }) => {
    const held = facts.of(chimneyConnections);
    const events = new Map<
      number,
      { initiate: Call; times: VirtualTime[]; last: Reported; first: EventId }
    >();
    return {
      call: {
        NdisTcpOffloadEventHandler: (call) => {
          const value = sizeOf(call);
          const known = held.at(call.caller, call.connection);
          if (value === undefined || known === undefined) return;
          const last = { value, event: call.event };
          const row = events.get(known.connection);
          if (row?.initiate !== known.initiate) {
            const times = [call.time];
            events.set(known.connection, { initiate: known.initiate, times, last, first: call.event });
            return;
          }
          const { times, last: before } = row;
          times.push(call.time);
          while (call.time - times[0]! > second) times.shift();
          const often = times.length > mostEvents;
          const tiny =
            before.value !== value && Math.abs(value - before.value) < smallestChange * before.value;
          expect(!often && !tiny, () => ({
            events: [before.event, call.event],
            found: often
              ? `${times.length} TcpIndicateSendBacklogChange within a second`
              : `TcpIndicateSendBacklogChange from ${before.value} to ${value} bytes`,
            expected: 'few events, and changes that matter',
            component: call.caller,
            connection: call.connection,
          }));
          if (often) times.length = 0;
          row.last = last;
          if (often) times.push(call.time);
        },
      },
    };
  }),
];
