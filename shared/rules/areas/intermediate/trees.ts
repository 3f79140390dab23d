/** How an intermediate driver passes requests about state on, and their completions back (IMD-006 to IMD-019). */
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { EventId } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { isTaken } from '../../facts/objectFacts';
import { dataFunctions, forEach, passedOn, treeFunctions, treePairOf, verbOf } from '../../facts/passedOn';

/** What a driver may take from a completion below to its own, virtual ns. */
const settling = 1_000_000;

/** The two words of ImReserved, and SourceHandle, as text: addresses need more than 32 bits. */
function wordsOf({ structure }: TreeBlock, member: 'ImReserved' | 'SourceHandle'): string {
  const bytes = structure.slice(member);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) words.push(view.getBigUint64(at, true).toString(16));
  return words.join(', ');
}

function firstWord(block: TreeBlock): string {
  return wordsOf(block, 'ImReserved').split(', ')[0]!;
}

/** Members that go down as they came, besides the links. */
const keptMembers = ['PortNumber', 'NetBufferListChain'] as const;

/** See the file's head. */
export const treeRules: readonly Rule[] = [
  rule('IMD-006', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: {
        ...forEach(treeFunctions.requestsBelow, (call) => {
          const root = call.blocks[0];
          const found = root === undefined ? undefined : passed.find(call.caller, root.address);
          if (found === undefined) return;
          const { verb } = found.request;
          const before = found.block.down;
          expect(verb === verbOf(call) && before === undefined, () => ({
            events: [found.request.call.event, before?.call.event, call.event],
            found:
              before === undefined
                ? `${found.request.call.functionName} was passed down as ${call.functionName}`
                : `${found.request.call.functionName} was passed down twice`,
            expected: `one ${treePairOf(verb, 'protocol').request}`,
            component: call.caller,
            connection: call.connection,
          }));
        }),
        ...forEach(treeFunctions.completionsAbove, (call) => {
          for (const { verb, call: request, blocks } of passed.requestsOf(call)) {
            const isPassed = [...blocks.values()].some(({ down }) => down !== undefined);
            // A request that can't be passed on may be refused.
            const refused = treeOf(call).every(
              ({ role, status }) => role !== 'new' || status !== NDIS_STATUS.SUCCESS,
            );
            const failed = treeOf(call).some(({ status }) => status !== NDIS_STATUS.SUCCESS);
            expect(isPassed || (refused && failed), () => ({
              events: [request.event, call.event],
              found: `${request.functionName} was completed with success without having been passed down`,
              expected: `${treePairOf(verb, 'protocol').request} on a binding below`,
              component: call.caller,
              connection: call.connection,
            }));
          }
        }),
      },
    };
  }),

  rule('IMD-008', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.requestsBelow, (call) => {
        if (!passed.isBetween(call.caller)) return;
        const used = new Map<string, EventId>();
        for (const { driver, blocks } of passed.requests())
          if (driver === call.caller)
            for (const { down, back } of blocks.values())
              if (down !== undefined && back === undefined) used.set(firstWord(down.block), down.call.event);
        for (const block of treeOf(call)) {
          const word = firstWord(block);
          const other = used.get(word);
          expect(word !== '0' && other === undefined, () => ({
            events: [other, call.event],
            found:
              word === '0'
                ? `${call.functionName} with NULL in ImReserved`
                : `${call.functionName} with an address in ImReserved that another open block has`,
            expected: 'a pointer to a call entry of this request',
            component: call.caller,
            object: block.object,
          }));
          used.set(word, call.event);
        }
      }),
    };
  }),

  rule('IMD-009', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    const objects = new Map<string, { object: number | undefined; event: EventId }>();
    return {
      call: forEach(treeFunctions.requestsBelow, (call) => {
        for (const block of treeOf(call)) {
          const found = passed.find(call.caller, block.address);
          const handle = block.structure.number('OffloadHandle');
          if (found === undefined || handle === undefined || handle === 0) continue;
          const incoming = found.block.above.structure.number('NdisOffloadHandle');
          const key = `${call.caller} ${handle}`;
          const other = objects.get(key);
          const isUnique = other === undefined || other.object === block.object;
          expect(handle !== incoming && isUnique, () => ({
            events: [isUnique ? found.request.call.event : other.event, call.event],
            found: isUnique
              ? `${call.functionName} with the handle of the driver above`
              : `${call.functionName} with the handle of another object`,
            expected: 'an NDIS_OFFLOAD_HANDLE of the intermediate driver, one for each object',
            component: call.caller,
            object: block.object,
          }));
          if (other === undefined) objects.set(key, { object: block.object, event: call.event });
        }
      }),
    };
  }),

  rule('IMD-010', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.requestsBelow, (call) => {
        const blocks = treeOf(call);
        for (const block of blocks) {
          const found = passed.find(call.caller, block.address);
          if (found === undefined) continue;
          const { above } = found.block;
          const changed: string[] = keptMembers.filter(
            (member) => above.structure.number(member) !== block.structure.number(member),
          );
          if (above.structure.number('Header.Type') !== block.structure.number('Header.Type'))
            changed.push('Header.Type');
          // A tree that is split between adapters has other links.
          if (found.request.blocks.size === blocks.length)
            for (const link of ['NextBlock', 'DependentBlockList'] as const)
              if (above.structure.number(link) !== block.structure.number(link)) changed.push(link);
          expect(changed.length === 0, () => ({
            events: [found.request.call.event, call.event],
            found: `${changed.join(', ')} of a block changed on the way down`,
            expected: 'the values of the block as it came from above',
            component: call.caller,
            object: block.object,
          }));
        }
      }),
    };
  }),

  rule('IMD-011', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.completionsBelow, (call) => {
        for (const block of treeOf(call)) {
          const down = passed.find(call.callee, block.address)?.block.down;
          if (down === undefined) continue;
          const before = wordsOf(down.block, 'ImReserved');
          const now = wordsOf(block, 'ImReserved');
          expect(before === now, () => ({
            events: [down.call.event, call.event],
            found: `ImReserved went down as ${before} and came back as ${now}`,
            expected: 'ImReserved as the intermediate driver had left it',
            component: call.parent?.caller ?? call.caller,
            object: block.object,
          }));
        }
      }),
    };
  }),

  rule('IMD-012', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.completionsAbove, (call) => {
        for (const block of treeOf(call)) {
          const found = passed.find(call.caller, block.address);
          if (found === undefined) continue;
          for (const member of ['ImReserved', 'SourceHandle'] as const) {
            const before = wordsOf(found.block.above, member);
            const now = wordsOf(block, member);
            expect(before === now, () => ({
              events: [found.request.call.event, call.event],
              found: `${member} came as ${before} and was given back as ${now}`,
              expected: `${member} as it came with the request`,
              component: call.caller,
              object: block.object,
            }));
          }
        }
      }),
    };
  }),

  rule('IMD-013', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(dataFunctions.requestsAbove, (call) => {
        // Passed on: NdisOffloadTcpXxx of an intermediate driver, inside which the driver below is entered.
        const request = call.parent;
        if (request === undefined || !passed.isBetween(request.caller)) return;
        const above = request.parent;
        if (above?.functionName !== call.functionName || above.callee !== request.caller) return;
        const context = above.number('MiniportOffloadContext');
        expect(context !== 0 && context !== call.number('MiniportOffloadContext'), () => ({
          events: [above.event, call.event],
          found: `both edges of the intermediate driver have the context 0x${(context ?? 0).toString(16)} for the connection`,
          expected: 'a PVOID of the intermediate driver in the upper context cell',
          component: request.caller,
          connection: call.connection,
        }));
      }),
    };
  }),

  rule('IMD-014', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.completionsAbove, (call) => {
        for (const request of passed.requestsOf(call))
          expect(request.verb === verbOf(call), () => ({
            events: [request.call.event, call.event],
            found: `${request.call.functionName} was completed with ${call.functionName}`,
            expected: treePairOf(request.verb, 'miniport').completion,
            component: call.caller,
            connection: call.connection,
          }));
      }),
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const { driver, verb, call, blocks } of passed.requests()) {
          const all = [...blocks.values()].filter(({ down }) => down !== undefined);
          if (all.length === 0 || all.some(({ back }) => back === undefined)) continue;
          const last = all.reduce<Call | undefined>(
            (latest, { back }) =>
              latest === undefined || back!.call.event > latest.event ? back!.call : latest,
            undefined,
          )!;
          if (last.time + settling > time) continue;
          expect(false, () => ({
            events: [call.event, last.event],
            found: `${last.functionName} came back from below, and nothing went up`,
            expected: treePairOf(verb, 'miniport').completion,
            component: driver,
            connection: call.connection,
          }));
        }
      },
    };
  }),

  rule('IMD-015', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.completionsAbove, (call) => {
        for (const { blocks, call: request } of passed.requestsOf(call)) {
          let early: Call | undefined;
          for (const { down, back } of blocks.values())
            if (down !== undefined && back === undefined) early ??= down.call;
          expect(early === undefined, () => ({
            events: [early?.event ?? request.event, call.event],
            found: `${call.functionName} before the request below had been completed`,
            expected: 'the completion above after the one below',
            component: call.caller,
            connection: call.connection,
          }));
        }
      }),
    };
  }),

  rule('IMD-016', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.completionsAbove, (call) => {
        const root = call.blocks[0];
        if (root === undefined || !passed.isBetween(call.caller) || !facts.historyComplete) return;
        let request: Call | undefined;
        let isRoot = false;
        for (const one of passed.requests()) {
          if (one.driver !== call.caller || one.verb !== verbOf(call)) continue;
          if (one.call.blocks[0]?.address === root.address) isRoot = true;
          else request ??= one.call;
        }
        expect(isRoot, () => ({
          events: [request?.event, call.event],
          found: `${call.functionName} gave back a block that the driver above had not handed down`,
          expected: 'the very block that came with the request',
          component: call.caller,
          connection: call.connection,
        }));
      }),
    };
  }),

  rule('IMD-017', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    return {
      call: forEach(treeFunctions.completionsAbove, (call) => {
        for (const block of treeOf(call)) {
          const back = passed.find(call.caller, block.address)?.block.back;
          if (back === undefined) continue;
          expect(back.block.status === block.status, () => ({
            events: [back.call.event, call.event],
            found: `${statusName(back.block.status)} came from below and ${statusName(block.status)} went up`,
            expected: 'the Status of the driver below',
            component: call.caller,
            object: block.object,
          }));
        }
      }),
    };
  }),

  rule('IMD-019', ({ expect, facts }) => {
    const passed = facts.of(passedOn);
    const handles = new Map<string, { handle: number; event: EventId }>();
    return {
      call: {
        ...forEach(treeFunctions.requestsBelow, (call) => {
          if (!passed.isBetween(call.caller)) return;
          for (const block of treeOf(call)) {
            const handle = block.structure.number('OffloadHandle');
            if (handle === undefined || handle === 0 || block.object === undefined) continue;
            const key = `${call.caller} ${block.object}`;
            const kept = handles.get(key);
            if (kept !== undefined)
              expect(kept.handle === handle, () => ({
                events: [kept.event, call.event],
                found: `${call.functionName} names an offloaded object by another handle than it was offloaded with`,
                expected: 'the same NDIS_OFFLOAD_HANDLE for as long as the object is offloaded',
                component: call.caller,
                object: block.object,
              }));
            else if (verbOf(call) === 'initiate') handles.set(key, { handle, event: call.event });
          }
        }),
        ProtocolInitiateOffloadComplete: (call) => {
          for (const block of treeOf(call))
            if (!isTaken(block) && block.role === 'new') handles.delete(`${call.callee} ${block.object}`);
        },
        ProtocolTerminateOffloadComplete: (call) => {
          for (const block of treeOf(call))
            if (block.status === NDIS_STATUS.SUCCESS) handles.delete(`${call.callee} ${block.object}`);
        },
      },
    };
  }),
];
