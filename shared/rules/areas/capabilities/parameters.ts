/** What the host stack learns, sets and then turns on (CAP-002, CAP-013, CAP-014, CAP-016 to CAP-018, CAP-021, CAP-023). */
import { constantValue, structureLayout } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { adapterFacts, type KnownAdapter, type KnownBinding } from '../../facts/adapters';
import { isTaken, type HeldObject } from '../../facts/objectFacts';
import { bufferOf, oidOf, oidRequestFacts, setsOid, type EndedOidRequest } from '../../facts/oidRequests';
import { registrationFacts } from '../../facts/registrations';

const parametersOid = constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS');
const olderOid = constantValue('OID_TCP_TASK_OFFLOAD');
const offloadParametersOid = constantValue('OID_TCP_OFFLOAD_PARAMETERS');
const switchedOff = constantValue('NDIS_OFFLOAD_PARAMETERS_CONNECTION_OFFLOAD_DISABLED');
const sackEnabled = constantValue('TCP_FLAG_SACK_ENABLED');

const parameters = 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS';
const rates: readonly number[] = [10, 100, 1000];

/** Types of path state are those of IPv4, and behind them those of IPv6. */
const firstIpv6Type = constantValue('Ip6OffloadConstState');

/** The IP versions that a set turns off. */
function turnsOff(call: Call): readonly ('IPv4' | 'IPv6')[] {
  const oid = oidOf(call);
  if (!setsOid(call)) return [];
  if (oid === olderOid) {
    const named = call.structure('TaskBuffer');
    return (['IPv4', 'IPv6'] as const).filter((version) => (named?.number(`Support${version}`) ?? 0) === 0);
  }
  if (oid !== offloadParametersOid) return [];
  const view = call.structure('InformationBuffer');
  if (view?.name !== 'NDIS_OFFLOAD_PARAMETERS') return [];
  return (['IPv4', 'IPv6'] as const).filter(
    (version) => view.number(`TcpConnection${version}`) === switchedOff,
  );
}

/** See the file's head. */
export const parameterRules: readonly Rule[] = [
  rule('CAP-002', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisInitiateOffload: (call) => {
          const binding = adapters.bindingOf(call);
          if (binding === undefined || !facts.historyComplete) return;
          const { learned, enabled } = binding;
          expect(learned !== undefined && enabled !== undefined, () => ({
            events: [binding.open.event, (learned ?? enabled)?.event, call.event],
            found: `NdisInitiateOffload was called before the host stack had ${learned === undefined ? 'learned' : 'enabled'} the capabilities of the adapter`,
            expected: 'capabilities learned, and then a set of parameters that succeeds',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('CAP-013', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisMInitiateOffloadComplete: (call) => {
          // A team holds more than it says where one of its adapters shrinks, and another one has room left.
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          const adapter = adapters.of(call);
          const capacity = adapter?.configuration?.view.number('TcpConnectionOffloadCapacity');
          if (adapter === undefined || capacity === undefined) return;
          const taken = treeOf(call).filter(
            (block) =>
              block.role === 'new' && facts.objects.find(block.object)?.layer === 'tcp' && isTaken(block),
          );
          if (taken.length === 0) return;
          // A capacity that shrinks while an initiate is under way takes nothing back.
          const request = facts.objects.requestOf(call)?.call;
          if (request === undefined || (adapter.configuration?.call.event ?? 0) > request.event) return;
          let held = 0;
          for (const { object, place, initiate } of facts.objects.allAt('miniport', adapter.component))
            if (
              place === 'held' &&
              facts.objects.find(object)?.layer === 'tcp' &&
              adapters.of(initiate) === adapter
            )
              held++;
          expect(held + taken.length <= capacity, () => ({
            events: [adapter.configuration?.call.event, call.event],
            found: `the target took a connection that makes ${held + taken.length} of them, beyond its capacity of ${capacity}`,
            expected: 'at most as many connections as TcpConnectionOffloadCapacity says',
            component: call.caller,
            connection: call.connection,
            severity: 'info',
          }));
        },
      },
    };
  }),

  rule('CAP-014', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisInitiateOffload: (call) => {
          const configuration = adapters.bindingOf(call)?.configuration;
          if (configuration === undefined) return;
          const { view } = configuration;
          const check = (holds: boolean, found: string, expected: string): void => {
            expect(holds, () => ({
              events: [configuration.call.event, call.event],
              found,
              expected,
              component: call.caller,
              connection: call.connection,
            }));
          };
          for (const block of treeOf(call)) {
            if (block.role !== 'new') continue;
            const flags = block.state('TCP_OFFLOAD_STATE_CONST')?.number('Flags');
            if (flags !== undefined)
              check(
                (flags & sackEnabled) === 0 || view.number('SupportSack') !== 0,
                'a connection was offered with TCP_FLAG_SACK_ENABLED to a target without SupportSack',
                'the flag only where SupportSack is set',
              );
            const path = pathVersion(block);
            if (path !== undefined)
              check(
                view.number(`Support${path}`) !== 0,
                `a path over ${path} was offered to a target without Support${path}`,
                `paths over ${path} only where Support${path} is set`,
              );
          }
        },
      },
    };
  }),

  rule('CAP-016', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisOidRequest: (call) => {
          const view = call.structure('InformationBuffer');
          if (oidOf(call) !== parametersOid || !setsOid(call) || view?.name !== parameters) return;
          const { header } = structureLayout(parameters);
          const type = view.number('Header.Type');
          const revision = view.number('Header.Revision');
          const size = view.number('Header.Size');
          const sizes = header?.revisions.map((one) => one.size) ?? [];
          const known = header?.revisions.find(({ value }) => value === revision);
          // Revision 1 is named with the size of a structure that has a member of revision 2 (A33).
          const right =
            type === header?.typeValue &&
            size !== undefined &&
            (revision === 1 ? sizes.includes(size) : known?.size === size);
          expect(right, () => ({
            events: [adapters.bindingOf(call)?.open.event, call.event],
            found: `the header of ${parameters} says type ${type}, revision ${revision} and ${size} bytes`,
            expected: `type ${header?.typeValue}, revision 1 or 2 and ${sizes.join(' or ')} bytes`,
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('CAP-017', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const registrations = facts.of(registrationFacts);
    const oidRequests = facts.of(oidRequestFacts);
    const decide = (call: Call): void => {
      const end = oidRequests.endedBy(call);
      if (end?.oid !== parametersOid || !end.sets) return;
      const { request, status } = end;
      if (request.functionName !== 'MiniportOidRequest') return;
      if (!registrations.offersChimney(request.callee, 'miniport')) return;
      if (adapters.of(request)?.offloadAttributes === undefined) return;
      expect(status !== NDIS_STATUS.NOT_SUPPORTED && status !== NDIS_STATUS.INVALID_OID, () => ({
        events: [request.event, end.event],
        found: `a set of OID_TCP_CONNECTION_OFFLOAD_PARAMETERS ended with ${statusName(status)}`,
        expected: 'the parameters taken',
        component: request.callee,
      }));
    };
    return { returned: { MiniportOidRequest: decide }, call: { NdisMOidRequestComplete: decide } };
  }),

  rule('CAP-018', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisOidRequest: (call) => {
          if (!setsOid(call)) return;
          const oid = oidOf(call);
          const view =
            oid === parametersOid
              ? call.structure('InformationBuffer')
              : oid === olderOid
                ? call.structure('TcpParameters')
                : undefined;
          if (view?.name !== parameters) return;
          const rate = view.number('TicksPerSecond');
          if (rate === undefined) return;
          expect(rates.includes(rate), () => ({
            events: [adapters.bindingOf(call)?.open.event, call.event],
            found: `TicksPerSecond was set to ${rate}`,
            expected: '10, 100 or 1000',
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('CAP-021', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const oidRequests = facts.of(oidRequestFacts);
    /** By adapter: the set that is in force, as its miniport or, from above, its binding took it. */
    const inForce = new Map<KnownAdapter, EndedOidRequest>();
    const decide = (call: Call): void => {
      const end = oidRequests.endedBy(call);
      if (end?.oid !== parametersOid || end.status !== NDIS_STATUS.SUCCESS) return;
      const adapter = adapters.of(end.request);
      const view = bufferOf(end, 'InformationBuffer');
      if (adapter === undefined || view?.name !== parameters) return;
      if (end.sets) {
        inForce.set(adapter, end);
        return;
      }
      const set = inForce.get(adapter);
      const wanted = set === undefined ? undefined : bufferOf(set, 'InformationBuffer');
      if (set === undefined || wanted === undefined) return;
      const members = structureLayout(parameters).fields.filter(
        ({ kind, offset, size }) =>
          kind !== 'structure' && offset + size <= Math.min(view.bytes.length, wanted.bytes.length),
      );
      const wrong = members.find(({ name }) => view.number(name) !== wanted.number(name))?.name;
      expect(wrong === undefined, () => ({
        events: [set.request.event, end.event],
        found: `a query of OID_TCP_CONNECTION_OFFLOAD_PARAMETERS answered ${wrong} ${view.number(wrong!)}`,
        expected: `${wanted.number(wrong!)}, as it was set`,
        component: end.request.callee,
      }));
    };
    return {
      returned: { MiniportOidRequest: decide, NdisOidRequest: decide },
      call: { NdisMOidRequestComplete: decide, ProtocolOidRequestComplete: decide },
    };
  }),

  rule('CAP-023', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    /** Whether an object is, or depends on, a path over an IP version. */
    const isOver = (held: HeldObject, version: 'IPv4' | 'IPv6'): boolean => {
      const ends = facts.machine.ends(facts.objects.find(held.object)?.connection ?? -1);
      if (ends === undefined) return false;
      return ends.remote.startsWith('[') === (version === 'IPv6');
    };
    const dependents = (binding: KnownBinding, version: 'IPv4' | 'IPv6'): HeldObject | undefined =>
      [...facts.objects.allAt('protocol', binding.component)].find(
        (held) =>
          held.place === 'held' &&
          facts.objects.find(held.object)?.layer === 'tcp' &&
          adapters.bindingOf(held.initiate) === binding &&
          isOver(held, version),
      );
    return {
      call: {
        NdisOidRequest: (call) => {
          const off = turnsOff(call);
          const binding = off.length === 0 ? undefined : adapters.bindingOf(call);
          if (binding === undefined) return;
          for (const version of off) {
            const left = dependents(binding, version);
            expect(left === undefined, () => ({
              events: [left?.since.event, call.event],
              found: `connection offload over ${version} was turned off with a connection over it offloaded`,
              expected: 'every such connection uploaded before',
              component: call.caller,
              connection: facts.objects.find(left?.object)?.connection,
              object: left?.object,
            }));
          }
        },
      },
    };
  }),
];

/** The IP version of a path block; undefined for blocks of other layers. */
function pathVersion(block: TreeBlock): 'IPv4' | 'IPv6' | undefined {
  if (block.state('PATH_OFFLOAD_STATE_CONST') === undefined) return undefined;
  const type = block.structure.number('Header.Type');
  if (type === undefined) return undefined;
  return type >= firstIpv6Type ? 'IPv6' : 'IPv4';
}
