/** What nobody may do while an offload is in progress, and what must become of it (INI-005, INI-048 to INI-055). */
import type { FunctionName } from '../../../ddi/catalogue';
import { statusName, NDIS_STATUS } from '../../../ddi/status';
import { isOfTarget, nameOf } from '../../engine/blocks';
import type { Call } from '../../engine/call';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { treeOf } from '../../engine/tree';

/** Initiates that are open longer than this at the end of a run have been forgotten, virtual ns. */
const patience = 100e6;

/**
 * Statuses that say whether offloads may be offered at all, and that the link has changed: a target that kept them back until no initiate is
 * open might never get to tell them, and every initiate that comes meanwhile would be in vain.
 */
const urgentStatuses: ReadonlySet<number> = new Set([
  NDIS_STATUS.OFFLOAD_PAUSE,
  NDIS_STATUS.UPLOAD_ALL,
  NDIS_STATUS.OFFLOAD_RESUME,
  NDIS_STATUS.LINK_STATE,
]);

/** A data request for a connection whose offload is in progress. */
function dataRequest({ facts, expect }: RuleContext, functionName: FunctionName): Handlers {
  return {
    call: {
      [functionName]: (call: Call) => {
        const held = facts.objects.connectionAt('protocol', call.caller, call.connection);
        if (held === undefined) return;
        expect(held.place !== 'offloading', () => ({
          events: [held.since.event, call.event],
          found: `${functionName} for a connection whose offload is in progress`,
          expected: 'ProtocolInitiateOffloadComplete first',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  };
}

/** A state request that names an object whose offload is in progress. */
function stateRequests({ facts, expect }: RuleContext, functions: readonly FunctionName[]): Handlers {
  const look = (call: Call): void => {
    for (const block of treeOf(call)) {
      const held = facts.objects.at('protocol', call.caller, block.object);
      if (held === undefined) continue;
      expect(held.place !== 'offloading', () => ({
        events: [held.since.event, call.event],
        found: `${call.functionName} names ${nameOf(facts, block.object)} while its offload is in progress`,
        expected: 'ProtocolInitiateOffloadComplete first',
        component: call.caller,
        object: block.object,
        connection: call.connection,
      }));
    }
  };
  return { call: Object.fromEntries(functions.map((name) => [name, look])) };
}

/** See the file's head. */
export const openOffloadRules: readonly Rule[] = [
  rule('INI-005', ({ facts, expect }) => {
    /** Open initiates of each target by the address of their root, with one that was open when they began or that began while they were. */
    const open = new Map<number, Map<number, { readonly call: Call; beside: Call | undefined }>>();
    let isPaused = false;
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          if (facts.machine.role(call.callee) === 'intermediate-driver') return;
          const root = call.blocks[0];
          if (root === undefined) return;
          let ofDriver = open.get(call.callee);
          if (ofDriver === undefined)
            open.set(
              call.callee,
              (ofDriver = new Map<number, { readonly call: Call; beside: Call | undefined }>()),
            );
          const other = ofDriver.values().next().value;
          if (other !== undefined) other.beside ??= call;
          ofDriver.set(root.address, { call, beside: other?.call });
        },
        NdisMInitiateOffloadComplete: (call) => {
          const root = call.blocks[0];
          const ofDriver = open.get(call.caller);
          const ended = root === undefined ? undefined : ofDriver?.get(root.address);
          if (ended === undefined) return;
          ofDriver!.delete(root!.address);
          if (ended.beside !== undefined) expect(true, () => ({ events: [], found: '', expected: '' }));
        },
        NdisMIndicateStatusEx: (call) => {
          const code = call.number('StatusCode');
          if (code === NDIS_STATUS.OFFLOAD_PAUSE) isPaused = true;
          if (code === NDIS_STATUS.OFFLOAD_RESUME) isPaused = false;
        },
      },
      end: ({ time, complete }) => {
        if (!complete || isPaused) return;
        for (const [driver, ofDriver] of open)
          for (const { call, beside } of ofDriver.values()) {
            if (beside === undefined || time - call.time < patience) continue;
            expect(false, () => ({
              events: [beside.event, call.event],
              found: 'an initiate that came while another one was open was never completed',
              expected: 'NdisMInitiateOffloadComplete for each of them',
              component: driver,
              connection: call.connection,
            }));
          }
      },
    };
  }),

  rule('INI-048', (context) =>
    stateRequests(context, [
      'NdisUpdateOffload',
      'NdisQueryOffloadState',
      'NdisInvalidateOffload',
      'NdisTerminateOffload',
    ]),
  ),
  rule('INI-049', (context) => dataRequest(context, 'NdisOffloadTcpSend')),
  rule('INI-050', (context) => dataRequest(context, 'NdisOffloadTcpReceive')),
  rule('INI-051', (context) => dataRequest(context, 'NdisOffloadTcpForward')),
  rule('INI-052', (context) => dataRequest(context, 'NdisOffloadTcpDisconnect')),

  rule('INI-054', ({ facts, expect }) => {
    /** Completions that have not returned, by the target and the connection that it has taken. */
    const completing = new Map<string, Call>();
    const keyOf = (driver: number, connection: number): string => `${driver} ${connection}`;
    const connections = (call: Call): number[] =>
      treeOf(call).flatMap(({ object, role }) =>
        role === 'new' ? (facts.objects.find(object)?.connection ?? []) : [],
      );
    return {
      call: {
        NdisMInitiateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const connection of connections(call)) completing.set(keyOf(call.caller, connection), call);
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          if (!isOfTarget(facts, call) || call.connection === undefined) return;
          const completion = completing.get(keyOf(call.caller, call.connection));
          const held = facts.objects.connectionAt('miniport', call.caller, call.connection);
          const early = completion ?? (held?.place === 'offloading' ? held.since : undefined);
          expect(early === undefined, () => ({
            events: [early?.event, call.event],
            found: 'received data is indicated before NdisMInitiateOffloadComplete has returned',
            expected: 'NdisMInitiateOffloadComplete entered and returned first',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
      returned: {
        NdisMInitiateOffloadComplete: (call) => {
          for (const connection of connections(call)) {
            const key = keyOf(call.caller, connection);
            if (completing.get(key) === call) completing.delete(key);
          }
        },
      },
    };
  }),

  rule('INI-055', ({ facts, expect }) => {
    const ofAdapter = (call: Call): void => {
      if (!isOfTarget(facts, call) || urgentStatuses.has(call.number('StatusCode') ?? 0)) return;
      let open: Call | undefined;
      for (const tree of facts.objects.treesAt('miniport', call.caller))
        if (tree.verb === 'initiate') open ??= tree.call;
      expect(open === undefined, () => ({
        events: [open?.event, call.event],
        found: `${call.functionName}${statusOf(call)} while an initiate is open`,
        expected: 'NdisMInitiateOffloadComplete first',
        component: call.caller,
      }));
    };
    const ofConnection = (call: Call): void => {
      if (!isOfTarget(facts, call)) return;
      const held = facts.objects.connectionAt('miniport', call.caller, call.connection);
      if (held === undefined) return;
      expect(held.place !== 'offloading', () => ({
        events: [held.since.event, call.event],
        found: `${call.functionName} for a connection whose initiate is open`,
        expected: 'NdisMInitiateOffloadComplete first',
        component: call.caller,
        connection: call.connection,
      }));
    };
    return {
      call: {
        NdisMIndicateStatusEx: ofAdapter,
        NdisMOffloadEventIndicate: ofAdapter,
        NdisTcpOffloadEventHandler: ofConnection,
      },
    };
  }),
];

function statusOf(call: Call): string {
  const code = call.number('StatusCode');
  return code === undefined ? '' : ` of ${statusName(code)}`;
}
