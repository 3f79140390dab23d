/** What adapters report that they offload, in NDIS_TCP_CONNECTION_OFFLOAD (CAP-001, CAP-003 to CAP-012, CAP-015). */
import { constantValue, structureLayout } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { adapterFacts, type KnownAdapter, type Reported } from '../../facts/adapters';
import { bufferOf, oidOf, oidRequestFacts, setsOid } from '../../facts/oidRequests';
import { registrationFacts } from '../../facts/registrations';

const oids = {
  configuration: constantValue('OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG'),
  hardware: constantValue('OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES'),
  older: constantValue('OID_TCP_TASK_OFFLOAD'),
} as const;

const structure = 'NDIS_TCP_CONNECTION_OFFLOAD';
const recognized =
  constantValue('NDIS_ENCAPSULATION_IEEE_802_3') | constantValue('NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED');

/** What a structure is about. */
type Kind = 'configuration' | 'hardware';

/** Looks at every structure that an adapter reports: in its attributes, with a status, or in answer to the older OID. */
function eachReport(
  { facts }: RuleContext,
  look: (view: StructureView, call: Call, kind: Kind) => void,
): Handlers {
  const oidRequests = facts.of(oidRequestFacts);
  const take = (view: StructureView | undefined, call: Call, kind: Kind): void => {
    if (view?.name === structure) look(view, call, kind);
  };
  const answered = (call: Call): void => {
    const end = oidRequests.endedBy(call);
    if (end?.oid !== oids.older || end.sets || end.status !== NDIS_STATUS.SUCCESS) return;
    take(bufferOf(end, 'TaskBuffer'), end.request, 'hardware');
  };
  return {
    call: {
      NdisMSetMiniportAttributes: (call) => {
        take(call.structure('DefaultTcpConnectionOffloadConfiguration'), call, 'configuration');
        take(call.structure('TcpConnectionOffloadHardwareCapabilities'), call, 'hardware');
      },
      NdisMIndicateStatusEx: (call) => {
        const isResume = call.number('StatusCode') === NDIS_STATUS.OFFLOAD_RESUME;
        take(call.structure('StatusBuffer'), call, isResume ? 'configuration' : 'hardware');
      },
      NdisMOidRequestComplete: answered,
    },
    returned: { MiniportOidRequest: answered },
  };
}

/** Who reported a structure: the caller, or the driver that answered a request. */
function reporter(call: Call): number {
  return call.functionName === 'MiniportOidRequest' ? call.callee : call.caller;
}

function bitsIn(value: number): number {
  let count = 0;
  for (let left = value >>> 0; left !== 0; left &= left - 1) count++;
  return count;
}

/** Whether two structures say the same, whatever their headers. */
function same(one: StructureView, other: StructureView): boolean {
  const [left, right] = [one.bytes.subarray(4), other.bytes.subarray(4)];
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** A member that differs. */
function difference(one: StructureView, other: StructureView): string {
  const member = structureLayout(structure).fields.find(
    ({ name, kind }) => kind !== 'structure' && one.number(name) !== other.number(name),
  )?.name;
  return member === undefined ? 'they differ' : `${member} ${one.number(member)} and ${other.number(member)}`;
}

/** See the file's head. */
export const reportRules: readonly Rule[] = [
  rule('CAP-001', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const asked = (call: Call): void => {
      const oid = oidOf(call);
      if (setsOid(call) || (oid !== oids.older && oid !== oids.configuration && oid !== oids.hardware))
        return;
      check(call, adapters.of(call));
    };
    const check = (call: Call, adapter: KnownAdapter | undefined): void => {
      if (!facts.historyComplete || adapter === undefined) return;
      expect(adapter.initialized, () => ({
        events: [adapter.initialize.event, call.event],
        found: `${call.functionName} asked for capabilities before MiniportInitializeEx had succeeded`,
        expected: 'MiniportInitializeEx returned NDIS_STATUS_SUCCESS before',
        component: call.caller,
      }));
    };
    return {
      call: {
        MiniportOidRequest: asked,
        NdisOidRequest: asked,
        ProtocolBindAdapterEx: (call) => {
          const name = call.text('AdapterName');
          if (call.structure('TcpConnectionOffloadCapabilities') === undefined) return;
          check(
            call,
            [...adapters.all()].find((one) => one.name === name),
          );
        },
      },
    };
  }),

  rule('CAP-003', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    const oidRequests = facts.of(oidRequestFacts);
    const answered = (call: Call): void => {
      const end = oidRequests.endedBy(call);
      if (end?.oid !== oids.older || end.sets || end.status !== NDIS_STATUS.SUCCESS) return;
      const driver = end.request.callee;
      if (!registrations.offersChimney(driver, 'miniport')) return;
      expect(bufferOf(end, 'TaskBuffer') !== undefined, () => ({
        events: [end.request.event, end.event],
        found: 'a query of OID_TCP_TASK_OFFLOAD was answered without an entry for connection offload',
        expected: 'an NDIS_TASK_TCP_CONNECTION_OFFLOAD',
        component: driver,
      }));
    };
    return { call: { NdisMOidRequestComplete: answered }, returned: { MiniportOidRequest: answered } };
  }),

  rule('CAP-004', (context) =>
    eachReport(context, (view, call) => {
      const { header } = structureLayout(structure);
      const revisions = header?.revisions ?? [];
      const revision = view.number('Header.Revision');
      const known = revisions.find(({ value }) => value === revision);
      const right =
        view.number('Header.Type') === header?.typeValue && view.number('Header.Size') === known?.size;
      context.expect(right && revision === 1, () => ({
        events: [call.parent?.event, call.event],
        found: `the header of an ${structure} says type ${view.number('Header.Type')}, revision ${revision} and ${view.number('Header.Size')} bytes`,
        expected: `type ${header?.typeValue}, revision 1 and ${revisions[0]?.size} bytes`,
        component: reporter(call),
        ...(right ? { severity: 'info' as const } : {}),
      }));
    }),
  ),

  rule('CAP-005', (context) =>
    eachReport(context, (view, call) => {
      const encapsulation = view.number('Encapsulation');
      if (encapsulation === undefined) return;
      context.expect((encapsulation & recognized) !== 0, () => ({
        events: [call.parent?.event, call.event],
        found: `Encapsulation 0x${encapsulation.toString(16)} of an ${structure} has no flag that is recognized`,
        expected: 'NDIS_ENCAPSULATION_IEEE_802_3, NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED or both',
        component: reporter(call),
      }));
    }),
  ),

  rule('CAP-006', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          const reported = adapters.of(call)?.configuration;
          const encapsulation = reported?.view.number('Encapsulation');
          if (reported === undefined || encapsulation === undefined) return;
          expect((encapsulation & recognized) !== 0, () => ({
            events: [reported.call.event, call.event],
            found: `MiniportInitiateOffload was called on an adapter with Encapsulation 0x${encapsulation.toString(16)}`,
            expected: 'an adapter without recognized encapsulation treated as one without chimney',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('CAP-007', (context) =>
    eachReport(context, (view, call, kind) => {
      if (kind !== 'hardware') return;
      const supports = view.number('SupportIPv4') !== 0 || view.number('SupportIPv6') !== 0;
      context.expect(supports, () => ({
        events: [call.parent?.event, call.event],
        found: 'the hardware capabilities support neither IPv4 nor IPv6',
        expected: 'SupportIPv4, SupportIPv6 or both',
        component: reporter(call),
      }));
    }),
  ),

  rule('CAP-008', (context) =>
    eachReport(context, (view, call) => {
      // With both IP versions off nothing is reported as supported.
      if (view.number('SupportIPv4') === 0 && view.number('SupportIPv6') === 0) return;
      context.expect((view.number('TcpConnectionOffloadCapacity') ?? 1) > 0, () => ({
        events: [call.parent?.event, call.event],
        found: 'TcpConnectionOffloadCapacity is 0 where connection offload is reported',
        expected: 'the number of connections that the target can hold',
        component: reporter(call),
      }));
    }),
  ),

  rule('CAP-009', (context) =>
    eachReport(context, (view, call) => {
      for (const member of ['CongestionAlgorithm', 'Flags'] as const) {
        const value = view.number(member);
        if (value === undefined) continue;
        context.expect(value === 0, () => ({
          events: [call.parent?.event, call.event],
          found: `${member} of an ${structure} is ${value}`,
          expected: '0, as it is reserved',
          component: reporter(call),
        }));
      }
    }),
  ),

  rule('CAP-010', ({ expect }) => ({
    call: {
      MiniportOidRequest: (call) => {
        const oid = oidOf(call);
        expect(oid !== oids.configuration && oid !== oids.hardware, () => ({
          events: [call.parent?.event, call.event],
          found: `MiniportOidRequest was called with OID_TCP_CONNECTION_OFFLOAD_${oid === oids.hardware ? 'HARDWARE_CAPABILITIES' : 'CURRENT_CONFIG'}`,
          expected: 'NDIS answers it itself',
          component: call.caller,
        }));
      },
    },
  })),

  rule('CAP-011', ({ expect, facts }) => {
    const oidRequests = facts.of(oidRequestFacts);
    return {
      returned: {
        NdisOidRequest: (call) => {
          const end = oidRequests.endedBy(call);
          if (end?.status !== NDIS_STATUS.SUCCESS || end.sets) return;
          if (end.oid !== oids.configuration && end.oid !== oids.hardware) return;
          const view = bufferOf(end, 'InformationBuffer');
          if (view?.name !== structure) return;
          const encapsulation = view.number('Encapsulation') ?? 0;
          const flags = bitsIn(encapsulation);
          expect(end.oid === oids.hardware ? flags === 1 : flags >= 1, () => ({
            events: [call.event, call.returned?.event],
            found: `Encapsulation in the answer has ${flags} flags`,
            expected: end.oid === oids.hardware ? 'one flag' : 'at least one flag',
            component: call.callee,
          }));
        },
      },
    };
  }),

  rule('CAP-012', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const registrations = facts.of(registrationFacts);
    return {
      call: {
        ProtocolBindAdapterEx: (call) => {
          const name = call.text('AdapterName');
          const adapter = [...adapters.all()].find((one) => one.name === name);
          const reported = adapter?.configuration;
          if (adapter === undefined || reported === undefined) return;
          const offered = call.structure('TcpConnectionOffloadCapabilities');
          // Chimney offload through an intermediate driver without handlers is NDIS's to keep away.
          if (offered === undefined && !registrations.offersChimney(adapter.component, 'miniport')) return;
          expect(offered !== undefined && same(offered, reported.view), () => ({
            events: [reported.call.event, call.event],
            found:
              offered === undefined
                ? 'the bind parameters hold no connection-offload configuration'
                : `the bind parameters differ from what the adapter reported: ${difference(offered, reported.view)}`,
            expected: 'the configuration that the adapter reported last',
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('CAP-015', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const compare = (
      call: Call,
      view: StructureView,
      before: Reported | undefined,
      adapter: KnownAdapter,
    ): void => {
      // What is too short says nothing.
      if (before === undefined || view.bytes.length < before.view.bytes.length) return;
      const holds = adapter.pause !== undefined || adapter.uploadAll !== undefined || same(view, before.view);
      expect(holds, () => ({
        events: [before.call.event, call.event],
        found: `changed capabilities were reported without a pause before: ${difference(view, before.view)}`,
        expected: 'NDIS_STATUS_OFFLOAD_PAUSE or NDIS_STATUS_UPLOAD_ALL, and then NDIS_STATUS_OFFLOAD_RESUME',
        component: call.caller,
      }));
    };
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          const adapter = adapters.of(call);
          const view = call.structure('StatusBuffer');
          if (adapter === undefined || view?.name !== structure) return;
          const isResume = call.number('StatusCode') === NDIS_STATUS.OFFLOAD_RESUME;
          compare(call, view, isResume ? adapter.configuration : adapter.capabilities, adapter);
        },
        NdisMSetMiniportAttributes: (call) => {
          const adapter = adapters.of(call);
          const view = call.structure('DefaultTcpConnectionOffloadConfiguration');
          // What an adapter reports while it comes up it reports for the first time.
          if (adapter?.initialized === true && view !== undefined)
            compare(call, view, adapter.configuration, adapter);
        },
      },
    };
  }),
];
