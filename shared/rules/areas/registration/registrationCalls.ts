/** Who registers what, where and with which handle (REG-001 to REG-009, REG-021 to REG-023). */
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule, type RuleContext } from '../../engine/rule';
import { adapterFacts } from '../../facts/adapters';
import { chimneyStructures, registrationFacts, type ChimneyStructure } from '../../facts/registrations';
import { enclosingBind, enclosingSetOptions, isProvider, shortName, structurePassed } from './nesting';

const levels = ['PASSIVE_LEVEL', 'APC_LEVEL', 'DISPATCH_LEVEL'] as const;

/** A call must be made at PASSIVE_LEVEL. */
function expectPassive(expect: RuleContext['expect'], call: Call, component: number): void {
  expect(call.record.irql === 0, () => ({
    events: [call.parent?.event, call.event],
    found: `${call.functionName} was called at ${levels[call.record.irql]}`,
    expected: 'PASSIVE_LEVEL',
    component,
  }));
}

/** Chimney structures that were passed inside a SetOptions, by kind. */
function passedInside(): {
  readonly of: (setOptions: Call) => readonly { readonly structure: ChimneyStructure; readonly call: Call }[];
  readonly note: (call: Call) => void;
} {
  const passed = new Map<Call, { structure: ChimneyStructure; call: Call }[]>();
  return {
    of: (setOptions) => {
      const found = passed.get(setOptions) ?? [];
      passed.delete(setOptions);
      return found;
    },
    note: (call) => {
      const structure = structurePassed(call);
      const setOptions = enclosingSetOptions(call);
      if (structure === undefined || setOptions === undefined) return;
      const found = passed.get(setOptions);
      if (found === undefined) passed.set(setOptions, [{ structure, call }]);
      else found.push({ structure, call });
    },
  };
}

/** At the end of SetOptions both structures of an edge, or none of them, have been passed once. */
function expectPair(
  { expect }: RuleContext,
  setOptions: Call,
  passed: readonly { readonly structure: ChimneyStructure; readonly call: Call }[],
  provider: boolean,
): void {
  if (setOptions.status !== NDIS_STATUS.SUCCESS) return;
  const own = passed.filter(({ structure }) => isProvider(structure) === provider);
  const kinds = new Set(own.map(({ structure }) => structure));
  const missing = chimneyStructures.filter(
    (structure) => isProvider(structure) === provider && !kinds.has(structure),
  );
  expect(kinds.size !== 1, () => ({
    events: [...own.map(({ call }) => call.event), setOptions.returned?.event],
    found: `${setOptions.functionName} passed the ${shortName([...kinds][0]!)} structure and not the ${shortName(missing[0]!)} one`,
    expected: 'one NdisSetOptionalHandlers call for each of the two structures, or none',
    component: setOptions.callee,
  }));
  const again = own.find(({ structure }, index) =>
    own.slice(0, index).some((before) => before.structure === structure),
  );
  if (own.length > 0)
    expect(again === undefined, () => ({
      events: [own.find(({ structure }) => structure === again?.structure)?.call.event, again?.call.event],
      found: `${setOptions.functionName} passed the ${shortName(again!.structure)} structure twice; the later replaces the earlier`,
      expected: 'one call for each structure',
      component: setOptions.callee,
      severity: 'warning',
    }));
}

/** See the file's head. */
export const registrationCallRules: readonly Rule[] = [
  rule('REG-001', ({ expect, facts }) => {
    const lastRegistration = new Map<string, Call>();
    const begins = (call: Call): void => {
      lastRegistration.set(`${call.functionName} ${call.caller}`, call);
    };
    const check =
      (registration: 'NdisMRegisterMiniportDriver' | 'NdisRegisterProtocolDriver') =>
      (call: Call): void => {
        // The registration may lie in front of what the trace has.
        if (!facts.historyComplete && call.parent === undefined) return;
        const { parent } = call;
        const holds =
          parent?.functionName === registration &&
          parent.caller === call.callee &&
          parent.processor === call.processor;
        expect(holds, () => ({
          events: [lastRegistration.get(`${registration} ${call.callee}`)?.event, call.event],
          found: `${call.functionName} was called outside of the driver's ${registration}`,
          expected: `${registration} entered and not yet returned on the same processor`,
          component: call.caller,
        }));
      };
    return {
      call: {
        NdisMRegisterMiniportDriver: begins,
        NdisRegisterProtocolDriver: begins,
        MiniportSetOptions: check('NdisMRegisterMiniportDriver'),
        ProtocolSetOptions: check('NdisRegisterProtocolDriver'),
      },
    };
  }),

  rule('REG-002', ({ expect }) => ({
    call: {
      MiniportSetOptions: (call) => {
        expectPassive(expect, call, call.caller);
      },
      ProtocolSetOptions: (call) => {
        expectPassive(expect, call, call.caller);
      },
    },
  })),

  rule('REG-003', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    return {
      call: {
        NdisSetOptionalHandlers: (call) => {
          const structure = structurePassed(call);
          if (structure === undefined || !isProvider(structure)) return;
          const [driver] = registrations.drivers(call.caller, 'miniport');
          // Whoever has no miniport edge is a filter driver (REG-006), or breaks REG-009.
          if (driver === undefined) return;
          const setOptions = enclosingSetOptions(call, 'MiniportSetOptions');
          expect(setOptions?.callee === call.caller, () => ({
            events: [driver.setOptions?.event, call.event],
            found: `the ${shortName(structure)} structure was passed ${call.parent === undefined ? 'outside of every call' : `from ${call.parent.functionName}`}`,
            expected: 'NdisSetOptionalHandlers from inside MiniportSetOptions',
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('REG-004', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    return {
      call: {
        NdisSetOptionalHandlers: (call) => {
          const structure = structurePassed(call);
          if (structure === undefined || isProvider(structure)) return;
          const [driver] = registrations.drivers(call.caller, 'protocol');
          if (driver === undefined) return;
          // The bind calls are REG-005's.
          if (enclosingBind(call)?.callee === call.caller) return;
          const setOptions = enclosingSetOptions(call, 'ProtocolSetOptions');
          expect(setOptions?.callee === call.caller, () => ({
            events: [driver.setOptions?.event, call.event],
            found: `the ${shortName(structure)} structure was passed ${call.parent === undefined ? 'outside of every call' : `from ${call.parent.functionName}`}`,
            expected: 'NdisSetOptionalHandlers from inside ProtocolSetOptions, or from the bind calls',
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('REG-005', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisSetOptionalHandlers: (call) => {
          const structure = structurePassed(call);
          const bind = enclosingBind(call);
          if (structure === undefined || isProvider(structure) || bind === undefined) return;
          const handle = call.number('NdisHandle');
          let opened: Call | undefined;
          for (const binding of adapters.allBindings())
            if (binding.component === bind.callee && binding.handle === handle)
              // ProtocolOpenAdapterCompleteEx says with its own entry that the open has succeeded.
              opened = binding.opened ?? (bind.number('Status') === NDIS_STATUS.SUCCESS ? bind : undefined);
          expect(opened !== undefined, () => ({
            events: [bind.event, call.event],
            found: `${bind.functionName} registered handlers with a handle that no NdisOpenAdapterEx had yielded`,
            expected: 'NdisOpenAdapterEx with success, and then its binding handle',
            component: bind.callee,
          }));
        },
      },
    };
  }),

  rule('REG-007', (context) => {
    const passed = passedInside();
    return {
      call: { NdisSetOptionalHandlers: passed.note },
      returned: {
        MiniportSetOptions: (call) => {
          expectPair(context, call, passed.of(call), true);
        },
      },
    };
  }),

  rule('REG-008', (context) => {
    const passed = passedInside();
    const { machine } = context.facts;
    return {
      call: { NdisSetOptionalHandlers: passed.note },
      returned: {
        ProtocolSetOptions: (call) => {
          const structures = passed.of(call);
          if (machine.role(call.callee) === 'intermediate-driver')
            expectPair(context, call, structures, false);
        },
      },
    };
  }),

  rule('REG-009', ({ expect }) => ({
    call: {
      NdisSetOptionalHandlers: (call) => {
        const structure = structurePassed(call);
        const setOptions = enclosingSetOptions(call);
        if (structure === undefined || setOptions === undefined) return;
        const atMiniportEdge = setOptions.functionName === 'MiniportSetOptions';
        expect(isProvider(structure) === atMiniportEdge, () => ({
          events: [setOptions.event, call.event],
          found: `${setOptions.functionName} passed the ${shortName(structure)} structure`,
          expected: `a ${atMiniportEdge ? 'PROVIDER' : 'CLIENT'}_CHIMNEY structure`,
          component: setOptions.callee,
        }));
      },
    },
  })),

  rule('REG-021', ({ expect }) => ({
    call: {
      NdisSetOptionalHandlers: (call) => {
        const setOptions = enclosingSetOptions(call);
        if (structurePassed(call) === undefined || setOptions?.functionName !== 'MiniportSetOptions') return;
        expect(call.number('NdisHandle') === setOptions.number('NdisDriverHandle'), () => ({
          events: [setOptions.event, call.event],
          found:
            'MiniportSetOptions registered handlers with a handle that is not the NdisDriverHandle it was given',
          expected: 'its NdisDriverHandle',
          component: setOptions.callee,
        }));
      },
    },
  })),

  rule('REG-022', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const registrations = facts.of(registrationFacts);
    return {
      call: {
        NdisSetOptionalHandlers: (call) => {
          const structure = structurePassed(call);
          if (structure === undefined || isProvider(structure)) return;
          const component = enclosingSetOptions(call)?.callee ?? enclosingBind(call)?.callee ?? call.caller;
          const drivers = registrations.drivers(component, 'protocol');
          if (drivers.length === 0 || enclosingSetOptions(call, 'MiniportSetOptions') !== undefined) return;
          const handle = call.number('NdisHandle');
          let closed: Call | undefined;
          let isOpen = false;
          for (const binding of adapters.allBindings()) {
            if (binding.component !== component || binding.handle !== handle) continue;
            isOpen = binding.closed === undefined;
            closed = binding.closed;
          }
          expect(isOpen || drivers.some((driver) => driver.handle === handle), () => ({
            events: [closed?.event ?? drivers[0]?.setOptions?.event, call.event],
            found:
              closed === undefined
                ? 'handlers were registered with a handle that is neither the driver handle nor an open binding'
                : 'handlers were registered with the handle of a binding that had been closed',
            expected: 'the NdisDriverHandle of ProtocolSetOptions, or the handle of an open binding',
            component,
          }));
        },
      },
    };
  }),

  rule('REG-023', ({ expect }) => ({
    call: {
      NdisSetOptionalHandlers: (call) => {
        expectPassive(expect, call, call.caller);
      },
    },
  })),
];
