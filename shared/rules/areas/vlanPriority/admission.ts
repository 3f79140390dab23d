/** What a target answers to a neighbor for its VLAN, and what may change on the way down to it. */
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../ddi/status';
import { structureLayout } from '../../../ddi/catalogue';
import type { Call } from '../../engine/call';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { adapterProfiles, type AdapterProfile } from '../../facts/adapterProfiles';
import { handedState } from '../../facts/handedState';

/** A neighbor that a target has answered. */
interface AnsweredNeighbor {
  readonly VlanId: number;
  readonly status: NdisStatus;
  readonly profile: AdapterProfile;
  /** Other VLANs of neighbors that the target holds for certain, with those that it has just taken. */
  readonly inUse: ReadonlySet<number>;
  readonly initiate: Call;
  readonly completion: Call;
  readonly object: number;
}

/** Calls `decide` for each neighbor of an initiate that a target completes. */
function answeredNeighbors({ facts }: RuleContext, decide: (neighbor: AnsweredNeighbor) => void): Handlers {
  const handed = facts.of(handedState);
  const profiles = facts.of(adapterProfiles);
  return {
    call: {
      NdisMInitiateOffloadComplete: (completion) => {
        const driver = completion.caller;
        const profile = profiles.of(driver);
        if (facts.machine.role(driver) !== 'offload-target' || profile === undefined) return;
        const inUse = new Set<number>();
        for (const { constant, taken, terminating } of handed.neighborsOf(driver))
          if (taken !== undefined && terminating === undefined && constant.VlanId !== 0)
            inUse.add(constant.VlanId);
        for (const { object, status } of treeOf(completion)) {
          const neighbor = handed.neighbor(driver, object);
          if (object === undefined || neighbor === undefined || neighbor.taken !== undefined) continue;
          const { VlanId } = neighbor.constant;
          decide({ VlanId, status, profile, inUse, initiate: neighbor.initiate, completion, object });
        }
      },
    },
  };
}

/** The breach of a rule about a neighbor's status. */
function badStatus(
  neighbor: AnsweredNeighbor,
  why: string,
  expected: string,
): ReturnType<Parameters<RuleContext['expect']>[1]> {
  const { VlanId, status, initiate, completion, object, profile } = neighbor;
  return {
    events: [profile.started, initiate.event, completion.event],
    found: `a neighbor with VlanId ${VlanId} ${why} got ${statusName(status)}`,
    expected,
    component: completion.caller,
    object,
  };
}

/** Members that may differ between what an intermediate driver gets and what it hands on. */
const mayChange: ReadonlySet<string> = new Set(['VlanId', 'UserPriority']);

/** Members that count on while the request travels. */
const countOn: ReadonlySet<string> = new Set([
  'HostReachabilityDelta',
  'NicReachabilityDelta',
  'TsTime',
  'TsRecentAge',
]);

/** The first member, of numbers and addresses in state structures, that differs between two blocks of an object. */
function changedMember(above: TreeBlock, below: TreeBlock): string | undefined {
  for (const { structure } of above.snapshot.states) {
    const before = above.state(structure);
    const after = below.state(structure);
    if (before === undefined || after === undefined) continue;
    for (const { name, kind } of structureLayout(structure).fields) {
      if (kind === 'structure' || kind === 'pointer' || mayChange.has(name) || countOn.has(name)) continue;
      if (kind === 'bytes') {
        const [left, right] = [before.slice(name), after.slice(name)];
        if (left.some((byte, index) => byte !== right[index])) return `${structure}.${name}`;
      } else if (before.number(name) !== after.number(name)) return `${structure}.${name}`;
    }
  }
  return undefined;
}

/** See the file's head. */
export const admissionRules: readonly Rule[] = [
  rule('VLN-001', (context) =>
    answeredNeighbors(context, (neighbor) => {
      const { VlanId, status, profile, inUse } = neighbor;
      const { vlanIds } = profile;
      if (VlanId === 0 || inUse.size > 0 || (vlanIds.length > 0 && !vlanIds.includes(VlanId))) return;
      const lacks = status === NDIS_STATUS.NOT_SUPPORTED || status === NDIS_STATUS.OFFLOAD_VLAN_ENTRIES;
      context.expect(!lacks, () =>
        badStatus(neighbor, 'the first of the interface', 'no refusal for the lack of VLANs'),
      );
    }),
  ),

  rule('VLN-003', (context) =>
    answeredNeighbors(context, (neighbor) => {
      const { VlanId, status, profile, inUse } = neighbor;
      if (VlanId === 0 || inUse.has(VlanId) || inUse.size < profile.vlanEntries) return;
      const wrong =
        status === NDIS_STATUS.SUCCESS ||
        status === NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS ||
        status === NDIS_STATUS.RESOURCES;
      context.expect(!wrong, () =>
        badStatus(
          neighbor,
          `beyond the ${profile.vlanEntries} that the adapter has entries for`,
          'NDIS_STATUS_OFFLOAD_VLAN_ENTRIES',
        ),
      );
    }),
  ),

  rule('VLN-004', (context) =>
    answeredNeighbors(context, (neighbor) => {
      if (neighbor.profile.vlanIds.length > 0) return;
      context.expect(neighbor.status !== NDIS_STATUS.OFFLOAD_VLAN_MISMATCH, () =>
        badStatus(neighbor, 'on an interface without VLANs', 'any VlanId is acceptable there'),
      );
    }),
  ),

  rule('VLN-005', (context) =>
    answeredNeighbors(context, (neighbor) => {
      const { VlanId, status } = neighbor;
      if (VlanId !== 0) return;
      const refused =
        status === NDIS_STATUS.OFFLOAD_VLAN_MISMATCH || status === NDIS_STATUS.OFFLOAD_VLAN_ENTRIES;
      context.expect(!refused, () => badStatus(neighbor, '(none)', 'no refusal for its VLAN'));
    }),
  ),

  rule('VLN-006', (context) =>
    answeredNeighbors(context, (neighbor) => {
      if (!neighbor.profile.vlanIds.includes(neighbor.VlanId)) return;
      context.expect(neighbor.status !== NDIS_STATUS.OFFLOAD_VLAN_MISMATCH, () =>
        badStatus(neighbor, 'that is one of the interface', 'no mismatch'),
      );
    }),
  ),

  rule('VLN-007', (context) =>
    answeredNeighbors(context, (neighbor) => {
      const { VlanId, status, profile } = neighbor;
      const { vlanIds } = profile;
      if (VlanId === 0 || vlanIds.length === 0 || vlanIds.includes(VlanId)) return;
      const wrong =
        status === NDIS_STATUS.SUCCESS ||
        status === NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS ||
        status === NDIS_STATUS.RESOURCES;
      context.expect(!wrong, () =>
        badStatus(
          neighbor,
          `on an interface with ${vlanIds.join(', ')}`,
          'NDIS_STATUS_OFFLOAD_VLAN_MISMATCH',
        ),
      );
    }),
  ),

  rule('VLN-008', ({ expect, facts }) => {
    /** The last offer of each object to an intermediate driver, by driver and object. */
    const offers = new Map<number, Map<number, { readonly block: TreeBlock; readonly call: Call }>>();
    const compare = (
      above: TreeBlock,
      aboveCall: Call,
      below: TreeBlock,
      call: Call,
      component: number,
    ): void => {
      const member = changedMember(above, below);
      expect(member === undefined, () => ({
        events: [aboveCall.event, call.event],
        found: `${member!} is another one below ${facts.machine.name(component)} than above it`,
        expected: 'VlanId and UserPriority are all that may be filled in on the way down',
        component,
        connection: call.connection,
        object: below.object,
      }));
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          const request = call.parent;
          const blocks = treeOf(call).filter(({ role, object }) => role === 'new' && object !== undefined);
          if (request?.functionName === 'NdisInitiateOffload') {
            // What an intermediate driver calls its objects the trace knows only from the driver below on.
            const above = treeOf(request);
            const offered = offers.get(request.caller);
            for (const block of blocks) {
              const offer = offered?.get(block.object!);
              const same = above.find(({ object }) => object === block.object);
              if (offer !== undefined) compare(offer.block, offer.call, block, call, request.caller);
              else if (same !== undefined) compare(same, request, block, call, call.caller);
            }
          }
          if (facts.machine.role(call.callee) !== 'intermediate-driver') return;
          let known = offers.get(call.callee);
          if (known === undefined)
            offers.set(
              call.callee,
              (known = new Map<number, { readonly block: TreeBlock; readonly call: Call }>()),
            );
          for (const block of blocks) known.set(block.object!, { block, call });
        },
      },
    };
  }),
];
