/** Rules of the area "terminate" about what the host stack asks for, and when. */
import { NDIS_STATUS } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Facts, type Rule } from '../../engine/rule';
import { treeOf, type TreeBlock } from '../../engine/tree';
import type { HeldObject } from '../../facts/objectFacts';

/** One number for a driver and an object or a connection. */
export function keyOf(driver: number, item: number): number {
  return item * 1024 + driver;
}

/** The blocks of a call that stand for TCP connections, each with its connection. */
export function connectionsIn(
  facts: Facts,
  call: Call,
): { readonly block: TreeBlock; readonly object: number; readonly connection: number }[] {
  return treeOf(call).flatMap((block) => {
    const known = facts.objects.find(block.object);
    return known?.connection === undefined ? [] : [{ block, object: known.id, connection: known.connection }];
  });
}

/** Objects that depend on one at the protocol edge of a driver. */
function dependentsOf(facts: Facts, driver: number, object: number): HeldObject[] {
  return [...facts.objects.allAt('protocol', driver)].filter(({ parent }) => parent === object);
}

const delegatedStructures = {
  neighbor: 'NEIGHBOR_OFFLOAD_STATE_DELEGATED',
  path: 'PATH_OFFLOAD_STATE_DELEGATED',
  tcp: 'TCP_OFFLOAD_STATE_DELEGATED',
} as const;

/** What depends on a named path or neighbor and is not named with it. */
function leftBehind(
  facts: Facts,
  call: Call,
  judge: (block: TreeBlock, dependents: readonly HeldObject[], left: readonly HeldObject[]) => void,
): void {
  const blocks = treeOf(call);
  const named = new Set(blocks.map(({ object }) => object));
  for (const block of blocks) {
    const known = facts.objects.find(block.object);
    if (known === undefined || known.layer === 'tcp') continue;
    const dependents = dependentsOf(facts, call.caller, known.id);
    judge(
      block,
      dependents,
      dependents.filter(({ object }) => !named.has(object)),
    );
  }
}

/** See the file's head. */
export const terminateRequestRules: readonly Rule[] = [
  rule('TRM-001', ({ expect, facts }) => ({
    call: {
      NdisTerminateOffload: (call) => {
        const role = facts.machine.role(call.caller);
        if (role !== 'intermediate-driver' && role !== 'offload-target') return;
        const asked =
          role === 'intermediate-driver' &&
          [...facts.objects.treesAt('miniport', call.caller)].some(({ verb }) => verb === 'terminate');
        expect(asked || !facts.historyComplete, () => ({
          events: [call.parent?.event, call.event],
          found: `${role === 'offload-target' ? 'an offload target' : 'an intermediate driver'} started a terminate that nobody above had asked for`,
          expected: 'TcpIndicateRetrieve or NDIS_STATUS_UPLOAD_ALL, and the terminate of the host stack',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('TRM-002', ({ expect, facts }) => ({
    call: {
      NdisTerminateOffload: (call) => {
        for (const { object, role } of treeOf(call)) {
          if (object === undefined || role === 'placeholder') continue;
          const held = facts.objects.at('protocol', call.caller, object);
          if (held === undefined && !facts.historyComplete) continue;
          if (held?.place === 'offloading') continue;
          expect(held?.place === 'held', () => ({
            events: [held?.since.event, call.event],
            found:
              held === undefined
                ? 'a terminate names an object that is not offloaded'
                : 'a terminate names an object whose terminate is under way',
            expected: 'one terminate for each offloaded object',
            component: call.caller,
            connection: call.connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-003', ({ expect, facts }) => {
    /** Objects that have been given back, with the completion. */
    const gone = new Map<number, Call>();
    const judge = (call: Call, object: number | undefined): void => {
      if (object === undefined) return;
      const completion = gone.get(keyOf(call.caller, object));
      expect(completion === undefined, () => ({
        events: [completion?.event, call.event],
        found: `${call.functionName} names an object whose terminate has been completed`,
        expected: 'a new initiate before the object is used again',
        component: call.caller,
        connection: call.connection,
        object,
      }));
    };
    const judgeTree = (call: Call): void => {
      for (const { object, role } of treeOf(call)) if (role !== 'placeholder') judge(call, object);
    };
    const judgeData = (call: Call): void => {
      judge(call, facts.objects.tcpOf(call.connection));
    };
    return {
      call: {
        ProtocolTerminateOffloadComplete: (call) => {
          for (const { object, status } of treeOf(call))
            if (object !== undefined && status === NDIS_STATUS.SUCCESS)
              gone.set(keyOf(call.callee, object), call);
        },
        NdisInitiateOffload: (call) => {
          for (const { object, role } of treeOf(call)) {
            if (object === undefined) continue;
            if (role === 'new') gone.delete(keyOf(call.caller, object));
            else if (role === 'linker') judge(call, object);
          }
        },
        NdisQueryOffloadState: judgeTree,
        NdisUpdateOffload: judgeTree,
        NdisInvalidateOffload: judgeTree,
        NdisTerminateOffload: judgeTree,
        NdisOffloadTcpSend: judgeData,
        NdisOffloadTcpReceive: judgeData,
        NdisOffloadTcpForward: judgeData,
        NdisOffloadTcpDisconnect: judgeData,
      },
    };
  }),

  rule('TRM-004', ({ expect, facts }) => ({
    call: {
      NdisTerminateOffload: (call) => {
        for (const { object, connection } of connectionsIn(facts, call)) {
          const held = facts.objects.at('protocol', call.caller, object);
          const request = held?.requests.find(({ verb }) => verb !== 'terminate');
          let running: Call | undefined;
          for (const open of facts.calls.all())
            if (
              open.connection === connection &&
              open.caller === call.caller &&
              (open.functionName === 'NdisOffloadTcpReceive' ||
                open.functionName === 'NdisOffloadTcpDisconnect')
            )
              running = open;
          expect(request === undefined && running === undefined, () => ({
            events: [(request?.call ?? running)?.event, call.event],
            found:
              request === undefined
                ? `a terminate was requested while ${running!.functionName} had not returned`
                : `a terminate was requested while a ${request.verb} of the connection was under way`,
            expected:
              'the terminate after the completion of queries, updates and invalidates, and the return of data calls',
            component: call.caller,
            connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-005', ({ expect, facts }) => ({
    call: {
      NdisTerminateOffload: (call) => {
        leftBehind(facts, call, ({ object }, dependents, left) => {
          // Where some of them are named, TRM-006 asks for the others.
          if (left.length < dependents.length) return;
          const alive = left.find(({ place }) => place !== 'terminating');
          const worst = alive ?? left[0];
          expect(worst === undefined, () => ({
            events: [worst?.since.event, call.event],
            found:
              alive === undefined
                ? 'a path or neighbor was terminated while the terminate of what depends on it was under way'
                : 'a path or neighbor was terminated on which an offloaded object depends',
            expected: 'the terminate of everything that depends on it first, or in the same tree',
            component: call.caller,
            object,
            ...(alive === undefined ? { severity: 'warning' as const } : {}),
          }));
        });
      },
    },
  })),

  rule('TRM-006', ({ expect, facts }) => ({
    call: {
      NdisTerminateOffload: (call) => {
        leftBehind(facts, call, ({ object }, dependents, left) => {
          if (left.length === dependents.length) return;
          const alive = left.find(({ place }) => place !== 'terminating');
          expect(alive === undefined, () => ({
            events: [alive?.since.event, call.event],
            found: `a terminate names a path or neighbor with ${dependents.length - left.length} of the ${dependents.length} objects that depend on it`,
            expected: 'all objects that depend on it in the same tree',
            component: call.caller,
            object,
          }));
        });
      },
    },
  })),

  rule('TRM-007', ({ expect, facts }) => {
    const drivers = new Set<number>();
    return {
      call: {
        NdisInitiateOffload: (call) => {
          drivers.add(call.caller);
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const driver of drivers)
          for (const held of facts.objects.allAt('protocol', driver)) {
            const known = facts.objects.find(held.object);
            if (known === undefined || known.layer === 'tcp' || held.place !== 'held') continue;
            expect(dependentsOf(facts, driver, held.object).length > 0, () => ({
              events: [held.since.event],
              found: `a ${known.layer} on which nothing depends stays offloaded to the end of the trace`,
              expected: `NdisTerminateOffload of the ${known.layer}`,
              component: driver,
              object: held.object,
            }));
          }
      },
    };
  }),

  rule('TRM-008', ({ expect, facts }) => ({
    call: {
      MiniportTerminateOffload: (call) => {
        for (const { object, snapshot } of treeOf(call)) {
          const known = facts.objects.find(object);
          const allowed = known === undefined ? undefined : delegatedStructures[known.layer];
          const other = snapshot.states.find(
            ({ structure }) => structure.includes('_OFFLOAD_STATE_') && structure !== allowed,
          );
          expect(other === undefined || known === undefined, () => ({
            events: [call.parent?.event, call.event],
            found: `a terminate block is followed by ${other!.structure}`,
            expected: `${allowed} or nothing`,
            component: call.parent?.caller,
            connection: known?.connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-011', ({ expect, facts }) => {
    const judge = (call: Call): void => {
      const held = facts.objects.connectionAt('protocol', call.caller, call.connection);
      expect(held?.place !== 'terminating', () => ({
        events: [held?.since.event, call.event],
        found: `${call.functionName} was called after NdisTerminateOffload of the connection`,
        expected: 'no more sends and receives on the connection',
        component: call.caller,
        connection: call.connection,
      }));
    };
    return { call: { NdisOffloadTcpSend: judge, NdisOffloadTcpReceive: judge } };
  }),

  rule('TRM-014', ({ expect, facts }) => ({
    call: {
      NdisOffloadTcpForward: (call) => {
        const held = facts.objects.connectionAt('protocol', call.caller, call.connection);
        expect(held?.place !== 'terminating', () => ({
          events: [held?.since.event, call.event],
          found: 'a segment was forwarded after NdisTerminateOffload of the connection',
          expected: 'the host stack keeps the segment, and processes it after the terminate',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('TRM-038', ({ expect, facts }) => {
    /** Objects whose terminate has failed. */
    const failed = new Map<number, { readonly completion: Call; readonly object: number }>();
    return {
      call: {
        ProtocolTerminateOffloadComplete: (call) => {
          for (const { block, object } of connectionsIn(facts, call))
            if (block.status === NDIS_STATUS.FAILURE)
              failed.set(keyOf(call.callee, object), { completion: call, object });
        },
        NdisTerminateOffload: (call) => {
          for (const { object } of connectionsIn(facts, call))
            if (failed.delete(keyOf(call.caller, object)))
              expect(true, () => ({ events: [], found: '', expected: '' }));
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const { completion, object } of failed.values())
          expect(false, () => ({
            events: [completion.event],
            found: 'a terminate failed, and the object was never terminated again',
            expected: 'a second NdisTerminateOffload',
            component: completion.callee,
            connection: facts.objects.find(object)?.connection,
            object,
          }));
      },
    };
  }),
];
