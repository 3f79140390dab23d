/** What an adapter declares in MiniportInitializeEx, and that nothing comes before its end (INZ-001 to INZ-006). */
import { structureLayout, type FunctionName } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { adapterFacts } from '../../facts/adapters';
import { registrationFacts } from '../../facts/registrations';

/** Handlers of a miniport that serve chimney offload. */
const chimneyHandlers: readonly FunctionName[] = [
  'MiniportInitiateOffload',
  'MiniportTerminateOffload',
  'MiniportUpdateOffload',
  'MiniportQueryOffload',
  'MiniportInvalidateOffload',
  'MiniportTcpOffloadSend',
  'MiniportTcpOffloadReceive',
  'MiniportTcpOffloadDisconnect',
  'MiniportTcpOffloadForward',
  'MiniportTcpOffloadReceiveReturn',
];

const attributes = 'NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES';

/** The connection-offload pointers of the attributes, each with the argument that shows what it leads to. */
const pointers = [
  'DefaultTcpConnectionOffloadConfiguration',
  'TcpConnectionOffloadHardwareCapabilities',
] as const;

/** Members of NDIS_TCP_CONNECTION_OFFLOAD of which the hardware must have at least as much as is on. */
const measures = [
  'SupportIPv4',
  'SupportIPv6',
  'SupportIPv6ExtensionHeaders',
  'SupportSack',
  'TcpConnectionOffloadCapacity',
] as const;

/** A member that says more in what is on than in what the hardware can do. */
function beyond(on: StructureView, hardware: StructureView): string | undefined {
  const encapsulation = on.number('Encapsulation') ?? 0;
  if ((encapsulation & ~(hardware.number('Encapsulation') ?? 0)) !== 0) return 'Encapsulation';
  return measures.find((member) => (on.number(member) ?? 0) > (hardware.number(member) ?? 0));
}

/** See the file's head. */
export const attributeRules: readonly Rule[] = [
  rule('INZ-001', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const check = (call: Call): void => {
      if (!facts.historyComplete) return;
      // A context that names no adapter is INZ-006's.
      const adapter = adapters.of(call);
      const own = adapter === undefined ? adapters.ofDriver(call.callee) : [adapter];
      expect(
        own.some(({ initialized }) => initialized),
        () => ({
          events: [own[0]?.initialize.event, own[0]?.initialize.returned?.event, call.event],
          found: `${call.functionName} was called on an adapter that ${own.length === 0 ? 'had never been initialized' : 'was not initialized'}`,
          expected: 'MiniportInitializeEx returned NDIS_STATUS_SUCCESS before',
          component: call.caller,
          connection: call.connection,
        }),
      );
    };
    return { call: Object.fromEntries(chimneyHandlers.map((name) => [name, check])) };
  }),

  rule('INZ-002', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const registrations = facts.of(registrationFacts);
    return {
      returned: {
        MiniportInitializeEx: (call) => {
          if (call.status !== NDIS_STATUS.SUCCESS) return;
          if (!registrations.offersChimney(call.callee, 'miniport')) return;
          const declared = adapters.of(call)?.offloadAttributes;
          expect(declared !== undefined, () => ({
            events: [call.event, call.returned?.event],
            found:
              'MiniportInitializeEx of a driver with chimney handlers ended without the offload attributes',
            expected: `NdisMSetMiniportAttributes with ${attributes}`,
            component: call.callee,
          }));
        },
      },
    };
  }),

  rule('INZ-003', ({ expect }) => ({
    call: {
      NdisMSetMiniportAttributes: (call) => {
        const view = call.structure('MiniportAttributes');
        if (view?.name !== attributes) return;
        const { header } = structureLayout(attributes);
        const [first] = header?.revisions ?? [];
        const wrong = (
          [
            ['Type', header?.typeValue],
            ['Revision', first?.value],
            ['Size', first?.size],
          ] as const
        ).find(([member, value]) => view.number(`Header.${member}`) !== value);
        expect(wrong === undefined, () => ({
          events: [call.parent?.event, call.event],
          found: `Header.${wrong![0]} of the offload attributes is ${view.number(`Header.${wrong![0]}`)}`,
          expected: `${wrong![1]}`,
          component: call.caller,
        }));
      },
    },
  })),

  rule('INZ-004', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    return {
      call: {
        NdisMSetMiniportAttributes: (call) => {
          const view = call.structure('MiniportAttributes');
          if (view?.name !== attributes || !registrations.offersChimney(call.caller, 'miniport')) return;
          for (const pointer of pointers) {
            const target = call.argument(pointer);
            const leadsThere =
              target?.kind === 'structure' && target.structure === 'NDIS_TCP_CONNECTION_OFFLOAD';
            expect(view.number(pointer) !== 0 && leadsThere, () => ({
              events: [call.parent?.event, call.event],
              found: `${pointer} of the offload attributes ${view.number(pointer) === 0 ? 'is NULL' : 'leads to no NDIS_TCP_CONNECTION_OFFLOAD'}`,
              expected: 'an NDIS_TCP_CONNECTION_OFFLOAD',
              component: call.caller,
            }));
          }
        },
      },
    };
  }),

  rule('INZ-005', ({ expect }) => ({
    call: {
      NdisMSetMiniportAttributes: (call) => {
        const on = call.structure('DefaultTcpConnectionOffloadConfiguration');
        const hardware = call.structure('TcpConnectionOffloadHardwareCapabilities');
        if (on === undefined || hardware === undefined) return;
        const member = beyond(on, hardware);
        expect(member === undefined, () => ({
          events: [call.parent?.event, call.event],
          found: `${member} is ${on.number(member!)} in the current configuration and ${hardware.number(member!)} in the hardware capabilities`,
          expected: 'nothing on that the hardware lacks',
          component: call.caller,
        }));
      },
    },
  })),

  rule('INZ-006', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const check = (call: Call): void => {
      const context = call.number('MiniportAdapterContext');
      // The request above names the adapter by its binding; a data request does not.
      const above = call.parent === undefined ? undefined : adapters.bindingOf(call.parent)?.adapter;
      const known = above?.component === call.callee ? [above] : adapters.ofDriver(call.callee);
      if (known.length === 0 || known.some((adapter) => adapter.context === undefined)) return;
      expect(
        known.some((adapter) => adapter.context === context),
        () => ({
          events: [known[0]?.initialize.event, call.event],
          found: `${call.functionName} was given a MiniportAdapterContext that the driver never supplied for the adapter`,
          expected: 'the context of NdisMSetMiniportAttributes',
          component: call.caller,
          connection: call.connection,
        }),
      );
    };
    return { call: Object.fromEntries(chimneyHandlers.map((name) => [name, check])) };
  }),
];
