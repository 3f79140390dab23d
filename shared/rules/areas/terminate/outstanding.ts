/** Rules of the area "terminate" about what is outstanding when a terminate is completed, and what may follow. */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { NetBufferListSnapshot } from '../../../trace/records';
import { bufferedDataOf, chainIsRecorded, chainOf } from '../../engine/attachedLists';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import { treeOf } from '../../engine/tree';
import type { ListPurpose } from '../../facts/edges';
import { uploads } from '../../facts/uploads';
import { connectionsIn, keyOf } from './requests';

const retrieveEvent = constantValue('TcpIndicateRetrieve');
const abortEvent = constantValue('TcpIndicateAbort');
const hardwareFailure = constantValue('HardwareFailure');

const indications: ReadonlySet<string> = new Set([
  'NdisTcpOffloadEventHandler',
  'NdisTcpOffloadReceiveHandler',
]);
const adapterIndications: ReadonlySet<string> = new Set([
  'NdisMOffloadEventIndicate',
  'NdisMIndicateStatusEx',
]);

const dataPurposes: readonly ListPurpose[] = ['receive', 'disconnect', 'forward', 'send'];

/** See the file's head. */
export const outstandingRules: readonly Rule[] = [
  rule('TRM-010', ({ expect, facts }) => {
    const known = facts.of(uploads);
    /** Sends that were refused before anybody had asked for the upload, by driver and connection. */
    const early = new Map<number, { readonly call: Call; readonly connection: number }>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call))
            early.delete(keyOf(call.callee, connection));
        },
        NdisTcpOffloadSendComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'send' || lent.connection === undefined) continue;
            const { connection } = lent;
            const key = keyOf(call.caller, connection);
            const upload = known.uploadOf(call.caller, connection) ?? known.abortOf(call.caller, connection);
            if (list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS) {
              if (upload === undefined) early.set(key, { call, connection });
              else expect(true, () => ({ events: [], found: '', expected: '' }));
            }
            const before = early.get(key);
            if (before === undefined || list.status !== NDIS_STATUS.SUCCESS) continue;
            if (lent.call.event < before.call.event) continue;
            if (upload === undefined) early.delete(key);
            expect(upload !== undefined, () => ({
              events: [before.call.event, call.event],
              found:
                'a send was completed with NDIS_STATUS_UPLOAD_IN_PROGRESS, and one that was posted later was sent',
              expected: 'no new byte is sent from then on, and the upload is asked for',
              component: call.caller,
              connection,
            }));
          }
        },
      },
      end: ({ complete }) => {
        if (!complete || !facts.historyComplete) return;
        for (const { call, connection } of early.values())
          expect(known.uploadOf(call.caller, connection) !== undefined, () => ({
            events: [call.event],
            found:
              'a send was completed with NDIS_STATUS_UPLOAD_IN_PROGRESS, and no upload was asked for or made',
            expected: 'TcpIndicateRetrieve, NDIS_STATUS_UPLOAD_ALL or a terminate',
            component: call.caller,
            connection,
          }));
      },
    };
  }),

  rule('TRM-017', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: (call) => {
        for (const block of treeOf(call)) {
          const { object, status } = block;
          const known = facts.objects.find(object);
          if (known === undefined || status !== NDIS_STATUS.SUCCESS) continue;
          const held = facts.objects.at('miniport', call.caller, object);
          let open = held?.requests.find(({ verb }) => verb !== 'terminate')?.call;
          let what = open?.functionName as string | undefined;
          if (known.connection !== undefined && chainIsRecorded(call, block)) {
            const chained = new Set(chainOf(call, block).map(({ address }) => address));
            for (const purpose of dataPurposes)
              for (const list of facts.lists.open('miniport', call.caller, known.connection, purpose))
                if (open === undefined && !chained.has(list.address)) {
                  open = list.call;
                  what = `a ${purpose} request`;
                }
          }
          expect(open === undefined, () => ({
            events: [open?.event, call.event],
            found: `a terminate was completed while ${what} was outstanding`,
            expected: 'every outstanding request completed first',
            component: call.caller,
            connection: known.connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-018', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: (call) => {
        const connections = new Set(connectionsIn(facts, call).map(({ connection }) => connection));
        let running: Call | undefined;
        for (const open of facts.calls.all()) {
          if (open.caller !== call.caller) continue;
          const { connection } = open;
          if (
            adapterIndications.has(open.functionName) ||
            (indications.has(open.functionName) && connection !== undefined && connections.has(connection))
          )
            running ??= open;
        }
        expect(running === undefined, () => ({
          events: [running?.event, call.event],
          found: `a terminate was completed while ${running!.functionName} had not returned`,
          expected: 'all indications of the object return first',
          component: call.caller,
          connection: running?.connection ?? call.connection,
        }));
      },
    },
  })),

  rule('TRM-025', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: (call) => {
        for (const { block, object, connection } of connectionsIn(facts, call)) {
          if (block.status !== NDIS_STATUS.SUCCESS || !chainIsRecorded(call, block)) continue;
          const open = facts.lists.open('miniport', call.caller, connection, 'send');
          if (open.size === 0) continue;
          const outstanding = new Map([...open].map((list) => [list.address, list]));
          const chained = new Set<number>();
          let twice: NetBufferListSnapshot | undefined;
          for (const list of chainOf(call, block)) {
            if (!outstanding.has(list.address) || chained.has(list.address)) twice ??= list;
            chained.add(list.address);
          }
          const lost = [...open].find(({ address }) => !chained.has(address));
          const fine = twice === undefined && lost === undefined;
          expect(fine || (lost === undefined && !facts.historyComplete), () => ({
            events: [lost?.call.event, call.event],
            found:
              lost === undefined
                ? 'a terminate hands a send back that had been completed before'
                : 'an outstanding send was neither completed nor handed back with the terminate',
            expected: 'each outstanding send once: completed, or in NetBufferListChain',
            component: call.caller,
            connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-026', ({ expect, facts }) => {
    /** Sends that were completed with UPLOAD_IN_PROGRESS, by driver and connection: the order of the first. */
    const refused = new Map<number, { readonly order: number; readonly call: Call }>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call))
            refused.delete(keyOf(call.callee, connection));
        },
        NdisTcpOffloadSendComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            if (lent?.purpose !== 'send' || lent.connection === undefined) continue;
            if (list.status !== NDIS_STATUS.UPLOAD_IN_PROGRESS) continue;
            const key = keyOf(call.caller, lent.connection);
            if (!refused.has(key)) refused.set(key, { order: lent.order, call });
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, object, connection } of connectionsIn(facts, call)) {
            const chain = chainOf(call, block);
            if (chain.length === 0) continue;
            const posted = chain.map(({ address }) => facts.lists.find('miniport', call.caller, address));
            if (posted.some((list) => list?.purpose !== 'send')) continue;
            const orders = posted.map((list) => list!.order);
            const at = orders.findIndex((order, index) => index > 0 && order < orders[index - 1]!);
            const first = refused.get(keyOf(call.caller, connection));
            const mixed = first !== undefined && first.order < orders[orders.length - 1]!;
            expect(at < 0 && !mixed, () => ({
              events: at < 0 ? [first?.call.event, call.event] : [posted[at]?.call.event, call.event],
              found:
                at < 0
                  ? 'a send that lies before the chain was completed with NDIS_STATUS_UPLOAD_IN_PROGRESS'
                  : 'a terminate hands sends back in another order than they were posted in',
              expected: 'the earliest outstanding sends, in the order of posting',
              component: call.caller,
              connection,
              object,
              ...(at < 0 ? { severity: 'warning' as const } : {}),
            }));
          }
        },
      },
    };
  }),

  rule('TRM-027', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: (call) => {
        for (const { block, object, connection } of connectionsIn(facts, call)) {
          if (block.status !== NDIS_STATUS.SUCCESS || !facts.historyComplete) continue;
          if (facts.lists.open('miniport', call.caller, connection, 'send').size > 0) continue;
          const chain = block.structure.pointer('NetBufferListChain');
          expect(chain === 0 || chain === undefined, () => ({
            events: [facts.objects.at('miniport', call.caller, object)?.since.event, call.event],
            found: 'a terminate hands a chain back although no send is outstanding',
            expected: 'NetBufferListChain of NULL',
            component: call.caller,
            connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-028', ({ expect, facts }) => ({
    call: {
      NdisMTerminateOffloadComplete: (call) => {
        for (const { block, object, connection } of connectionsIn(facts, call)) {
          const chain = chainOf(call, block);
          const state = block.state('TCP_OFFLOAD_STATE_DELEGATED');
          if (chain.length === 0 || state === undefined) continue;
          const withData = chain.filter(({ dataLength }) => dataLength > 0);
          const head = state.pointer('SendDataHead');
          const tail = state.pointer('SendDataTail');
          const isRight = head === chain[0]!.address && tail === withData.at(-1)?.address;
          expect(isRight || withData.length === 0, () => ({
            events: [facts.objects.at('miniport', call.caller, object)?.since.event, call.event],
            found: `a chain of ${chain.length} sends comes back with ${head === chain[0]!.address ? 'a wrong or no SendDataTail' : 'a wrong or no SendDataHead'}`,
            expected: 'SendDataHead at the first list of the chain, SendDataTail at the last one with data',
            component: call.caller,
            connection,
            object,
          }));
        }
      },
    },
  })),

  rule('TRM-022', ({ expect, facts }) => {
    /** BufferedData that the driver above has, by driver and address. */
    const lent = new Map<number, Call>();
    const judge = (call: Call): void => {
      if (lent.size === 0) return;
      for (const { address } of call.lists) {
        const completion = lent.get(keyOf(call.caller, address));
        expect(completion === undefined, () => ({
          events: [completion?.event, call.event],
          found: `${call.functionName} passes a NET_BUFFER_LIST of BufferedData that has not been returned`,
          expected: 'MiniportTcpOffloadReceiveReturn of the list first',
          component: call.caller,
          connection: call.connection,
        }));
      }
    };
    return {
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block } of connectionsIn(facts, call))
            for (const { address } of bufferedDataOf(call, block))
              lent.set(keyOf(call.caller, address), call);
        },
        MiniportTcpOffloadReceiveReturn: (call) => {
          for (const { address } of call.lists)
            if (lent.delete(keyOf(call.callee, address)))
              expect(true, () => ({ events: [], found: '', expected: '' }));
        },
        NdisTcpOffloadReceiveHandler: judge,
        NdisMIndicateReceiveNetBufferLists: judge,
      },
    };
  }),

  rule('TRM-023', ({ expect, facts }) => {
    const lent = new Map<number, { readonly completion: Call; readonly address: number; back?: Call }>();
    return {
      call: {
        ProtocolTerminateOffloadComplete: (call) => {
          for (const { block } of connectionsIn(facts, call))
            for (const { address } of bufferedDataOf(call, block))
              lent.set(keyOf(call.callee, address), { completion: call, address });
        },
        NdisOffloadTcpReceiveReturn: (call) => {
          for (const { address } of call.lists) {
            const entry = lent.get(keyOf(call.caller, address));
            if (entry === undefined) continue;
            const { back } = entry;
            expect(back === undefined, () => ({
              events: [back?.event, call.event],
              found: 'a NET_BUFFER_LIST of BufferedData was returned twice',
              expected: 'one return of each list',
              component: call.caller,
            }));
            entry.back = call;
          }
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          // Its owner uses it again: from now on its returns belong to the indication.
          for (const { address } of call.lists)
            for (const [key, entry] of lent)
              if (entry.address === address && entry.back !== undefined) lent.delete(key);
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const { completion, back } of lent.values())
          expect(back !== undefined, () => ({
            events: [completion.event],
            found: 'a NET_BUFFER_LIST of BufferedData was never returned',
            expected: 'NdisOffloadTcpReceiveReturn of every list',
            component: completion.callee,
            connection: completion.connection,
          }));
      },
    };
  }),

  rule('TRM-033', ({ expect, facts }) => {
    /** Connections whose terminate has been completed, by driver. */
    const gone = new Map<number, Call>();
    const judge = (call: Call): void => {
      if (call.connection === undefined) return;
      const completion = gone.get(keyOf(call.caller, call.connection));
      expect(completion === undefined, () => ({
        events: [completion?.event, call.event],
        found: `${call.functionName} for a connection whose terminate has been completed`,
        expected: 'no indication and no completion after NdisMTerminateOffloadComplete',
        component: call.caller,
        connection: call.connection,
      }));
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { connection } of connectionsIn(facts, call))
            gone.delete(keyOf(call.callee, connection));
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, connection } of connectionsIn(facts, call))
            if (block.status === NDIS_STATUS.SUCCESS) gone.set(keyOf(call.caller, connection), call);
        },
        NdisTcpOffloadEventHandler: judge,
        NdisTcpOffloadReceiveHandler: judge,
        NdisTcpOffloadSendComplete: judge,
        NdisTcpOffloadReceiveComplete: judge,
        NdisTcpOffloadDisconnectComplete: judge,
        NdisTcpOffloadForwardComplete: judge,
      },
    };
  }),

  rule('TRM-035', ({ expect, facts }) => {
    const buffered = new Set<number>();
    const late = new Set<Call>();
    return {
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block } of connectionsIn(facts, call))
            for (const { address } of bufferedDataOf(call, block)) buffered.add(keyOf(call.caller, address));
        },
        MiniportTcpOffloadReceiveReturn: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            const isBuffered = buffered.delete(keyOf(call.callee, list.address));
            const isGone =
              lent?.connection !== undefined &&
              facts.objects.connectionAt('miniport', call.callee, lent.connection) === undefined;
            if (isBuffered || isGone) late.add(call);
          }
        },
      },
      returned: {
        MiniportTcpOffloadReceiveReturn: (call) => {
          if (!late.delete(call)) return;
          expect(call.status === NDIS_STATUS.SUCCESS, () => ({
            events: [call.event, call.returned?.event],
            found: `lists that came back after the terminate were refused with ${statusName(call.status ?? 0)}`,
            expected: 'NDIS_STATUS_SUCCESS',
            component: call.callee,
          }));
        },
      },
    };
  }),

  rule('TRM-032', ({ expect, facts }) => {
    const known = facts.of(uploads);
    const failures: { readonly call: Call; readonly object: number; readonly connection: number }[] = [];
    const explained = new Set<number>();
    return {
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, object, connection } of connectionsIn(facts, call)) {
            const { status } = block;
            const isKnown = status === NDIS_STATUS.SUCCESS || status === NDIS_STATUS.FAILURE;
            expect(isKnown, () => ({
              events: [facts.objects.at('miniport', call.caller, object)?.since.event, call.event],
              found: `a terminate ended with ${statusName(status)}`,
              expected: 'NDIS_STATUS_SUCCESS, or NDIS_STATUS_FAILURE where the object is lost',
              component: call.caller,
              connection,
              object,
            }));
            if (status !== NDIS_STATUS.FAILURE || known.of(call.caller, connection).failure !== undefined)
              continue;
            failures.push({ call, object, connection });
          }
        },
        NdisTcpOffloadEventHandler: (call) => {
          if (call.connection === undefined || failures.length === 0) return;
          if (call.number('EventSpecificInformation') === hardwareFailure)
            explained.add(keyOf(call.caller, call.connection));
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const { call, object, connection } of failures)
          expect(explained.has(keyOf(call.caller, connection)), () => ({
            events: [call.event],
            found: 'a terminate failed, and no hardware failure was reported',
            expected: 'NDIS_STATUS_SUCCESS in whatever state the connection is',
            component: call.caller,
            connection,
            object,
          }));
      },
    };
  }),

  rule('TRM-036', ({ expect, facts }) => {
    interface Failure {
      readonly call: Call;
      readonly connection: number;
      /** Events that have followed. */
      count: number;
    }
    const failures = new Map<number, Failure>();
    const expected = 'TcpIndicateRetrieve with HardwareFailure, then TcpIndicateAbort';
    return {
      call: {
        NdisMTerminateOffloadComplete: (call) => {
          for (const { block, connection } of connectionsIn(facts, call)) {
            if (block.status !== NDIS_STATUS.FAILURE) continue;
            failures.set(keyOf(call.caller, connection), { call, connection, count: 0 });
          }
        },
        NdisTcpOffloadEventHandler: (call) => {
          if (call.connection === undefined || failures.size === 0) return;
          const key = keyOf(call.caller, call.connection);
          const failure = failures.get(key);
          if (failure === undefined) return;
          const type = call.number('EventType');
          const isRight =
            failure.count++ === 0
              ? type === retrieveEvent && call.number('EventSpecificInformation') === hardwareFailure
              : type === abortEvent;
          if (!isRight || failure.count === 2) failures.delete(key);
          expect(isRight, () => ({
            events: [failure.call.event, call.event],
            found: `event ${failure.count} after a failed terminate is another one than it has to be`,
            expected,
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const { call, connection, count } of failures.values())
          expect(false, () => ({
            events: [call.event],
            found: `a failed terminate was followed by ${count} of two events`,
            expected,
            component: call.caller,
            connection,
          }));
      },
    };
  }),

  rule('TRM-037', ({ expect, facts }) => {
    const known = facts.of(uploads);
    const judge = (call: Call): void => {
      for (const { list, lent } of facts.lists.givenBack(call)) {
        if (lent?.connection === undefined) continue;
        if (lent.purpose !== 'send' && lent.purpose !== 'receive') continue;
        const held = facts.objects.connectionAt('miniport', call.caller, lent.connection);
        const { failure } = known.of(call.caller, lent.connection);
        if (failure === undefined || held?.place !== 'terminating') continue;
        expect(list.status === NDIS_STATUS.REQUEST_ABORTED, () => ({
          events: [held.since.event, call.event],
          found: `a ${lent.purpose} of a connection whose hardware state is lost was completed with ${statusName(list.status)}`,
          expected: 'NDIS_STATUS_REQUEST_ABORTED',
          component: call.caller,
          connection: lent.connection,
        }));
      }
    };
    return { call: { NdisTcpOffloadSendComplete: judge, NdisTcpOffloadReceiveComplete: judge } };
  }),
];
