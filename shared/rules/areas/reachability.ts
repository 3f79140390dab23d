/** Rules of the area "reachability" (RCH): NeighborReachabilityQuery, and the times by which a neighbor counts as reachable. */
import { constantValue, structureLayout } from '../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../ddi/status';
import type { RuleId } from '../catalogue';
import type { Call } from '../engine/call';
import { rule, type Rule } from '../engine/rule';
import { treeOf } from '../engine/tree';
import { adapterFacts } from '../facts/adapters';
import { ageRules } from './reachability/ages';
import { examinationRules } from './reachability/examinations';

const neighborState = constantValue('NeighborOffloadState');
const reachabilityQuery = constantValue('NeighborReachabilityQuery');
const reachabilityInDoubt = constantValue('NeighborReachabilityInDoubt');
const dispatchLevel = 2;
const blockSize = structureLayout('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST').size;

const neighborStructures = [
  'NEIGHBOR_OFFLOAD_STATE_CONST',
  'NEIGHBOR_OFFLOAD_STATE_CACHED',
  'NEIGHBOR_OFFLOAD_STATE_DELEGATED',
] as const;

function isQuery(call: Call): boolean {
  return call.number('IndicationCode') === reachabilityQuery;
}

/** See the file's head. */
export const reachabilityRules: readonly Rule[] = [
  rule('RCH-001', ({ expect, facts }) => ({
    call: {
      NdisInitiateOffload: (call) => {
        if (facts.machine.role(call.caller) !== 'host-stack') return;
        for (const block of treeOf(call)) {
          const host = block.state('NEIGHBOR_OFFLOAD_STATE_CACHED')?.number('HostReachabilityDelta');
          const adapter = block.state('NEIGHBOR_OFFLOAD_STATE_DELEGATED')?.number('NicReachabilityDelta');
          if (block.role !== 'new' || host === undefined || adapter === undefined) continue;
          expect(host === adapter, () => ({
            events: [call.event],
            found: `a neighbor is offered with HostReachabilityDelta ${host} and NicReachabilityDelta ${adapter}`,
            expected: 'two equal deltas',
            component: call.caller,
            object: block.object,
          }));
        }
      },
    },
  })),

  rule('RCH-009', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisMOffloadEventIndicate: (call) => {
          const block = treeOf(call)[0];
          const parameters = adapters.of(call)?.parameters;
          const limit = parameters?.view.number('NceStaleTicks');
          const host = block?.state('NEIGHBOR_OFFLOAD_STATE_CACHED')?.number('HostReachabilityDelta');
          const adapter = block?.state('NEIGHBOR_OFFLOAD_STATE_DELEGATED')?.number('NicReachabilityDelta');
          if (!isQuery(call) || limit === undefined || limit === 0) return;
          if (host === undefined || adapter === undefined) return;
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          // The target's clock may be coarser than a tick of the host's.
          expect(host + 1 >= limit && adapter + 1 >= limit, () => ({
            events: [parameters?.end.event, call.event],
            found: `NeighborReachabilityQuery with HostReachabilityDelta ${host} and NicReachabilityDelta ${adapter}`,
            expected: `both above NceStaleTicks, ${limit}`,
            component: call.caller,
            object: block?.object,
          }));
        },
      },
    };
  }),

  rule('RCH-010', ({ expect }) => ({
    call: {
      NdisMOffloadEventIndicate: (call) => {
        expect(call.record.irql === dispatchLevel, () => ({
          events: [call.event],
          found: `NdisMOffloadEventIndicate was called at IRQL ${call.record.irql}`,
          expected: 'DISPATCH_LEVEL (2)',
          component: call.caller,
        }));
      },
    },
  })),

  rule('RCH-011', ({ expect }) => ({
    call: {
      NdisMOffloadEventIndicate: (call) => {
        const code = call.number('IndicationCode');
        expect(code === reachabilityQuery, () => ({
          events: [call.event],
          found: `NdisMOffloadEventIndicate with IndicationCode ${code}`,
          expected: `NeighborReachabilityQuery (${reachabilityQuery})`,
          component: call.caller,
          ...(code === reachabilityInDoubt ? { severity: 'warning' } : {}),
        }));
      },
    },
  })),

  rule('RCH-012', ({ expect }) => ({
    call: {
      NdisMOffloadEventIndicate: (call) => {
        if (!isQuery(call)) return;
        const blocks = treeOf(call);
        const [block] = blocks;
        const wrong: string[] = [];
        if (block === undefined) wrong.push('no block');
        else {
          const { structure, status } = block;
          if (structure.number('Header.Type') !== neighborState)
            wrong.push(`Header.Type ${structure.number('Header.Type')}`);
          if (structure.number('Header.Revision') === 0) wrong.push('Header.Revision 0');
          if (structure.number('Header.Size') !== blockSize)
            wrong.push(`Header.Size ${structure.number('Header.Size')}`);
          if (structure.number('DependentBlockList') !== 0) wrong.push('a DependentBlockList');
          if (status !== NDIS_STATUS.SUCCESS) wrong.push(`Status ${statusName(status)}`);
        }
        const milder = wrong.length === 0 && block?.structure.number('NextBlock') !== 0;
        if (milder) wrong.push('a NextBlock');
        expect(wrong.length === 0, () => ({
          events: [call.event],
          found: `NeighborReachabilityQuery with ${wrong.join(', ')}`,
          expected:
            'one neighbor block with its header filled in, no other block, Status NDIS_STATUS_SUCCESS',
          component: call.caller,
          object: block?.object,
          ...(milder ? { severity: 'warning' } : {}),
        }));
      },
    },
  })),

  rule('RCH-013', ({ expect }) => ({
    call: {
      NdisMOffloadEventIndicate: (call) => {
        const [block] = treeOf(call);
        if (!isQuery(call) || block === undefined) return;
        // The handle of the object is recorded in front of what follows the block.
        const names = block.snapshot.states
          .map(({ structure }) => structure)
          .filter((name) => name !== 'NDIS_OFFLOAD_HANDLE');
        const complete = neighborStructures.every((name, index) => names[index] === name);
        const pair =
          names.length === 2 && names[0] === neighborStructures[1] && names[1] === neighborStructures[2];
        expect(complete, () => ({
          events: [call.event],
          found: `the block is followed by ${names.length === 0 ? 'nothing' : names.join(', ')}`,
          expected: neighborStructures.join(', '),
          component: call.caller,
          object: block.object,
          ...(pair ? { severity: 'warning' } : {}),
        }));
      },
    },
  })),

  rule('RCH-014', ({ expect, facts }) => ({
    call: {
      NdisMOffloadEventIndicate: (call) => {
        const [block] = treeOf(call);
        if (!isQuery(call) || block?.object === undefined || !facts.historyComplete) return;
        const known = facts.objects.at('miniport', call.caller, block.object);
        const isNeighbor = facts.objects.find(block.object)?.layer === 'neighbor';
        expect(known !== undefined && isNeighbor, () => ({
          events: [facts.objects.find(block.object)?.ownedSince, call.event],
          found: 'NeighborReachabilityQuery about something that is no offloaded neighbor of the adapter',
          expected: 'the handle of an offloaded neighbor',
          component: call.caller,
          object: block.object,
        }));
      },
    },
  })),

  rule('RCH-016', ({ expect }) => ({
    call: {
      NdisMOffloadEventIndicate: (call) => {
        if (isQuery(call)) return;
        expect(call.blocks.length === 0, () => ({
          events: [call.event],
          found: `an indication with code ${call.number('IndicationCode')} and a block`,
          expected: 'a NULL OffloadBlockList with every code but NeighborReachabilityQuery',
          component: call.caller,
        }));
      },
    },
  })),

  ...ageRules,
  ...examinationRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const reachabilityUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
