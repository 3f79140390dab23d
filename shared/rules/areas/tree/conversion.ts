/** Rules of the area "tree" about NDIS between two drivers: a request comes out below as it went in above, and its completion as it came. */
import { statusName } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import { blockName } from '../../engine/stateTypes';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { forCompletions, forRequests } from '../../engine/treeHandlers';
import { treePairs, type TreeVerb } from '../../facts/edges';

const requestsAbove = new Map<string, TreeVerb>();
const completionsBelow = new Map<string, TreeVerb>();
for (const { edge, request, completion, verb } of treePairs) {
  if (edge === 'protocol') requestsAbove.set(request, verb);
  else completionsBelow.set(completion, verb);
}

/** What differs between a block above and the block below that stands for it; undefined if nothing does. */
function difference(above: TreeBlock, below: TreeBlock): string | undefined {
  if (above.depth !== below.depth) return `stands at level ${below.depth} in place of ${above.depth}`;
  if (above.type !== below.type) return `has the type ${below.type} in place of ${above.type}`;
  const [port, itsPort] = [above.structure.number('PortNumber'), below.structure.number('PortNumber')];
  if (port !== itsPort) return `has PortNumber ${itsPort} in place of ${port}`;
  const [chain, itsChain] = [
    above.structure.pointer('NetBufferListChain'),
    below.structure.pointer('NetBufferListChain'),
  ];
  if (chain !== itsChain)
    return itsChain === 0 ? 'has lost its NetBufferListChain' : 'has another NetBufferListChain';
  if (above.attached.length !== below.attached.length)
    return `is followed by ${below.attached.length} state structures in place of ${above.attached.length}`;
  for (const [at, state] of above.attached.entries()) {
    const copy = below.attached[at]!;
    // Length is NDIS's to fill in (TRE-014).
    if (state.name !== copy.name || !areEqual(state.bytes, copy.bytes, stateHeaderSize))
      return `is followed by another ${state.name}`;
  }
  return undefined;
}

const stateHeaderSize = 8;

function areEqual(left: Uint8Array, right: Uint8Array, from: number): boolean {
  if (left.length !== right.length) return false;
  for (let at = from; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

/** See the file's head. */
export const conversionRules: readonly Rule[] = [
  rule('TRE-035', ({ expect }) => ({
    call: forRequests('miniport', (call, verb) => {
      const { parent } = call;
      const asked = parent === undefined ? undefined : requestsAbove.get(parent.functionName);
      if (parent === undefined || asked === undefined) return;
      expect(asked === verb, () => ({
        events: [parent.event, call.event],
        found: `${parent.functionName} came out below as ${call.functionName}`,
        expected: 'the handler of the same operation',
        component: call.caller,
        connection: call.connection,
      }));
    }),
  })),

  rule('TRE-036', ({ expect }) => ({
    call: forRequests('miniport', (call) => {
      const { parent } = call;
      if (parent === undefined || !requestsAbove.has(parent.functionName)) return;
      const above = treeOf(parent);
      const below = treeOf(call);
      const same = above.length === below.length;
      const at = same ? above.findIndex((block, index) => difference(block, below[index]!) !== undefined) : 0;
      expect(same && at < 0, () => ({
        events: [parent.event, call.event],
        found: same
          ? `${blockName(below[at]!)} in ${call.functionName} ${difference(above[at]!, below[at]!)}`
          : `a tree of ${above.length} blocks comes out below with ${below.length}`,
        expected: 'the same shape, ports, state and chains as in the tree of the sender',
        component: call.caller,
        connection: call.connection,
        object: same ? below[at]!.object : undefined,
      }));
    }),
  })),

  rule('TRE-056', ({ expect, facts }) => {
    /** What a completion has led to above. */
    const ledTo = new Map<Call, Call[]>();
    /** The request that it ends, as the driver below got it. */
    const requests = new Map<Call, Call>();
    return {
      call: {
        ...forCompletions('miniport', facts.objects, (completion, _verb, request) => {
          if (request === undefined) return;
          requests.set(completion, request);
          ledTo.set(completion, []);
        }),
        ...forCompletions('protocol', facts.objects, (call) => {
          if (call.parent !== undefined) ledTo.get(call.parent)?.push(call);
        }),
      },
      returned: forCompletions('miniport', facts.objects, (completion, verb) => {
        const above = ledTo.get(completion);
        const request = requests.get(completion);
        ledTo.delete(completion);
        requests.delete(completion);
        if (above === undefined || request === undefined) return;
        const [first] = above;
        const root = request.parent?.blocks[0]?.address;
        const wanted = protocolCompletions.get(verb);
        const isRight =
          above.length === 1 &&
          first!.functionName === wanted &&
          (root === undefined || first!.blocks[0]?.address === root);
        expect(isRight, () => ({
          events: [request.event, completion.event, ...above.map(({ event }) => event)],
          found:
            above.length !== 1
              ? `${completion.functionName} led to ${above.length} calls of completion handlers above`
              : `${completion.functionName} led to ${first!.functionName} ${first!.functionName === wanted ? 'with another root than the sender passed' : 'above'}`,
          expected: `one call of ${wanted}, with the root of the sender`,
          component: completion.callee,
          connection: completion.connection,
        }));
      }),
    };
  }),

  rule('TRE-057', ({ expect, facts }) => ({
    call: forCompletions('protocol', facts.objects, (call) => {
      const { parent } = call;
      if (parent === undefined || !completionsBelow.has(parent.functionName)) return;
      const below = treeOf(parent);
      for (const [at, block] of treeOf(call).entries()) {
        const source = below[at];
        if (source === undefined) return;
        expect(block.status === source.status, () => ({
          events: [parent.event, call.event],
          found: `Status of ${blockName(block)} is ${statusName(block.status)} in ${call.functionName}`,
          expected: `${statusName(source.status)}, as the driver below wrote it`,
          component: call.caller,
          connection: call.connection,
          object: block.object,
        }));
      }
    }),
  })),
];

const protocolCompletions = new Map(
  treePairs.filter(({ edge }) => edge === 'protocol').map(({ verb, completion }) => [verb, completion]),
);
