/** How events are raised: their kinds, their level, their way up (EVT-001 to EVT-004), and what an upload request names (EVT-017, EVT-018). */
import { nameInGroup } from '../../../ddi/catalogue';
import type { StateLayer } from '../../../trace/records';
import type { Call } from '../../engine/call';
import type { RuleContext } from '../../engine/rule';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import { tcpEvents } from '../../facts/chimneyConnections';

/** Name of an event, or its number. */
export function eventName(type: number | undefined): string {
  return type === undefined
    ? 'no event type'
    : (nameInGroup('TCP_OFFLOAD_EVENT_TYPE', type) ?? `event type ${type}`);
}

/** Name of a TCP_UPLOAD_REASON, or its number. */
export function reasonName(reason: number | undefined): string {
  return (reason === undefined ? undefined : nameInGroup('TCP_UPLOAD_REASON', reason)) ?? `reason ${reason}`;
}

const dispatchLevel = 2;
const smallestReason = 1;
const largestReason = 11;

/** Layer of the object that each NdisOffloadHandle of a miniport's trees stands for, and whether it still does. */
function handlesBelow({ facts }: RuleContext) {
  const layers = new Map<number, StateLayer>();
  const note = (call: Call): void => {
    for (const block of treeOf(call)) {
      const layer = facts.objects.find(block.object)?.layer;
      const handle = block.structure.has('NdisOffloadHandle')
        ? block.structure.number('NdisOffloadHandle')
        : undefined;
      if (layer !== undefined && handle !== undefined && handle !== 0) layers.set(handle, layer);
    }
  };
  return { layers, note };
}

/** See the file's head. */
export const eventCallRules: readonly Rule[] = [
  rule('EVT-001', ({ expect }) => ({
    call: {
      NdisTcpOffloadEventHandler: (call) => {
        const type = call.number('EventType');
        expect(type !== undefined && type >= 1 && type <= 4, () => ({
          events: [call.event],
          found: `NdisTcpOffloadEventHandler with ${eventName(type)}`,
          expected: 'one of the four TCP_OFFLOAD_EVENT_TYPE values, 1 to 4',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('EVT-002', ({ expect }) => ({
    call: {
      NdisTcpOffloadEventHandler: (call) => {
        expect(call.record.irql === dispatchLevel, () => ({
          events: [call.event],
          found: `NdisTcpOffloadEventHandler was called at IRQL ${call.record.irql}`,
          expected: 'DISPATCH_LEVEL (2)',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('EVT-004', ({ expect }) => ({
    call: {
      ProtocolTcpOffloadEvent: (call) => {
        const raised = call.parent;
        if (raised?.functionName !== 'NdisTcpOffloadEventHandler') return;
        const same =
          call.number('OffloadContext') === raised.number('NdisOffloadHandle') &&
          call.number('EventType') === raised.number('EventType') &&
          call.number('EventSpecificInformation') === raised.number('EventSpecificInformation');
        const text = (one: Call, handle: string): string =>
          `(handle ${one.number(handle)}, ${eventName(one.number('EventType'))}, ${one.number('EventSpecificInformation')})`;
        expect(same, () => ({
          events: [raised.event, call.event],
          found: `NdisTcpOffloadEventHandler${text(raised, 'NdisOffloadHandle')} became ProtocolTcpOffloadEvent${text(call, 'OffloadContext')}`,
          expected: 'the same handle, event type and information',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('EVT-017', ({ expect, facts }) => ({
    call: {
      NdisTcpOffloadEventHandler: (call) => {
        if (call.number('EventType') !== tcpEvents.retrieve) return;
        const reason = call.number('EventSpecificInformation') ?? 0;
        expect(reason >= smallestReason && reason <= largestReason, () => ({
          events: [call.event],
          found: `TcpIndicateRetrieve with ${reason} for a reason`,
          expected: `a TCP_UPLOAD_REASON, ${smallestReason} to ${largestReason}`,
          component: call.caller,
          connection: call.connection,
        }));
        if (!facts.historyComplete || call.connection === undefined) return;
        expect(facts.objects.connectionAt('miniport', call.caller, call.connection) !== undefined, () => ({
          events: [call.event],
          found: 'TcpIndicateRetrieve for a connection that is not offloaded there',
          expected: 'the handle of an offloaded TCP connection',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('EVT-018', (context) => {
    const { layers, note } = handlesBelow(context);
    return {
      call: {
        MiniportInitiateOffload: note,
        NdisTcpOffloadEventHandler: (call) => {
          if (call.number('EventType') !== tcpEvents.retrieve) return;
          const layer = layers.get(call.number('NdisOffloadHandle') ?? 0);
          if (layer === undefined) return;
          context.expect(layer === 'tcp', () => ({
            events: [call.event],
            found: `TcpIndicateRetrieve with the handle of a ${layer} object`,
            expected: 'the handle of one TCP connection',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),
];
