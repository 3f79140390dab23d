/** Rules about receive indications: their form, and the client's answer. */
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { carries } from '../../engine/carrying';
import type { Call } from '../../engine/call';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { flows } from '../../facts/flows';
import { stays, type Stay } from '../../facts/stays';
import { firstWithRoom, isBehind } from '../receive/passes';

const dispatchLevel = 2;

const answers = new Set<number>([
  NDIS_STATUS.SUCCESS,
  NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED,
  NDIS_STATUS.OFFLOAD_DATA_PARTIALLY_ACCEPTED,
]);

/** Bytes that a call indicates; a chain, which is wrong in itself (IND-001), counts by its first list. */
function lengthOf(call: Call): number {
  return call.lists[0]?.dataLength ?? 0;
}

/** Checks what a client says of an indication that it answered with a status. */
function bytesConsumed(
  { expect }: RuleContext,
  status: number,
  expected: string,
  holds: (consumed: number, length: number) => boolean,
): Handlers {
  return {
    returned: {
      ProtocolTcpOffloadReceiveIndicate: (call) => {
        const consumed = call.numberOut('BytesConsumed');
        if (call.status !== status || consumed === undefined) return;
        const length = lengthOf(call);
        expect(holds(consumed, length), () => ({
          events: [call.event, call.returned?.event],
          found: `an indication of ${length} bytes was answered with ${statusName(status)} and ${consumed} bytes consumed`,
          expected,
          component: call.callee,
          connection: call.connection,
        }));
      },
    },
  };
}

/** See the file's head. */
export const indicationRules: readonly Rule[] = [
  rule('IND-001', ({ expect }) => ({
    call: {
      NdisTcpOffloadReceiveHandler: (call) => {
        expect(call.lists.length === 1, () => ({
          events: [call.event],
          found: `an indication passed a chain of ${call.lists.length} lists`,
          expected: 'one list whose Next is NULL',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('IND-002', ({ expect, facts }) => {
    const judge = (call: Call): void => {
      if (facts.machine.role(call.caller) !== 'offload-target') return;
      for (const { netBufferCount, mdlCount } of call.lists)
        expect(netBufferCount === 1 && mdlCount > 0, () => ({
          events: [call.event],
          found: `${call.functionName} passed a list with ${netBufferCount} NET_BUFFERs and ${mdlCount} MDLs`,
          expected: 'one NET_BUFFER, with as many MDLs as it takes',
          component: call.caller,
          connection: call.connection,
        }));
    };
    return {
      call: { NdisTcpOffloadReceiveHandler: judge, NdisMIndicateReceiveNetBufferLists: judge },
    };
  }),

  rule('IND-003', ({ expect }) => ({
    call: {
      NdisTcpOffloadReceiveHandler: (call) => {
        const status = call.number('Status');
        if (status === undefined) return;
        expect(status === NDIS_STATUS.SUCCESS, () => ({
          events: [call.event],
          found:
            status === NDIS_STATUS.RESOURCES
              ? 'data of a connection was indicated with NDIS_STATUS_RESOURCES, which is for the non-offload path'
              : `data of a connection was indicated with ${statusName(status)}`,
          expected: 'NDIS_STATUS_SUCCESS',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('IND-004', ({ expect }) => ({
    call: {
      NdisTcpOffloadReceiveHandler: (call) => {
        expect(call.record.irql === dispatchLevel, () => ({
          events: [call.event],
          found: `NdisTcpOffloadReceiveHandler was called at IRQL ${call.record.irql}`,
          expected: 'DISPATCH_LEVEL',
          component: call.caller,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('IND-006', ({ expect, facts }) => {
    const connections = facts.of(stays);
    const segments = facts.of(flows);
    return {
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          const flow = segments.of(call.connection);
          const acknowledged = flow?.machine.sent.acknowledgment;
          if (stay === undefined || stay.indicationSize !== 0 || acknowledged === undefined) return;
          if (facts.machine.role(call.caller) !== 'offload-target') return;
          const hasFin = flow?.peer.arrived.finEnd === acknowledged;
          const held = sequenceDistance(stay.delivered, acknowledged) - (hasFin ? 1 : 0);
          const length = lengthOf(call);
          expect(length >= held, () => ({
            events: [flow?.machine.sent.acknowledgmentBy?.event, call.event],
            found: `${length} bytes were indicated of at least ${held} that had been acknowledged and not handed over`,
            expected: 'all there is, as RcvIndicationSize is 0',
            component: call.caller,
            connection: call.connection,
            object: stay.object,
          }));
        },
      },
    };
  }),

  rule('IND-007', ({ expect, facts }) => {
    const connections = facts.of(stays);
    return {
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          if (stay === undefined || stay.indicationSize === 0) return;
          const open = facts.lists.open('miniport', call.caller, call.connection, 'receive');
          if (open.size > 0) return;
          const length = lengthOf(call);
          expect(length <= stay.indicationSize, () => ({
            events: [stay.initiate.event, call.event],
            found: `${length} bytes were indicated with no receive posted, and RcvIndicationSize is ${stay.indicationSize}`,
            expected: 'about as many as RcvIndicationSize; the rest waits for the receive that follows',
            component: call.caller,
            connection: call.connection,
            object: stay.object,
          }));
        },
      },
    };
  }),

  rule('IND-008', ({ expect }) => ({
    returned: {
      ProtocolTcpOffloadReceiveIndicate: (call) => {
        const { status } = call;
        expect(status !== undefined && answers.has(status), () => ({
          events: [call.event, call.returned?.event],
          found: `an indication was answered with ${status === undefined ? 'nothing' : statusName(status)}`,
          expected: [...answers].map((one) => statusName(one)).join(', '),
          component: call.callee,
          connection: call.connection,
        }));
      },
    },
  })),

  rule('IND-009', (context) =>
    bytesConsumed(
      context,
      NDIS_STATUS.SUCCESS,
      'BytesConsumed equal to what was indicated',
      (consumed, length) => consumed === length,
    ),
  ),

  rule('IND-010', (context) =>
    bytesConsumed(
      context,
      NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED,
      'BytesConsumed 0',
      (consumed) => consumed === 0,
    ),
  ),

  rule('IND-011', (context) =>
    bytesConsumed(
      context,
      NDIS_STATUS.OFFLOAD_DATA_PARTIALLY_ACCEPTED,
      'BytesConsumed above 0 and below what was indicated',
      (consumed, length) => consumed > 0 && consumed < length,
    ),
  ),

  rule('IND-012', ({ expect, facts }) => {
    const judge = (call: Call): void => {
      for (const { address } of call.lists) {
        const lent = facts.lists.find('miniport', call.caller, address);
        const isLent = lent?.purpose === 'indication';
        expect(!isLent, () => ({
          events: [lent?.call.event, call.event],
          found: `list 0x${address.toString(16)} was indicated again before it had been returned`,
          expected: 'a list of its own until MiniportTcpOffloadReceiveReturn',
          component: call.caller,
          connection: call.connection,
        }));
      }
    };
    return {
      call: { NdisTcpOffloadReceiveHandler: judge, NdisMIndicateReceiveNetBufferLists: judge },
    };
  }),

  rule('IND-015', ({ expect, facts }) => {
    const connections = facts.of(stays);
    return {
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          if (stay === undefined) return;
          const { refusal } = stay;
          expect(refusal === undefined, () => ({
            events: [refusal!.call.event, refusal!.call.returned?.event, call.event],
            found: `data was indicated again; the indication before had left ${refusal!.held} bytes, and no receive had been posted since`,
            expected: 'the data is kept until the host stack posts a receive',
            component: call.caller,
            connection: call.connection,
            object: stay.object,
          }));
        },
      },
    };
  }),

  rule('IND-016', ({ expect, facts }) => {
    const connections = facts.of(stays);
    return {
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          const refusal = stay?.lastRefusal;
          if (stay === undefined || refusal === undefined || stay.refusal !== undefined) return;
          const open = firstWithRoom(facts, call, refusal.call.event);
          expect(open === undefined || !isBehind(open.call, call), () => ({
            events: [refusal.call.event, open!.call.event, call.event],
            found:
              'data was indicated, and a receive that had been posted after a refusal was not filled yet',
            expected: 'receives that answer a refusal are filled and completed before anything is indicated',
            component: call.caller,
            connection: call.connection,
            object: stay.object,
          }));
        },
      },
    };
  }),

  rule('IND-017', ({ expect, facts }) => {
    const connections = facts.of(stays);
    const segments = facts.of(flows);
    /** Receives without room that have lifted a block, and what was held then. */
    const lifted = new Map<
      Stay,
      { readonly post: Call; readonly held: number; readonly delivered: number }
    >();
    return {
      call: {
        MiniportTcpOffloadReceive: (call) => {
          const stay = connections.of(call.callee, call.connection);
          if (stay?.refusal === undefined) return;
          const hasRoom = call.lists.some(({ dataLength }) => dataLength > 0);
          if (hasRoom) return;
          const flow = segments.of(stay.connection);
          const acknowledged = flow?.machine.sent.acknowledgment ?? stay.delivered;
          const fin = flow?.peer.arrived.finEnd === acknowledged ? 1 : 0;
          const held = Math.max(stay.refusal.held, sequenceDistance(stay.delivered, acknowledged) - fin);
          lifted.set(stay, { post: call, held, delivered: stay.delivered });
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'receive' || lent.snapshot.dataLength > 0) continue;
            expect(list.bytesTransferred === 0, () => ({
              events: [lent.call.event, call.event],
              found: `a receive without room reports ${list.bytesTransferred} bytes`,
              expected: '0 bytes',
              component: call.caller,
              connection: lent.connection,
            }));
          }
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          const known = stay === undefined ? undefined : lifted.get(stay);
          if (stay === undefined || known === undefined) return;
          lifted.delete(stay);
          if (stay.indicationSize !== 0 || stay.delivered !== known.delivered) return;
          const length = lengthOf(call);
          expect(length >= known.held, () => ({
            events: [known.post.event, call.event],
            found: `${known.held} bytes were held when a receive without room was posted, and ${length} were indicated after it`,
            expected: 'such a receive takes none of them',
            component: call.caller,
            connection: call.connection,
            object: stay.object,
          }));
        },
      },
    };
  }),

  rule('IND-020', ({ expect, facts }) => {
    const connections = facts.of(stays);
    return {
      call: {
        NdisTcpOffloadReceiveHandler: (call) => {
          const stay = connections.of(call.caller, call.connection);
          const before = stay?.lastDelivery;
          const isSamePass =
            before?.functionName === 'NdisTcpOffloadReceiveHandler' &&
            before.status === NDIS_STATUS.SUCCESS &&
            before.processor === call.processor &&
            before.record.parent === call.record.parent &&
            before.record.cause === call.record.cause;
          if (stay === undefined || before === undefined || !isSamePass) return;
          const open = firstWithRoom(facts, call, before.event);
          const isThere =
            open?.call.returned !== undefined && open.call.returned.event < before.returned!.event;
          expect(!isThere, () => ({
            events: [before.event, open!.call.event, call.event],
            found: 'a second indication followed in one pass, and a receive had been posted since the first',
            expected: 'posted receives come before the next indication',
            component: call.caller,
            connection: call.connection,
            object: stay.object,
          }));
        },
      },
    };
  }),

  rule('IND-021', (context) => {
    const handlers = carries(context, 'NdisTcpOffloadReceiveHandler', 'ProtocolTcpOffloadReceiveIndicate', {
      inner: (outer, inner) => {
        const isSame =
          outer.number('Status') === inner.number('Status') &&
          outer.number('NdisOffloadHandle') === inner.number('OffloadContext');
        if (isSame) return undefined;
        return {
          found:
            'ProtocolTcpOffloadReceiveIndicate got another status or another handle than NdisTcpOffloadReceiveHandler',
          expected: 'the same Status, and the NDIS_OFFLOAD_HANDLE as OffloadContext',
          component: inner.caller,
          connection: inner.connection,
        };
      },
    });
    const inside = new Map<Call, Call>();
    return {
      call: handlers.call ?? {},
      returned: {
        ...handlers.returned,
        ProtocolTcpOffloadReceiveIndicate: (call) => {
          if (call.parent !== undefined) inside.set(call.parent, call);
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          handlers.returned?.NdisTcpOffloadReceiveHandler?.(call);
          const inner = inside.get(call);
          inside.delete(call);
          if (inner === undefined) return;
          const isSame =
            inner.status === call.status &&
            inner.numberOut('BytesConsumed') === call.numberOut('BytesConsumed');
          context.expect(isSame, () => ({
            events: [inner.event, inner.returned?.event, call.returned?.event],
            found:
              'NdisTcpOffloadReceiveHandler returned something else than ProtocolTcpOffloadReceiveIndicate',
            expected: 'the status and the BytesConsumed of the driver above',
            component: call.callee,
            connection: call.connection,
          }));
        },
      },
    };
  }),
];
