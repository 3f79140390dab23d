/** Rules of the area "tree" about members that nobody but their owner writes. */
import { formatAddress } from '../../../base/address';
import { rule, type Breach, type Rule, type RuleContext } from '../../engine/rule';
import type { Call } from '../../engine/call';
import { blockName } from '../../engine/stateTypes';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { blockPairs, forCompletions, forRequests } from '../../engine/treeHandlers';
import type { Edge } from '../../facts/edges';
import type { RuleId } from '../../catalogue';

/** Whether a member has the same value in both. */
function isSame(left: TreeBlock, right: TreeBlock, member: string): boolean {
  const before = left.structure.slice(member);
  const after = right.structure.slice(member);
  for (let at = 0; at < before.length; at++) if (before[at] !== after[at]) return false;
  return true;
}

function shown(block: TreeBlock, member: string): string {
  return block
    .words(member)
    .map((word) => formatAddress(word))
    .join(', ');
}

function changed(
  request: Call,
  completion: Call,
  [before, after]: readonly [TreeBlock, TreeBlock],
  member: string,
  component: number | undefined,
): Breach {
  return {
    events: [request.event, completion.event],
    found: `${member} of ${blockName(after)} was ${shown(before, member)} in ${request.functionName} and is ${shown(after, member)} in ${completion.functionName}`,
    expected: `${member} as it was`,
    component,
    connection: completion.connection,
    object: after.object,
  };
}

/** A member that must be at the completion what it was in the request. */
function unchanged(
  id: RuleId,
  edge: Edge,
  member: string,
  /** Whether the rule binds the driver at the edge. */
  binds: (context: RuleContext, completion: Call) => boolean,
  /** The driver at fault. */
  culprit: (completion: Call, request: Call) => number | undefined,
): Rule {
  return rule(id, (context) => ({
    call: forCompletions(edge, context.facts.objects, (completion, _verb, request) => {
      if (request === undefined || !binds(context, completion)) return;
      for (const pair of blockPairs(request, completion)) {
        const [before, after] = pair;
        context.expect(isSame(before, after, member), () =>
          changed(request, completion, pair, member, culprit(completion, request)),
        );
      }
    }),
  }));
}

function byTarget({ facts }: RuleContext, completion: Call): boolean {
  return facts.machine.role(completion.caller) === 'offload-target';
}

function anybody(): boolean {
  return true;
}

function caller(completion: Call): number {
  return completion.caller;
}

const links = ['Header', 'NextBlock', 'DependentBlockList'] as const;

/** See the file's head. */
export const untouchedRules: readonly Rule[] = [
  rule('TRE-045', ({ expect, facts }) => ({
    call: forCompletions('miniport', facts.objects, (completion, _verb, request) => {
      if (request === undefined) return;
      const before = treeOf(request);
      const after = treeOf(completion);
      const same = before.length === after.length;
      let first = same ? undefined : before[Math.min(after.length, before.length - 1)];
      for (const [at, block] of before.entries()) {
        const back = after[at];
        if (back === undefined) break;
        if (back.address === block.address && links.every((member) => isSame(block, back, member))) continue;
        first = block;
        break;
      }
      expect(first === undefined, () => ({
        events: [request.event, completion.event],
        found: same
          ? `the links or the header of ${blockName(first!)} are others than when the tree came`
          : `a tree of ${before.length} blocks comes back with ${after.length}`,
        expected: 'the same blocks, links and headers',
        component: completion.caller,
        connection: completion.connection,
        object: first!.object,
      }));
    }),
  })),

  unchanged('TRE-046', 'miniport', 'ProtocolReserved', byTarget, caller),
  unchanged('TRE-047', 'miniport', 'ImReserved', byTarget, caller),
  unchanged('TRE-048', 'miniport', 'SourceHandle', anybody, caller),
  unchanged('TRE-049', 'miniport', 'NdisReserved', anybody, caller),
  unchanged('TRE-050', 'protocol', 'SourceHandle', anybody, (completion) => completion.callee),

  rule('TRE-051', ({ expect, facts }) => {
    /** Words that others left in blocks, by the address of the block; where there are none they are NULL. */
    const left = new Map<number, TreeBlock>();
    return {
      call: {
        ...forRequests('protocol', (call) => {
          if (facts.machine.role(call.caller) !== 'host-stack') return;
          for (const block of treeOf(call)) {
            const before = left.get(block.address);
            left.delete(block.address);
            if (before === undefined && !facts.historyComplete) continue;
            for (const member of ['ImReserved', 'MiniportReserved'] as const) {
              const isKept =
                before === undefined
                  ? block.words(member).every((word) => word === 0)
                  : isSame(before, block, member);
              expect(isKept, () => ({
                events: [call.event],
                found: `${member} of ${blockName(block)} is ${shown(block, member)} in ${call.functionName}`,
                expected: `${member} as the host stack found it: the words belong to ${member === 'ImReserved' ? 'intermediate drivers' : 'offload targets'}`,
                component: call.caller,
                connection: call.connection,
                object: block.object,
                ...(member === 'ImReserved' ? {} : { severity: 'info' as const }),
              }));
            }
          }
        }),
        ...forCompletions('protocol', facts.objects, (completion) => {
          if (facts.machine.role(completion.callee) !== 'host-stack') return;
          for (const block of treeOf(completion))
            if (
              ['ImReserved', 'MiniportReserved'].some((member) =>
                block.words(member).some((word) => word !== 0),
              )
            )
              left.set(block.address, block);
        }),
      },
    };
  }),

  rule('TRE-052', ({ expect, facts }) => {
    /** The driver below, by the sender's request. */
    const below = new WeakMap<Call, number>();
    return {
      call: {
        ...forRequests('miniport', (call) => {
          if (call.parent !== undefined) below.set(call.parent, call.callee);
        }),
        ...forCompletions('protocol', facts.objects, (completion, _verb, request) => {
          if (request === undefined) return;
          for (const pair of blockPairs(request, completion)) {
            const [before, after] = pair;
            expect(isSame(before, after, 'ProtocolReserved'), () =>
              changed(request, completion, pair, 'ProtocolReserved', below.get(request)),
            );
          }
        }),
      },
    };
  }),
];
