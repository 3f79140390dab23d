/** Rules of the area "context" about the values of offloaded state: who may change what, and how it becomes known. */
import { constantValue, structureLayout } from '../../../ddi/catalogue';
import type { StructureName } from '../../../ddi/generated/structures';
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { treeOf } from '../../engine/tree';
import { blockPairs, forCompletions, forRequests } from '../../engine/treeHandlers';
import { isTaken } from '../../facts/objectFacts';

/** A structure as the host stack gave it, with the call that did. */
interface Given {
  readonly call: Call;
  readonly bytes: Uint8Array;
  /** The completion of the update that has replaced it; undefined while it may hold. */
  readonly replacedBy?: Call;
}

/** Structures of objects by driver, object and name. */
class GivenState {
  private readonly known = new Map<number, Map<number, Map<StructureName, Given[]>>>();

  /**
   * What the structure of an object may be: the last value, those of updates that are under way, and those that have been replaced while
   * a query was. The first that hasn't been replaced is the last that was said.
   */
  of(driver: number, object: number, name: StructureName): readonly Given[] {
    return this.known.get(driver)?.get(object)?.get(name) ?? [];
  }

  set(driver: number, object: number, name: StructureName, given: readonly Given[]): void {
    let objects = this.known.get(driver);
    if (objects === undefined)
      this.known.set(driver, (objects = new Map<number, Map<StructureName, Given[]>>()));
    let structures = objects.get(object);
    if (structures === undefined) objects.set(object, (structures = new Map<StructureName, Given[]>()));
    structures.set(name, [...given]);
  }

  forget(driver: number, object: number): void {
    this.known.get(driver)?.delete(object);
  }
}

const headerSize = 8;

/** Bytes of HostReachabilityDelta, which grows as time goes by. */
const running = (() => {
  const fields = structureLayout('NEIGHBOR_OFFLOAD_STATE_CACHED').fields;
  const { offset, size } = fields.find(({ name }) => name === 'HostReachabilityDelta')!;
  return { from: offset, until: offset + size };
})();

const flagsForOnce =
  constantValue('TCP_FLAG_KEEP_ALIVE_RESTART') |
  constantValue('TCP_FLAG_MAX_RT_RESTART') |
  constantValue('TCP_FLAG_UPDATE_RCV_WND');

/** Whether a member-by-member comparison finds no difference. Flags that ask for something once are no state, and ages grow. */
function isSame(name: StructureName, left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = headerSize; at < left.length; at++) {
    const differs = left[at]! ^ right[at]!;
    if (differs === 0) continue;
    if (name === 'NEIGHBOR_OFFLOAD_STATE_CACHED' && at >= running.from && at < running.until) continue;
    if (name === 'TCP_OFFLOAD_STATE_CACHED' && at === headerSize && (differs & ~flagsForOnce) === 0) continue;
    return false;
  }
  return true;
}

/** What a query says of variables of a class must be what the target was told. */
function asGiven(id: 'CTX-023' | 'CTX-024', isOf: (name: StructureName) => boolean, updates: boolean): Rule {
  return rule(id, ({ expect, facts }) => {
    const state = new GivenState();
    return {
      call: {
        ...forCompletions('miniport', facts.objects, (completion, verb, request) => {
          if (request === undefined) return;
          const { caller } = completion;
          for (const [before, after] of blockPairs(request, completion)) {
            const { object } = after;
            if (object === undefined) continue;
            if (verb === 'terminate' && after.status === NDIS_STATUS.SUCCESS) state.forget(caller, object);
            const brings =
              verb === 'initiate'
                ? isTaken(after)
                : updates && verb === 'update' && after.status === NDIS_STATUS.SUCCESS;
            if (brings)
              for (const given of before.attached)
                if (isOf(given.name)) {
                  const isAsked =
                    facts.objects
                      .at('miniport', caller, object)
                      ?.requests.some((other) => other.verb === 'query') === true;
                  const replaced = isAsked ? state.of(caller, object, given.name) : [];
                  state.set(caller, object, given.name, [
                    { call: request, bytes: given.bytes },
                    ...replaced
                      .filter(({ call }) => call !== request)
                      .map((one) => ({ ...one, replacedBy: one.replacedBy ?? completion })),
                  ]);
                }
            if (verb === 'update' && !brings)
              for (const given of before.attached) {
                const kept = state.of(caller, object, given.name).filter(({ call }) => call !== request);
                if (kept.length > 0) state.set(caller, object, given.name, kept);
              }
            if (verb !== 'query' || after.status !== NDIS_STATUS.SUCCESS) continue;
            for (const answer of after.attached) {
              if (!isOf(answer.name)) continue;
              // An update that was completed during the query may have come behind it.
              const given = state
                .of(caller, object, answer.name)
                .filter(({ replacedBy }) => replacedBy === undefined || replacedBy.event > request.event);
              const last = given[0];
              if (last === undefined) continue;
              expect(
                given.some(({ bytes }) => isSame(answer.name, bytes, answer.bytes)),
                () => ({
                  events: [last.call.event, completion.event],
                  found: `${answer.name} comes back from a query with ${difference(answer, last.bytes)}`,
                  expected: `the values of ${last.call.functionName}`,
                  component: caller,
                  connection: completion.connection,
                  object,
                }),
              );
            }
          }
        }),
        // From its request on until it is completed, an update may have happened or not.
        ...forRequests(
          'miniport',
          (call) => {
            if (!updates) return;
            for (const { object, attached } of treeOf(call))
              for (const { name, bytes } of object === undefined ? [] : attached) {
                const given = state.of(call.callee, object!, name);
                if (isOf(name) && given.length > 0)
                  state.set(call.callee, object!, name, [...given, { call, bytes }]);
              }
          },
          ['update'],
        ),
      },
    };
  });
}

/** The first member that is another than before, in words. */
function difference(answer: StructureView, before: Uint8Array): string {
  for (const { name, offset, size } of structureLayout(answer.name).fields)
    for (let at = Math.max(offset, headerSize); at < offset + size; at++) {
      const isAge =
        answer.name === 'NEIGHBOR_OFFLOAD_STATE_CACHED' && at >= running.from && at < running.until;
      if (!isAge && before[at] !== answer.bytes[at]) return `another ${name}`;
    }
  return 'other values';
}

const constant = (name: StructureName): boolean =>
  // The addresses of a path stand behind pointers.
  name === 'NEIGHBOR_OFFLOAD_STATE_CONST' || name === 'TCP_OFFLOAD_STATE_CONST';

const cached = (name: StructureName): boolean => name.endsWith('_OFFLOAD_STATE_CACHED');

const reachabilityQuery = constantValue('NeighborReachabilityQuery');

/** See the file's head. */
export const valueRules: readonly Rule[] = [
  asGiven('CTX-023', constant, false),
  asGiven('CTX-024', cached, true),

  rule('CTX-026', ({ expect }) => ({
    call: {
      NdisMOffloadEventIndicate: (call) => {
        const code = call.number('IndicationCode');
        for (const block of treeOf(call)) {
          const delegated = block.attached.find(({ name }) => name.endsWith('_DELEGATED'));
          const isAllowed =
            delegated === undefined ||
            (code === reachabilityQuery && delegated.name === 'NEIGHBOR_OFFLOAD_STATE_DELEGATED');
          expect(isAllowed, () => ({
            events: [call.event],
            found: `NdisMOffloadEventIndicate carries ${delegated!.name}`,
            expected: 'no notice of delegated variables: they are seen by query or terminate',
            component: call.caller,
            connection: call.connection,
            object: block.object,
          }));
        }
      },
    },
  })),
];
