/** NdisMGetOffloadHandlers and the six entry points that it answers (INZ-007 to INZ-012, INZ-015, INZ-016). */
import { constantValue, structureLayout, type FunctionName } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import { adapterFacts } from '../../facts/adapters';
import { registrationFacts } from '../../facts/registrations';

const tcpChimney = constantValue('NdisTcpChimneyOffload');
const table = 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS';

/** The entry points of the table. */
const entryPoints: readonly FunctionName[] = [
  'NdisTcpOffloadEventHandler',
  'NdisTcpOffloadReceiveHandler',
  'NdisTcpOffloadSendComplete',
  'NdisTcpOffloadReceiveComplete',
  'NdisTcpOffloadDisconnectComplete',
  'NdisTcpOffloadForwardComplete',
];

/** The MiniportInitializeEx of the same adapter around a call. */
function enclosingInitialize(call: Call): Call | undefined {
  const handle = call.number('NdisMiniportHandle');
  return call.enclosing(
    (one) =>
      one.functionName === 'MiniportInitializeEx' &&
      one.callee === call.caller &&
      one.number('NdisMiniportHandle') === handle,
  );
}

/** See the file's head. */
export const entryPointRules: readonly Rule[] = [
  rule('INZ-007', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    const adapters = facts.of(adapterFacts);
    const asked = new Set<Call>();
    return {
      call: {
        NdisMGetOffloadHandlers: (call) => {
          const initialize = enclosingInitialize(call);
          if (initialize !== undefined) asked.add(initialize);
          if (initialize === undefined && !facts.historyComplete) return;
          expect(initialize !== undefined, () => ({
            events: [adapters.of(call)?.initialize.returned?.event, call.event],
            found: 'NdisMGetOffloadHandlers was called outside of MiniportInitializeEx',
            expected: 'the call inside MiniportInitializeEx of the same adapter',
            component: call.caller,
          }));
        },
      },
      returned: {
        MiniportInitializeEx: (call) => {
          const hasAsked = asked.delete(call);
          if (call.status !== NDIS_STATUS.SUCCESS) return;
          if (!registrations.offersChimney(call.callee, 'miniport')) return;
          expect(hasAsked, () => ({
            events: [call.event, call.returned?.event],
            found:
              'MiniportInitializeEx of a driver with chimney handlers ended without NdisMGetOffloadHandlers',
            expected: 'one call for NdisTcpChimneyOffload',
            component: call.callee,
            severity: 'warning',
          }));
        },
      },
    };
  }),

  rule('INZ-008', ({ expect }) => {
    const asked = new Map<Call, Map<number, Call>>();
    return {
      call: {
        NdisMGetOffloadHandlers: (call) => {
          const initialize = enclosingInitialize(call);
          const type = call.number('ChimneyType');
          if (initialize === undefined || type === undefined) return;
          let types = asked.get(initialize);
          if (types === undefined) asked.set(initialize, (types = new Map<number, Call>()));
          const before = types.get(type);
          expect(before === undefined, () => ({
            events: [before?.event, call.event],
            found: `NdisMGetOffloadHandlers was called twice for ChimneyType ${type}`,
            expected: 'one call for each chimney type',
            component: call.caller,
          }));
          types.set(type, call);
        },
      },
      returned: {
        MiniportInitializeEx: (call) => {
          asked.delete(call);
        },
      },
    };
  }),

  rule('INZ-009', ({ expect }) => ({
    call: {
      NdisMGetOffloadHandlers: (call) => {
        const type = call.number('ChimneyType');
        expect(type === tcpChimney, () => ({
          events: [call.parent?.event, call.event],
          found: `NdisMGetOffloadHandlers was called for ChimneyType ${type}, which is reserved`,
          expected: `NdisTcpChimneyOffload (${tcpChimney})`,
          component: call.caller,
        }));
      },
    },
  })),

  rule('INZ-010', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    return {
      returned: {
        NdisMGetOffloadHandlers: (call) => {
          const { status } = call;
          if (status === undefined) return;
          const { SUCCESS, NOT_SUPPORTED } = NDIS_STATUS;
          const isTcp = call.number('ChimneyType') === tcpChimney;
          const registered = registrations.offersChimney(call.caller, 'miniport');
          // For a driver without chimney handlers of its own either answer will do.
          const free = isTcp && (!registered || !facts.historyComplete);
          const right = free ? [SUCCESS, NOT_SUPPORTED] : [isTcp ? SUCCESS : NOT_SUPPORTED];
          expect(right.includes(status as (typeof right)[number]), () => ({
            events: [call.event, call.returned?.event],
            found: `NdisMGetOffloadHandlers for ChimneyType ${call.number('ChimneyType')} returned ${statusName(status)}`,
            expected: right.map((one) => statusName(one)).join(' or '),
            component: call.callee,
          }));
        },
      },
    };
  }),

  rule('INZ-011', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    /** By adapter: a refusal, while no call has succeeded. */
    const refused = new Map<number, Call>();
    const check = (call: Call): void => {
      if (refused.size === 0) return;
      const adapter = adapters.of(call);
      const refusal = adapter === undefined ? undefined : refused.get(adapter.handle);
      if (refusal === undefined) return;
      expect(adapter?.entryPoints !== undefined, () => ({
        events: [refusal.returned?.event, call.event],
        found: `${call.functionName} was called although NdisMGetOffloadHandlers had returned NDIS_STATUS_NOT_SUPPORTED`,
        expected: 'no entry point used',
        component: call.caller,
        connection: call.connection,
      }));
    };
    return {
      call: Object.fromEntries(entryPoints.map((name) => [name, check])),
      returned: {
        NdisMGetOffloadHandlers: (call) => {
          const handle = call.number('NdisMiniportHandle');
          if (handle === undefined) return;
          if (call.status === NDIS_STATUS.NOT_SUPPORTED) refused.set(handle, call);
        },
      },
    };
  }),

  rule('INZ-012', ({ expect }) => ({
    returned: {
      NdisMGetOffloadHandlers: (call) => {
        const view = call.structureOut('OffloadHandlers');
        if (call.status !== NDIS_STATUS.SUCCESS || view?.name !== table) return;
        const { revisions } = structureLayout(table).header ?? { revisions: [] };
        const type = view.number('Header.Type');
        const revision = view.number('Header.Revision');
        const size = view.number('Header.Size') ?? 0;
        const known = revisions.find(({ value }) => value === revision);
        const right = type === call.number('ChimneyType') && known !== undefined && size >= known.size;
        expect(right, () => ({
          events: [call.event, call.returned?.event],
          found: `the table's header says type ${type}, revision ${revision} and ${size} bytes`,
          expected: `type ${call.number('ChimneyType')}, revision ${revisions[0]?.value} and at least ${revisions[0]?.size} bytes`,
          component: call.callee,
        }));
      },
    },
  })),

  rule('INZ-015', ({ expect }) => ({
    returned: {
      NdisMGetOffloadHandlers: (call) => {
        const view = call.structureOut('OffloadHandlers');
        if (call.status !== NDIS_STATUS.SUCCESS || view?.name !== table) return;
        const missing = entryPoints.find((name) => view.number(name) === 0);
        expect(missing === undefined, () => ({
          events: [call.event, call.returned?.event],
          found: `the table has ${missing} = NULL`,
          expected: 'six entry points',
          component: call.callee,
        }));
      },
    },
  })),

  rule('INZ-016', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const check = (call: Call): void => {
      if (!facts.historyComplete) return;
      // An event or indication names no adapter: then any of the driver's will do.
      const adapter = adapters.of(call);
      const own = adapter === undefined ? adapters.ofDriver(call.caller) : [adapter];
      if (own.length === 0) return;
      expect(
        own.some((one) => one.entryPoints !== undefined),
        () => ({
          events: [own[0]?.initialize.event, call.event],
          found: `${call.functionName} was called by an adapter that has no table of entry points`,
          expected: 'NdisMGetOffloadHandlers with success before',
          component: call.caller,
          connection: call.connection,
        }),
      );
    };
    return { call: Object.fromEntries(entryPoints.map((name) => [name, check])) };
  }),
];
