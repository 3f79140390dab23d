/** Lost links, pauses of the binding, and power (PWR-013 to PWR-019). */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { EventId } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { rule, type Facts, type Rule } from '../../engine/rule';
import { adapterFacts, fullPower, type Adapters, type KnownAdapter } from '../../facts/adapters';
import type { Edge } from '../../facts/edges';
import type { HeldObject } from '../../facts/objectFacts';
import { oidRequestFacts, type EndedOidRequest } from '../../facts/oidRequests';

const setPower = constantValue('OID_PNP_SET_POWER');
const connected = constantValue('MediaConnectStateConnected');
const pauseEvent = constantValue('NetEventPause');
const retrieve = constantValue('TcpIndicateRetrieve');
const uploadRequested = constantValue('UploadRequested');

/** What follows a call on its processor within this belongs to the same event, or to one that it has queued; virtual ns. */
const sameEvent = 1e3;

/** Whether a status indication says that the link is up or down; undefined for any other. */
function linkOf(call: Call): boolean | undefined {
  switch (call.number('StatusCode')) {
    case NDIS_STATUS.LINK_STATE: {
      const state = call.structure('StatusBuffer');
      return state?.name === 'NDIS_LINK_STATE' ? state.number('MediaConnectState') === connected : undefined;
    }
    case NDIS_STATUS.MEDIA_CONNECT:
      return true;
    case NDIS_STATUS.MEDIA_DISCONNECT:
      return false;
    default:
      return undefined;
  }
}

/** A link that is down. */
interface LostLink {
  /** The indication that says so. */
  readonly lost: Call;
  /** The last call of the same event of the target. */
  last: Call;
}

/**
 * Whether a target makes a call because of a lost link: inside the indication, or right behind it. A target may want everything back
 * for a reason of its own at any time, which no record tells; so what comes later, or on another processor, may have nothing to do with it.
 */
function belongsTo({ lost, last }: LostLink, call: Call): boolean {
  for (let around = call.parent; around !== undefined; around = around.parent)
    if (around === lost) return true;
  return (
    call.processor === lost.processor &&
    call.record.parent === lost.record.parent &&
    call.record.cause === lost.record.cause &&
    last.returned !== undefined &&
    call.time - last.returned.time <= sameEvent
  );
}

/** TCP objects that came to an adapter, at one edge. */
function connectionsOn(facts: Facts, adapters: Adapters, adapter: KnownAdapter, edge: Edge): HeldObject[] {
  const driver = edge === 'miniport' ? adapter.component : adapter.binding?.component;
  if (driver === undefined) return [];
  return [...facts.objects.allAt(edge, driver)].filter(
    ({ object, initiate }) =>
      facts.objects.find(object)?.layer === 'tcp' && adapters.of(initiate) === adapter,
  );
}

/** A request to leave full power. */
function falls(call: Call): boolean {
  return (
    call.number('Oid') === setPower &&
    call.text('RequestType') === 'NdisRequestSetInformation' &&
    (call.number('PowerState') ?? fullPower) !== fullPower
  );
}

/** See the file's head. */
export const linkAndPowerRules: readonly Rule[] = [
  rule('PWR-013', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    /** By adapter: the indication that its link is down, and the last call of the target that belongs to it. */
    const down = new Map<number, LostLink>();
    const check = (call: Call, adapter: KnownAdapter | undefined, what: string): void => {
      const link = adapter === undefined ? undefined : down.get(adapter.handle);
      if (link === undefined) return;
      const { lost } = link;
      const isConsequence = belongsTo(link, call);
      if (isConsequence) link.last = call;
      expect(!isConsequence, () => ({
        events: [lost.event, call.event],
        found: `${what} followed the loss of the link`,
        expected: 'the media event alone; what is uploaded the host stack decides',
        component: call.caller,
        connection: call.connection,
      }));
    };
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          // What an intermediate driver passes on is not its own decision.
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          const adapter = adapters.of(call);
          const up = linkOf(call);
          if (adapter !== undefined && up === false) down.set(adapter.handle, { lost: call, last: call });
          if (adapter !== undefined && up === true) down.delete(adapter.handle);
          if (call.number('StatusCode') === NDIS_STATUS.UPLOAD_ALL)
            check(call, adapter, 'NDIS_STATUS_UPLOAD_ALL');
        },
        NdisTcpOffloadEventHandler: (call) => {
          if (down.size === 0 || call.number('EventType') !== retrieve) return;
          // Every other reason is a cause of its own.
          if (call.number('EventSpecificInformation') !== uploadRequested) return;
          check(call, adapters.of(call), 'TcpIndicateRetrieve');
        },
        // What the host asks of the adapter meanwhile is a cause, too.
        MiniportOidRequest: (call) => {
          const adapter = adapters.of(call);
          if (adapter !== undefined) down.delete(adapter.handle);
        },
        MiniportResetEx: (call) => {
          const adapter = adapters.of(call);
          if (adapter !== undefined) down.delete(adapter.handle);
        },
      },
    };
  }),

  rule('PWR-014', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    /** By binding: a lost link that it has not heard of. */
    const unheard = new Map<number, Call>();
    const heard = (call: Call): void => {
      const binding = adapters.bindingOf(call);
      const lost = binding === undefined ? undefined : unheard.get(binding.handle);
      if (binding === undefined || lost === undefined) return;
      unheard.delete(binding.handle);
      expect(true, () => ({ events: [], found: '', expected: '' }));
    };
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          const adapter = adapters.of(call);
          const { binding } = adapter ?? {};
          if (binding?.opened === undefined) return;
          const up = linkOf(call);
          if (up === false) unheard.set(binding.handle, call);
          // A link that is back before anybody was told may pass unnoticed.
          if (up === true) unheard.delete(binding.handle);
        },
        ProtocolStatusEx: (call) => {
          if (linkOf(call) === false) heard(call);
        },
        ProtocolNetPnPEvent: heard,
        NdisCloseAdapterEx: (call) => {
          const binding = adapters.bindingOf(call);
          if (binding !== undefined) unheard.delete(binding.handle);
        },
      },
      returned: {
        NdisMIndicateStatusEx: (call) => {
          if (linkOf(call) !== false) return;
          for (const [handle, lost] of unheard) {
            if (lost !== call) continue;
            unheard.delete(handle);
            expect(false, () => ({
              events: [call.event, call.returned?.event],
              found:
                'a lost link was indicated, and the binding above heard neither the status nor a Plug and Play event',
              expected: 'ProtocolStatusEx or ProtocolNetPnPEvent for every binding',
              component: call.callee,
            }));
          }
        },
      },
    };
  }),

  rule('PWR-015', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const pending = new Map<EventId, Call>();
    const decide = (pause: Call, event: EventId | undefined): void => {
      const binding = adapters.bindingOf(pause);
      if (binding === undefined) return;
      let left: HeldObject | undefined;
      for (const held of facts.objects.allAt('protocol', binding.component))
        if (held.place === 'held' && adapters.bindingOf(held.initiate) === binding) left ??= held;
      expect(left === undefined, () => ({
        events: [pause.event, left?.since.event, event],
        found: `NetEventPause was completed with ${facts.objects.find(left?.object)?.label ?? 'an object'} still offloaded`,
        expected: 'NdisTerminateOffload for every object before',
        component: pause.callee,
        connection: facts.objects.find(left?.object)?.connection,
        object: left?.object,
      }));
    };
    return {
      returned: {
        ProtocolNetPnPEvent: (call) => {
          if (call.number('NetEvent') !== pauseEvent) return;
          if (call.status === NDIS_STATUS.PENDING) pending.set(call.event, call);
          else if (call.status === NDIS_STATUS.SUCCESS) decide(call, call.returned?.event);
        },
      },
      call: {
        NdisCompleteNetPnPEvent: (call) => {
          for (const event of call.record.completes) {
            const pause = pending.get(event);
            pending.delete(event);
            if (pause !== undefined) decide(pause, call.event);
          }
        },
      },
    };
  }),

  rule('PWR-016', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        MiniportOidRequest: (call) => {
          if (!falls(call)) return;
          const adapter = adapters.of(call);
          if (adapter === undefined) return;
          const left = connectionsOn(facts, adapters, adapter, 'protocol').find(
            ({ place }) => place === 'held',
          );
          expect(left === undefined, () => ({
            events: [left?.since.event, call.event],
            found:
              'OID_PNP_SET_POWER came to the adapter with a connection offloaded whose termination had not begun',
            expected: 'NdisTerminateOffload for every connection before',
            component: adapter.binding?.component,
            connection: facts.objects.find(left?.object)?.connection,
            object: left?.object,
          }));
        },
      },
    };
  }),

  rule('PWR-017', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const oids = facts.of(oidRequestFacts);
    const decide = (call: Call): void => {
      const end = oids.endedBy(call);
      if (end?.status !== NDIS_STATUS.SUCCESS || !falls(end.request)) return;
      const adapter = adapters.of(end.request);
      if (adapter === undefined) return;
      const left = connectionsOn(facts, adapters, adapter, 'miniport').find(
        ({ place }) => place !== 'offloading',
      );
      expect(left === undefined, () => ({
        events: [end.request.event, left?.since.event, end.event],
        found: `OID_PNP_SET_POWER succeeded while a connection was ${left?.place === 'held' ? 'offloaded' : 'being terminated'}`,
        expected: 'the last NdisMTerminateOffloadComplete before',
        component: end.request.callee,
        connection: facts.objects.find(left?.object)?.connection,
        object: left?.object,
      }));
    };
    return { returned: { MiniportOidRequest: decide }, call: { NdisMOidRequestComplete: decide } };
  }),

  rule('PWR-018', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const pending = new Map<EventId, Call>();
    /** Requests that have been completed, with the completion. */
    const completed = new Map<EventId, Call>();
    return {
      returned: {
        MiniportOidRequest: (call) => {
          if (call.status === NDIS_STATUS.PENDING && falls(call)) pending.set(call.event, call);
        },
      },
      call: {
        NdisMOidRequestComplete: (call) => {
          for (const event of call.record.completes) {
            const request = pending.get(event);
            const before = completed.get(event);
            if (request === undefined && before === undefined) continue;
            const status = call.number('Status') ?? NDIS_STATUS.SUCCESS;
            expect(before === undefined && status === NDIS_STATUS.SUCCESS, () => ({
              events: [before?.event ?? request?.event, call.event],
              found:
                before === undefined
                  ? `a pended OID_PNP_SET_POWER was completed with ${statusName(status)}`
                  : 'a pended OID_PNP_SET_POWER was completed twice',
              expected: 'one completion with NDIS_STATUS_SUCCESS',
              component: call.caller,
            }));
            pending.delete(event);
            completed.set(event, call);
          }
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const request of pending.values()) {
          const adapter = adapters.of(request);
          if (adapter === undefined) continue;
          // While terminations are open it has to wait.
          if (connectionsOn(facts, adapters, adapter, 'miniport').length > 0) continue;
          expect(false, () => ({
            events: [request.event, request.returned?.event],
            found: 'a pended OID_PNP_SET_POWER was never completed',
            expected: 'NdisMOidRequestComplete when the last termination has been completed',
            component: request.callee,
          }));
        }
      },
    };
  }),

  rule('PWR-019', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisInitiateOffload: (call) => {
          const adapter = adapters.of(call);
          if (adapter === undefined) return;
          const sleep: EndedOidRequest | undefined = adapter.asleep;
          expect(sleep === undefined, () => ({
            events: [sleep?.event, call.event],
            found: 'NdisInitiateOffload was called for an adapter below full power',
            expected: 'OID_PNP_SET_POWER to D0 with success before',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),
];
