/** What a target answers to an initiate, block by block (INI-029 to INI-045). */
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../ddi/status';
import { describeStatus, isOfTarget, isRefusal, layerOf } from '../../engine/blocks';
import type { Call } from '../../engine/call';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { unwrittenStatus } from '../../../trace/unwrittenStatus';
import type { RuleId } from '../../catalogue';

const partial = NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;

const tcpCodes: readonly NdisStatus[] = [
  NDIS_STATUS.OFFLOAD_TCP_ENTRIES,
  NDIS_STATUS.OFFLOAD_TCP_XMIT_BUFFER,
  NDIS_STATUS.OFFLOAD_TCP_RCV_BUFFER,
  NDIS_STATUS.OFFLOAD_TCP_RCV_WINDOW,
  NDIS_STATUS.OFFLOAD_CONNECTION_REJECTED,
];

const pathCodes: readonly NdisStatus[] = [
  NDIS_STATUS.OFFLOAD_PATH_ENTRIES,
  NDIS_STATUS.OFFLOAD_IP_ADDRESS_ENTRIES,
];

const neighborCodes: readonly NdisStatus[] = [
  NDIS_STATUS.OFFLOAD_NEIGHBOR_ENTRIES,
  NDIS_STATUS.OFFLOAD_HW_ADDRESS_ENTRIES,
  NDIS_STATUS.OFFLOAD_VLAN_ENTRIES,
  NDIS_STATUS.OFFLOAD_VLAN_MISMATCH,
];

const allCodes = new Set<NdisStatus>([
  NDIS_STATUS.SUCCESS,
  partial,
  NDIS_STATUS.FAILURE,
  NDIS_STATUS.RESOURCES,
  NDIS_STATUS.OFFLOAD_PATH_MTU,
  ...tcpCodes,
  ...pathCodes,
  ...neighborCodes,
]);

type Judge = (holds: boolean, block: TreeBlock, expected: string, options?: Options) => void;

interface Options {
  /** Another block that contradicts it. */
  readonly beside?: TreeBlock;
  readonly severity?: Breach['severity'];
}

/** A rule about the statuses of the trees that targets complete. */
function answerRule(
  id: RuleId,
  look: (blocks: readonly TreeBlock[], judge: Judge, call: Call) => void,
): Rule {
  return rule(id, (context) => atAnswer(context, look));
}

function atAnswer(
  { facts, expect }: RuleContext,
  look: (blocks: readonly TreeBlock[], judge: Judge, call: Call) => void,
): Handlers {
  return {
    call: {
      NdisMInitiateOffloadComplete: (call) => {
        if (!isOfTarget(facts, call)) return;
        const judge: Judge = (holds, block, expected, { beside, severity } = {}) => {
          expect(holds, () => ({
            events: [facts.objects.requestOf(call)?.call.event, call.event],
            found: `the target answers ${describeStatus(block)}${beside === undefined ? '' : `, and ${describeStatus(beside)}`}`,
            expected,
            component: call.caller,
            object: block.object,
            connection: facts.objects.find(block.object)?.connection ?? call.connection,
            ...(severity === undefined ? {} : { severity }),
          }));
        };
        look(treeOf(call), judge, call);
      },
    },
  };
}

/** Blocks that stand for an object. */
function isNamed({ role }: TreeBlock): boolean {
  return role !== 'placeholder';
}

function* below(block: TreeBlock): Generator<TreeBlock> {
  for (const child of block.dependents) {
    yield child;
    yield* below(child);
  }
}

/** A rule that ties codes to a layer. */
function layerRule(id: RuleId, codes: readonly NdisStatus[], layer: 'neighbor' | 'path' | 'tcp'): Rule {
  return answerRule(id, (blocks, judge) => {
    for (const block of blocks)
      if (codes.includes(block.status))
        judge(layerOf(block) === layer, block, `${statusName(block.status)} on ${layer} blocks only`);
  });
}

/** See the file's head. */
export const answerRules: readonly Rule[] = [
  answerRule('INI-029', (blocks, judge) => {
    for (const block of blocks) {
      if (!isNamed(block) || block.status !== NDIS_STATUS.SUCCESS || block.dependents.length === 0) continue;
      const refused = block.dependents.find((child) => isNamed(child) && isRefusal(child.status));
      judge(refused === undefined, block, 'NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS above a refused block', {
        ...(refused === undefined ? {} : { beside: refused }),
      });
    }
  }),

  answerRule('INI-030', (blocks, judge) => {
    for (const block of blocks) {
      if (!isNamed(block) || block.status !== partial || block.dependents.length === 0) continue;
      // A dependent with a part of its own may count either way (A2).
      const isPartial = block.dependents.some(({ status }) => isRefusal(status) || status === partial);
      judge(isPartial, block, 'NDIS_STATUS_SUCCESS where every dependent was taken');
    }
  }),

  answerRule('INI-031', (blocks, judge) => {
    for (const block of blocks)
      if (isNamed(block) && block.dependents.length === 0)
        judge(block.status !== partial, block, 'success or failure of a block without dependents');
  }),

  answerRule('INI-032', (blocks, judge) => {
    for (const block of blocks) {
      if (!isNamed(block) || !isRefusal(block.status) || block.dependents.length === 0) continue;
      const taken = [...below(block)].find(
        (one) => isNamed(one) && !isRefusal(one.status) && one.status !== unwrittenStatus,
      );
      judge(taken === undefined, block, 'nothing taken below a refused block', {
        ...(taken === undefined ? {} : { beside: taken }),
      });
    }
  }),

  answerRule('INI-033', (blocks, judge) => {
    for (const block of blocks) {
      if (block.role !== 'new' || !isRefusal(block.status)) continue;
      for (const one of below(block))
        if (isNamed(one) && isRefusal(one.status))
          judge(one.status === NDIS_STATUS.FAILURE, one, 'NDIS_STATUS_FAILURE for what was not tried', {
            beside: block,
            severity: 'info',
          });
    }
  }),

  answerRule('INI-034', (blocks, judge) => {
    const [root, ...others] = blocks;
    if (root?.role !== 'new' || !isRefusal(root.status)) return;
    const inside = new Set(below(root));
    for (const block of others) {
      if (!isNamed(block) || block.status === unwrittenStatus || inside.has(block)) continue;
      judge(isRefusal(block.status), block, 'nothing taken behind a root that was refused', { beside: root });
    }
    const taken = [...inside].find((one) => isNamed(one) && !isRefusal(one.status));
    // What is below the root is INI-032's as well; a walk that has ended reports no object as taken.
    judge(taken === undefined || taken.status === unwrittenStatus, root, 'nothing taken below it', {
      ...(taken === undefined ? {} : { beside: taken }),
    });
  }),

  answerRule('INI-036', (blocks, judge) => {
    for (const block of blocks)
      if (block.status !== unwrittenStatus)
        judge(allCodes.has(block.status), block, 'a status of the list for initiate');
  }),

  layerRule('INI-037', tcpCodes, 'tcp'),
  layerRule('INI-038', pathCodes, 'path'),
  layerRule('INI-039', neighborCodes, 'neighbor'),

  answerRule('INI-040', (blocks, judge) => {
    for (const block of blocks) {
      if (block.status !== NDIS_STATUS.OFFLOAD_HW_ADDRESS_ENTRIES) continue;
      const source = block.state('NEIGHBOR_OFFLOAD_STATE_CONST')?.slice('DlSourceAddress');
      if (source === undefined) continue;
      judge(
        source.some((byte) => byte !== 0),
        block,
        'another status: DlSourceAddress is empty',
      );
    }
  }),

  rule('INI-041', (context) => {
    /** VLANs that each target has taken a neighbor of. */
    const taken = new Map<number, Map<number, Call>>();
    return atAnswer(context, (blocks, judge, call) => {
      for (const block of blocks) {
        const vlan = block.state('NEIGHBOR_OFFLOAD_STATE_CONST')?.number('VlanId');
        if (vlan === undefined) continue;
        if (block.status === NDIS_STATUS.OFFLOAD_VLAN_MISMATCH)
          judge(
            vlan !== 0 && taken.get(call.caller)?.has(vlan) !== true,
            block,
            vlan === 0 ? 'another status: VlanId is 0' : `another status: VLAN ${vlan} has been taken before`,
          );
        else if (!isRefusal(block.status)) {
          const known = taken.get(call.caller);
          if (known === undefined) taken.set(call.caller, new Map([[vlan, call]]));
          else known.set(vlan, call);
        }
      }
    });
  }),

  rule('INI-043', (context) => {
    /** Largest path MTU that each target has taken. */
    const largest = new Map<number, number>();
    return atAnswer(context, (blocks, judge, call) => {
      for (const block of blocks) {
        const mtu = block.state('PATH_OFFLOAD_STATE_CACHED')?.number('PathMtu');
        if (mtu !== undefined && block.role === 'new' && !isRefusal(block.status))
          largest.set(call.caller, Math.max(mtu, largest.get(call.caller) ?? 0));
        if (block.status !== NDIS_STATUS.OFFLOAD_PATH_MTU) continue;
        const layer = layerOf(block);
        if (layer !== 'path')
          judge(false, block, 'the status on the path block', {
            severity: layer === 'tcp' ? 'info' : 'warning',
          });
        else if (mtu !== undefined)
          judge(
            mtu > (largest.get(call.caller) ?? 0),
            block,
            'success: a path with no smaller MTU was taken before',
          );
      }
    });
  }),

  rule('INI-045', ({ facts, expect }) => {
    /** Objects of each target that came in a tree of which another part was refused, with the completion. */
    const survivors = new Map<number, Map<number, Call>>();
    /** Queries of such objects that have failed, until the hardware-failure sequence excuses them. */
    const suspects = new Map<number, { readonly completion: Call; readonly query: Call }>();
    const working: readonly NdisStatus[] = [
      NDIS_STATUS.SUCCESS,
      NDIS_STATUS.UPLOAD_IN_PROGRESS,
      NDIS_STATUS.REQUEST_UPLOAD,
      NDIS_STATUS.UPLOAD_REQUESTED,
      NDIS_STATUS.REQUEST_ABORTED,
      NDIS_STATUS.INVALID_STATE,
      NDIS_STATUS.RESOURCES,
      NDIS_STATUS.PAUSED,
    ];
    const accuse = (object: number, suspect: { readonly completion: Call; readonly query: Call }): void => {
      expect(false, () => ({
        events: [suspect.completion.event, suspect.query.event],
        found: 'a query of an object fails that was taken from a tree of which another part was refused',
        expected: 'the object to be offloaded like any other',
        component: suspect.query.caller,
        object,
        connection: facts.objects.find(object)?.connection,
      }));
    };
    const finish = (call: Call): void => {
      for (const { object } of treeOf(call)) {
        if (object === undefined) continue;
        const suspect = suspects.get(object);
        suspects.delete(object);
        if (suspect !== undefined) accuse(object, suspect);
      }
    };
    return {
      call: {
        NdisMInitiateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          const blocks = treeOf(call);
          const hasFailed = blocks.some(({ role, status }) => role === 'new' && isRefusal(status));
          for (const { role, status, object } of blocks) {
            if (role !== 'new' || object === undefined || isRefusal(status)) continue;
            let ofDriver = survivors.get(call.caller);
            if (ofDriver === undefined) survivors.set(call.caller, (ofDriver = new Map<number, Call>()));
            if (hasFailed) ofDriver.set(object, call);
            else ofDriver.delete(object);
          }
        },
        NdisMQueryOffloadStateComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const { object, status } of treeOf(call)) {
            const completion = object === undefined ? undefined : survivors.get(call.caller)?.get(object);
            if (completion === undefined) continue;
            if (status === NDIS_STATUS.FAILURE) suspects.set(object!, { completion, query: call });
            else expect(true, () => ({ events: [], found: '', expected: '' }));
          }
        },
        NdisTcpOffloadEventHandler: (call) => {
          // Broken hardware is nobody's fault here: QRY-011 looks at its sequence.
          const object = facts.objects.tcpOf(call.connection);
          if (object !== undefined) suspects.delete(object);
        },
        NdisTcpOffloadSendComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          const object = facts.objects.tcpOf(call.connection);
          const completion = object === undefined ? undefined : survivors.get(call.caller)?.get(object);
          if (completion === undefined) return;
          for (const { status } of call.lists)
            expect(working.includes(status), () => ({
              events: [completion.event, call.event],
              found: `a send is completed with ${statusName(status)} on a connection that was taken from a tree of which another part was refused`,
              expected: 'the connection to work like any other',
              component: call.caller,
              connection: call.connection,
            }));
        },
        NdisMTerminateOffloadComplete: (call) => {
          finish(call);
          for (const { object, status } of treeOf(call))
            if (object !== undefined && status === NDIS_STATUS.SUCCESS)
              survivors.get(call.caller)?.delete(object);
        },
      },
      end: ({ complete }) => {
        if (complete) for (const [object, suspect] of suspects) accuse(object, suspect);
      },
    };
  }),
];
