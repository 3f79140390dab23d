/** How an intermediate driver passes data and indications on (IMD-021 to IMD-026), and how NDIS passes neighbor events (IMD-029). */
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { adapterFacts } from '../../facts/adapters';
import { flows } from '../../facts/flows';
import { dataFunctions, forEach, passedOn, purposeOf } from '../../facts/passedOn';
import { eventName } from '../events/eventCalls';

/** What a driver may take from one edge to the other, virtual ns. */
const settling = 1_000_000;

/** Statuses with which an intermediate driver refuses sends for want of memory. */
const refusals: ReadonlySet<NdisStatus> = new Set([NDIS_STATUS.REQUEST_UPLOAD, NDIS_STATUS.UPLOAD_REQUESTED]);

/** The handles of the objects at both edges of each intermediate driver: of the initiates that brought them. */
function handlesOf({ facts }: RuleContext) {
  const passed = facts.of(passedOn);
  const upper = new Map<string, { handle: number; call: Call }>();
  const lower = new Map<string, { handle: number; call: Call }>();
  const note = (map: typeof upper, driver: number, call: Call, member: string): void => {
    if (!passed.isBetween(driver)) return;
    for (const block of treeOf(call)) {
      const connection = facts.objects.find(block.object)?.connection;
      const handle = block.structure.number(member);
      if (block.role === 'new' && connection !== undefined && handle !== undefined && handle !== 0)
        map.set(`${driver} ${connection}`, { handle, call });
    }
  };
  return {
    upper: (driver: number, connection: number | undefined) => upper.get(`${driver} ${connection}`),
    lower: (driver: number, connection: number | undefined) => lower.get(`${driver} ${connection}`),
    noteUpper: (call: Call): void => {
      note(upper, call.callee, call, 'NdisOffloadHandle');
    },
    noteLower: (call: Call): void => {
      note(lower, call.caller, call, 'OffloadHandle');
    },
  };
}

/** An indication at an intermediate driver that has not gone up. */
interface Waiting {
  readonly call: Call;
}

/** See the file's head. */
export const dataRules: readonly Rule[] = [
  rule('IMD-021', (context) => {
    const { expect, facts } = context;
    const passed = facts.of(passedOn);
    const handles = handlesOf(context);
    const indicate = (call: Call): void => {
      if (!passed.isBetween(call.caller)) return;
      const known = handles.upper(call.caller, call.connection);
      if (known === undefined) return;
      expect(known.handle === call.number('NdisOffloadHandle'), () => ({
        events: [known.call.event, call.event],
        found: `${call.functionName} with another handle than the driver above had given for the connection`,
        expected: 'the NdisOffloadHandle that came with the initiate',
        component: call.caller,
        connection: call.connection,
      }));
    };
    return {
      call: {
        MiniportInitiateOffload: handles.noteUpper,
        NdisTcpOffloadEventHandler: indicate,
        NdisTcpOffloadReceiveHandler: indicate,
      },
    };
  }),

  rule('IMD-022', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    const events: Waiting[] = [];
    const unpassed = (waiting: Waiting): void => {
      const { call } = waiting;
      expect(false, () => ({
        events: [call.event],
        found: `${call.functionName} came from below, and nothing went up`,
        expected: 'the same indication to the driver above',
        component: call.callee,
        connection: call.connection,
      }));
    };
    const isHeld = (call: Call): boolean =>
      facts.objects.connectionAt('miniport', call.callee, call.connection)?.place === 'held';
    return {
      call: {
        ProtocolTcpOffloadEvent: (call) => {
          if (passed.isBetween(call.callee) && isHeld(call)) events.push({ call });
        },
        NdisTcpOffloadEventHandler: (call) => {
          if (!passed.isBetween(call.caller) || !facts.historyComplete) return;
          const of = events.filter(
            ({ call: event }) => event.callee === call.caller && event.connection === call.connection,
          );
          const found = of.find(
            ({ call: event }) =>
              event.number('EventType') === call.number('EventType') &&
              event.number('EventSpecificInformation') === call.number('EventSpecificInformation'),
          );
          if (of.length === 0 && call.enclosing((one) => one.functionName === 'ProtocolTcpOffloadEvent'))
            return;
          expect(found !== undefined, () => ({
            events: [of[0]?.call.event, call.event],
            found: `${eventName(call.number('EventType'))} with ${call.number('EventSpecificInformation')} went up, which is not what came from below`,
            expected: 'the event type and information that NDIS delivered',
            component: call.caller,
            connection: call.connection,
          }));
          const ended = found ?? of[0];
          if (ended !== undefined) events.splice(events.indexOf(ended), 1);
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          if (!passed.isBetween(call.caller)) return;
          const below = call.enclosing(
            ({ functionName, callee }) =>
              functionName === 'ProtocolTcpOffloadReceiveIndicate' && callee === call.caller,
          );
          if (below === undefined) return;
          const same =
            below.lists[0]?.address === call.lists[0]?.address &&
            below.number('Status') === call.number('Status');
          shown.add(below);
          expect(same, () => ({
            events: [below.event, call.event],
            found: 'another list or Status was indicated upward than had come from below',
            expected: 'the same NET_BUFFER_LIST and Status',
            component: call.caller,
            connection: call.connection,
          }));
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (!passed.isBetween(call.caller)) return;
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            for (const waiting of events.filter(
              (one) => one.call.callee === call.caller && one.call.connection === connection,
            )) {
              events.splice(events.indexOf(waiting), 1);
              if (waiting.call.time + settling < call.time) unpassed(waiting);
            }
          }
        },
      },
      returned: {
        ProtocolTcpOffloadReceiveIndicate: (call) => {
          if (!passed.isBetween(call.callee) || !isHeld(call)) return;
          if (!shown.has(call)) unpassed({ call });
        },
      },
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const waiting of events) if (waiting.call.time + settling < time) unpassed(waiting);
      },
    };
  }),

  rule('IMD-023', (context) => {
    const { expect, facts } = context;
    const passed = facts.of(passedOn);
    const handles = handlesOf(context);
    return {
      call: {
        NdisInitiateOffload: handles.noteLower,
        ...forEach(dataFunctions.requestsBelow, (call) => {
          if (!passed.isBetween(call.caller) || !facts.historyComplete) return;
          const purpose = purposeOf(call);
          const own = handles.lower(call.caller, call.connection);
          for (const { address } of call.lists) {
            const lent = facts.lists.find('miniport', call.caller, address);
            const isSame = lent?.purpose === purpose;
            const sameFlags = purpose !== 'disconnect' || lent?.call.number('Flags') === call.number('Flags');
            const ownHandle = own === undefined || own.handle === call.number('NdisOffloadHandle');
            expect(isSame && sameFlags && ownHandle, () => ({
              events: [
                isSame && !ownHandle ? own.call.event : (lent?.call ?? call.parent)?.event,
                call.event,
              ],
              found: !isSame
                ? `${call.functionName} with a list that the driver above had not handed down for it`
                : sameFlags
                  ? `${call.functionName} with another handle than the connection was offloaded with`
                  : `the Flags of a disconnect changed on the way down`,
              expected: 'the same request with the same NET_BUFFER_LIST, and a handle of its own',
              component: call.caller,
              connection: call.connection,
            }));
          }
        }),
      },
    };
  }),

  rule('IMD-024', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(dataFunctions.completionsAbove, (call) => {
        if (!passed.isBetween(call.caller) || !facts.historyComplete) return;
        const purpose = purposeOf(call);
        for (const { list, lent } of facts.lists.givenBack(call)) {
          const known = passed.list(call.caller, list.address);
          // Requests that it has not passed on it ends itself.
          if (known === undefined && lent !== undefined && list.status !== NDIS_STATUS.SUCCESS) continue;
          expect(known?.back !== undefined && known.purpose === purpose, () => ({
            events: [(known?.down ?? lent?.call)?.event, call.event],
            found:
              known === undefined
                ? `${call.functionName} with a list that was never passed down`
                : `${call.functionName} with a list that has not come back from below as a ${purpose}`,
            expected: 'the list that the completion below brought',
            component: call.caller,
            connection: call.connection,
          }));
        }
      }),
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const { back, driver, connection, purpose, address } of passed.allLists()) {
          if (back === undefined || back.time + settling > time) continue;
          // What a terminate gives back in a chain comes by another way.
          if (facts.lists.find('miniport', driver, address)?.purpose !== purpose) continue;
          expect(false, () => ({
            events: [back.event],
            found: `a ${purpose} came back from below and was never completed above`,
            expected: 'the completion passed up with the same list',
            component: driver,
            connection,
          }));
        }
      },
    };
  }),

  rule('IMD-025', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    /** Connections of which a send has been refused. */
    const refused = new Map<string, Call>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const block of treeOf(call))
            refused.delete(`${call.callee} ${facts.objects.find(block.object)?.connection}`);
        },
        NdisTcpOffloadSendComplete: (call) => {
          if (!passed.isBetween(call.caller) || !facts.historyComplete) return;
          const key = `${call.caller} ${call.connection}`;
          call.lists.forEach(({ status, address }, index) => {
            const down = passed.list(call.caller, address);
            if (!refusals.has(status) && (down !== undefined || status !== NDIS_STATUS.SUCCESS)) return;
            if (down?.back !== undefined && down.back.lists.some((one) => one.status === status)) return;
            const isFirst = !refused.has(key);
            const right =
              status === NDIS_STATUS.UPLOAD_REQUESTED
                ? !isFirst
                : status === NDIS_STATUS.REQUEST_UPLOAD && (isFirst || index === 0);
            const before = refused.get(key);
            if (isFirst) refused.set(key, call);
            expect(right && down === undefined, () => ({
              events: [
                down?.down.event ??
                  before?.event ??
                  facts.lists.find('miniport', call.caller, address)?.call.event,
                call.event,
              ],
              found:
                down === undefined
                  ? `list ${index + 1} of a send that was not passed on was completed with ${statusName(status)}`
                  : `a send was passed down and refused with ${statusName(status)}`,
              expected: `${statusName(NDIS_STATUS.REQUEST_UPLOAD)} for the first list and ${statusName(NDIS_STATUS.UPLOAD_REQUESTED)} for the others, and nothing below`,
              component: call.caller,
              connection: call.connection,
            }));
          });
        },
      },
    };
  }),

  rule('IMD-026', ({ expect, facts }) => {
    const wire = facts.of(flows);
    /** Bytes that came back for the host to send, and where the stream stood. */
    const owed = new Map<number, { bytes: number; end: number; call: Call }>();
    return {
      call: {
        ProtocolTcpOffloadSendComplete: (call) => {
          if (facts.machine.role(call.callee) !== 'host-stack' || call.connection === undefined) return;
          const end = wire.of(call.connection)?.machine.sent.end;
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (!refusals.has(list.status) || end === undefined) continue;
            const known = owed.get(call.connection) ?? { bytes: 0, end, call };
            known.bytes += lent?.snapshot.dataLength ?? list.dataLength;
            owed.set(call.connection, known);
          }
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const [connection, { bytes, end, call }] of owed) {
          const flow = wire.of(connection);
          const last = flow?.machine.sent.end;
          if (flow === undefined || last === undefined) continue;
          if (flow.peer.sent.reset !== undefined || flow.machine.sent.reset !== undefined) continue;
          const sent = (last - end) | 0;
          expect(sent >= bytes, () => ({
            events: [call.event, flow.machine.sent.endBy?.event],
            found: `${bytes} bytes of sends came back for the host stack to send, and ${sent} new bytes were sent since`,
            expected: 'the host stack sends them after the upload',
            component: call.callee,
            connection,
          }));
        }
      },
    };
  }),

  rule('IMD-029', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        ProtocolIndicateOffloadEvent: (call) => {
          const below = call.parent;
          if (below?.functionName !== 'NdisMOffloadEventIndicate') return;
          const binding = adapters.withHandle(below.number('NdisMiniportHandle'))?.binding;
          const blocks = treeOf(call);
          const right = binding === undefined || binding.context === call.number('ProtocolBindingContext');
          const single = blocks.length <= 1;
          expect(right && single, () => ({
            events: [below.event, call.event],
            found: right
              ? `ProtocolIndicateOffloadEvent with ${blocks.length} blocks`
              : 'ProtocolIndicateOffloadEvent with the context of another binding',
            expected: 'one block, and the context of the binding to the adapter that indicated',
            component: call.caller,
          }));
        },
      },
    };
  }),
];

/** Indications from below that have been shown above. */
const shown = new WeakSet<Call>();
