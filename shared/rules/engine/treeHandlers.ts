/** Handlers for the requests and completions of all five operations on state at once. */
import { treePairs, type Edge, type TreeVerb } from '../facts/edges';
import type { ObjectFacts } from '../facts/objectFacts';
import type { Call } from './call';
import type { Handlers } from './rule';
import { treeOf, type TreeBlock } from './tree';

/** Takes the call that asks for an operation. */
export type TakeRequest = (call: Call, verb: TreeVerb) => void;

/** Takes the call that ends an operation. `request` is undefined where none of its kind is open for the root. */
export type TakeCompletion = (completion: Call, verb: TreeVerb, request: Call | undefined) => void;

/** The name by which people know an operation. */
export const verbs: readonly TreeVerb[] = ['initiate', 'terminate', 'update', 'query', 'invalidate'];

/** Handlers of the five requests at an edge, or of some of them; for `call`, or for `returned`. */
export function forRequests(
  edge: Edge,
  take: TakeRequest,
  asked: readonly TreeVerb[] = verbs,
): NonNullable<Handlers['call']> {
  return Object.fromEntries(
    treePairs
      .filter((pair) => pair.edge === edge && asked.includes(pair.verb))
      .map(({ request, verb }) => [
        request,
        (call: Call) => {
          take(call, verb);
        },
      ]),
  );
}

/** As above, of the completions. */
export function forCompletions(
  edge: Edge,
  objects: ObjectFacts,
  take: TakeCompletion,
  asked: readonly TreeVerb[] = verbs,
): NonNullable<Handlers['call']> {
  return Object.fromEntries(
    treePairs
      .filter((pair) => pair.edge === edge && asked.includes(pair.verb))
      .map(({ completion, verb }) => [
        completion,
        (call: Call) => {
          take(call, verb, objects.requestOf(call)?.call);
        },
      ]),
  );
}

/** Every block of the tree that a request passes, at the miniport edge, with the driver that made the tree. */
export function forOfferedBlocks(
  take: (block: TreeBlock, call: Call, verb: TreeVerb, sender: number | undefined) => void,
  asked?: readonly TreeVerb[],
): Handlers {
  return {
    call: forRequests(
      'miniport',
      (call, verb) => {
        for (const block of treeOf(call)) take(block, call, verb, senderOf(call));
      },
      asked,
    ),
  };
}

/** The driver whose request NDIS passes down with a call of a miniport handler. */
export function senderOf(call: Call): number | undefined {
  return call.parent?.caller;
}

/** The blocks of a request beside those of its completion, by their place in the walk; only those that are the same block in both. */
export function* blockPairs(
  request: Call,
  completion: Call,
): Generator<readonly [before: TreeBlock, after: TreeBlock]> {
  const before = treeOf(request);
  const after = treeOf(completion);
  for (let at = 0; at < Math.min(before.length, after.length); at++)
    if (before[at]!.address === after[at]!.address) yield [before[at]!, after[at]!];
}
