/** Rules of the area "query" (QRY): reading offloaded state. */
import { constantValue, structureLayout } from '../../ddi/catalogue';
import type { StructureName } from '../../ddi/generated/structures';
import { NDIS_STATUS } from '../../ddi/status';
import { unwrittenStatus } from '../../trace/unwrittenStatus';
import type { RuleId } from '../catalogue';
import { isAnswerable, isAnswered } from '../engine/answers';
import { attachedStates, isOfTarget, layerOf, typeOf } from '../engine/blocks';
import type { Call } from '../engine/call';
import {
  atOriginalBlocks,
  hardwareFailureSequence,
  mustBeTerminated,
  noBreach,
} from '../engine/requestChecks';
import { rule, type Rule } from '../engine/rule';
import type { StructureView } from '../engine/structureView';
import { treeOf } from '../engine/tree';
import { cachedOf, differingMember } from '../facts/cachedMemory';
import { bufferedDataOf } from '../engine/attachedLists';
import { sequenceDistance } from '../../analysis/tcpSegment';

const notSupported = 0xffff_ffff;

/** More than any backlog: a number as large is half of a pointer. */
const largestBacklog = 2 ** 30;

/** Structures that a Header.Type asks for, in order. */
function structuresOf(type: number): readonly StructureName[] {
  const classes = ['CONST', 'CACHED', 'DELEGATED'] as const;
  const bases = [
    ['NEIGHBOR', constantValue('NeighborOffloadConstState')],
    ['PATH', constantValue('Ip4OffloadConstState')],
    ['PATH', constantValue('Ip6OffloadConstState')],
    ['TCP', constantValue('TcpOffloadConstState')],
  ] as const;
  const all = [
    constantValue('NeighborOffloadState'),
    constantValue('Ip4OffloadState'),
    constantValue('Ip6OffloadState'),
    constantValue('TcpOffloadState'),
  ];
  for (const [index, [name, first]] of bases.entries()) {
    if (type === all[index]) return classes.map((one) => `${name}_OFFLOAD_STATE_${one}` as const);
    const one = classes[type - first];
    if (one !== undefined) return [`${name}_OFFLOAD_STATE_${one}`];
  }
  return [];
}

/** States of TCP that may follow each, directly or later (RFC 9293 section 3.3.2); a connection may always be closed by a RST. */
const later: Readonly<Record<number, readonly number[]>> = {
  4: [4, 5, 6, 7, 8, 9, 10, 0],
  5: [5, 6, 8, 10, 0],
  6: [6, 10, 0],
  7: [7, 9, 0],
  8: [8, 10, 0],
  9: [9, 0],
  10: [10, 0],
  0: [0],
};

/** Whether the upper half of a pointer member is set: no count has that. */
function isPointer(
  delegated: StructureView,
  member: 'SendDataHead' | 'SendDataTail' | 'BufferedData',
): boolean {
  return delegated
    .slice(member)
    .subarray(4)
    .some((byte) => byte !== 0);
}

/** What has gone up on a connection since its offload. */
interface Delivered {
  readonly initiate: Call;
  readonly rcvNxt: number;
  readonly buffered: number;
  bytes: number;
  /** Whether the peer has closed its direction already: its FIN is counted in RcvNxt. */
  readonly closed: boolean;
}

const closedByPeer = new Set(
  (
    [
      'TcpConnectionCloseWait',
      'TcpConnectionClosing',
      'TcpConnectionLastAck',
      'TcpConnectionTimeWait',
    ] as const
  ).map((name) => constantValue(name)),
);

/** See the file's head. */
export const queryRules: readonly Rule[] = [
  rule('QRY-001', (context) =>
    atOriginalBlocks(context, 'NdisQueryOffloadState', (call, block) => {
      const wanted = structuresOf(typeOf(block));
      // A type that is none asks for nothing (TRE-001).
      if (wanted.length === 0) return;
      const given = attachedStates(block);
      const isRight =
        given.length === wanted.length &&
        given.every((name, index) => name === wanted[index]) &&
        given.every((name) => block.state(name)!.number('Header.Length') === structureLayout(name).size);
      context.expect(isRight, () => ({
        events: [call.event],
        found:
          given.length === 0
            ? 'a query block names an object, and nothing is attached to it'
            : `a query block of type ${typeOf(block)} is followed by ${given.join(', ')}`,
        expected: `${wanted.join(', ')} of the right Length behind it`,
        component: call.caller,
        object: block.object,
        connection: call.connection,
      }));
    }),
  ),

  rule('QRY-002', ({ facts, expect }) => ({
    call: {
      NdisMQueryOffloadStateComplete: (call) => {
        const request = facts.objects.requestOf(call)?.call;
        if (request === undefined || !isOfTarget(facts, call)) return;
        const asked = treeOf(request);
        for (const [index, block] of treeOf(call).entries()) {
          const before = asked[index];
          if (!isAnswered(block) || before?.address !== block.address) continue;
          for (const name of attachedStates(block)) {
            const empty = before.state(name);
            const filled = block.state(name)!;
            // Smaller members may have any value by chance.
            const left = structureLayout(name).fields.find(
              (field) =>
                field.kind === 'unsigned' &&
                field.size === 4 &&
                empty?.number(field.name) === unwrittenStatus &&
                filled.number(field.name) === unwrittenStatus,
            );
            const isWhole = filled.number('Header.Length') === empty?.number('Header.Length');
            expect(left === undefined && isWhole, () => ({
              events: [request.event, call.event],
              found:
                left === undefined
                  ? `Length of ${name} has changed`
                  : `${name}.${left.name} still holds what stood there before the query`,
              expected: 'every variable written, Length as it was',
              component: call.caller,
              object: block.object,
              connection: call.connection,
            }));
          }
        }
      },
    },
  })),

  rule('QRY-003', ({ facts, expect }) => {
    /** Last state of each connection that the target was given or has told, with the call. */
    const states = new Map<number, { readonly state: number; readonly call: Call }>();
    const look = (call: Call): void => {
      if (!isOfTarget(facts, call)) return;
      for (const block of treeOf(call)) {
        const state = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('State');
        const { object } = block;
        if (state === undefined || object === undefined || !isAnswered(block)) continue;
        const before = states.get(object);
        if (before !== undefined)
          expect(later[before.state]?.includes(state) === true, () => ({
            events: [before.call.event, call.event],
            found: `State is ${state}, and was ${before.state} before`,
            expected: 'a state that can follow it',
            component: call.caller,
            object,
            connection: facts.objects.find(object)?.connection,
          }));
        // Answers that overtake each other say nothing about the order.
        const open = facts.objects.at('miniport', call.caller, object)?.requests.length ?? 0;
        if (open <= 1) states.set(object, { state, call });
      }
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const block of treeOf(call)) {
            const state = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('State');
            if (state !== undefined && block.object !== undefined) states.set(block.object, { state, call });
          }
        },
        NdisMQueryOffloadStateComplete: look,
        NdisMTerminateOffloadComplete: (call) => {
          look(call);
          for (const { object } of treeOf(call)) if (object !== undefined) states.delete(object);
        },
      },
    };
  }),

  rule('QRY-004', ({ facts, expect }) => ({
    call: {
      NdisMQueryOffloadStateComplete: (call) => {
        if (!isOfTarget(facts, call)) return;
        for (const block of treeOf(call)) {
          const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
          if (delegated === undefined || block.status !== NDIS_STATUS.SUCCESS) continue;
          const isChain = (block.structure.pointer('NetBufferListChain') ?? 0) !== 0;
          const pointers = (['SendDataHead', 'BufferedData'] as const).filter((member) =>
            isPointer(delegated, member),
          );
          const sizes = [
            delegated.number('SendBacklogSize') ?? 0,
            delegated.number('ReceiveBacklogSize') ?? 0,
          ];
          const areCounts = sizes.every((size) => size === notSupported || size <= largestBacklog);
          expect(!isChain && pointers.length === 0 && areCounts, () => ({
            events: [facts.objects.requestOf(call)?.call.event, call.event],
            found: isChain
              ? 'a query hands back a NetBufferListChain'
              : pointers.length > 0
                ? `${pointers.join(' and ')} in the answer to a query is a pointer`
                : `backlog sizes of ${sizes.join(' and ')} bytes`,
            expected: 'SendBacklogSize and ReceiveBacklogSize, counts or 0xFFFFFFFF, and no chain',
            component: call.caller,
            object: block.object,
            connection: call.connection,
          }));
        }
      },
      NdisMTerminateOffloadComplete: (call) => {
        if (!isOfTarget(facts, call)) return;
        for (const block of treeOf(call)) {
          const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
          if (delegated === undefined || block.status !== NDIS_STATUS.SUCCESS) continue;
          const size = (['SendDataHead', 'BufferedData'] as const).find(
            (member) => !isPointer(delegated, member) && delegated.slice(member).some((byte) => byte !== 0),
          );
          expect(size === undefined, () => ({
            events: [facts.objects.requestOf(call)?.call.event, call.event],
            found: `${size} in the answer to a terminate is a number of bytes`,
            expected: 'a pointer, or NULL: sizes are for queries',
            component: call.caller,
            object: block.object,
            connection: facts.objects.find(block.object)?.connection,
          }));
        }
      },
    },
  })),

  rule('QRY-005', ({ facts, expect }) => {
    /** The last answer of each target about each object, by structure. */
    const answers = new Map<string, { readonly view: StructureView; readonly call: Call }>();
    const structures = ['NEIGHBOR_OFFLOAD_STATE_CONST', 'TCP_OFFLOAD_STATE_CONST'] as const;
    const forget = (call: Call, driver: number): void => {
      if (answers.size === 0) return;
      for (const { object } of treeOf(call))
        for (const name of answers.keys()) if (name.startsWith(`${driver} ${object} `)) answers.delete(name);
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          forget(call, call.callee);
        },
        MiniportUpdateOffload: (call) => {
          forget(call, call.callee);
        },
        NdisMUpdateOffloadComplete: (call) => {
          forget(call, call.caller);
        },
        NdisMQueryOffloadStateComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const block of treeOf(call)) {
            if (!isAnswered(block) || block.object === undefined) continue;
            const views = [...structures.map((name) => block.state(name)), cachedOf(block)];
            for (const view of views) {
              if (view === undefined) continue;
              const key = `${call.caller} ${block.object} ${view.name}`;
              const before = answers.get(key);
              const different = before === undefined ? undefined : differingMember(before.view, view);
              if (before !== undefined)
                expect(different === undefined, () => ({
                  events: [before.call.event, call.event],
                  found: `${view.name}.${different!.name} was ${different!.before} in one query and is ${different!.after} in the next`,
                  expected: 'the same value: nobody has changed it',
                  component: call.caller,
                  object: block.object,
                  connection: call.connection,
                }));
              answers.set(key, { view, call });
            }
          }
        },
      },
    };
  }),

  rule('QRY-007', ({ facts, expect }) => {
    /** Targets that have said that they have no send backlog, with the call. */
    const without = new Map<number, Call>();
    return {
      call: {
        NdisMQueryOffloadStateComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const block of treeOf(call)) {
            const size = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('SendBacklogSize');
            if (size === undefined || !isAnswered(block)) continue;
            const denied = without.get(call.caller);
            if (size === notSupported) without.set(call.caller, call);
            expect(size === notSupported || (size !== 0 && denied === undefined), () => ({
              events: [denied?.event ?? facts.objects.requestOf(call)?.call.event, call.event],
              found: `SendBacklogSize is ${size}${denied === undefined ? '' : ', although the target has said that it has no such feature'}`,
              expected: '0xFFFFFFFF from a target without the feature, a number of bytes from one with it',
              component: call.caller,
              object: block.object,
              connection: call.connection,
              ...(denied === undefined ? { severity: 'warning' } : {}),
            }));
          }
        },
      },
    };
  }),

  rule('QRY-008', ({ facts, expect }) => {
    const delivered = new Map<number, Delivered>();
    /** Receives that are being completed, and indications that have not returned. */
    const add = (connection: number | undefined, bytes: number): void => {
      const known = connection === undefined ? undefined : delivered.get(connection);
      if (known !== undefined) known.bytes += bytes;
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          if (facts.machine.role(call.callee) === 'intermediate-driver') return;
          for (const block of treeOf(call)) {
            const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            const connection = facts.objects.find(block.object)?.connection;
            if (delegated === undefined || connection === undefined) continue;
            const buffered = bufferedDataOf(call, block).reduce((sum, { dataLength }) => sum + dataLength, 0);
            const rcvNxt = delegated.number('RcvNxt') ?? 0;
            const closed = closedByPeer.has(delegated.number('State') ?? 0);
            delivered.set(connection, { initiate: call, rcvNxt, buffered, bytes: 0, closed });
          }
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const { bytesTransferred } of call.lists) add(call.connection, bytesTransferred);
        },
        NdisMQueryOffloadStateComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const block of treeOf(call)) {
            const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
            const connection = facts.objects.find(block.object)?.connection;
            const known = connection === undefined ? undefined : delivered.get(connection);
            const size = delegated?.number('ReceiveBacklogSize');
            if (known === undefined || delegated === undefined || size === undefined) continue;
            if (!isAnswered(block) || size === notSupported) continue;
            const isIndicating = [...facts.calls.all()].some(
              ({ functionName, connection: other }) =>
                other === connection && functionName.startsWith('NdisTcpOffloadReceive'),
            );
            if (isIndicating) continue;
            const fin = !known.closed && closedByPeer.has(delegated.number('State') ?? 0) ? 1 : 0;
            const received = sequenceDistance(known.rcvNxt, delegated.number('RcvNxt') ?? 0) - fin;
            const most = known.buffered + received - known.bytes;
            // Bytes that lie in posted receives already may count either way.
            let placed = 0;
            for (const { snapshot } of facts.lists.open('miniport', call.caller, connection, 'receive'))
              placed += snapshot.dataLength;
            expect(size <= most && size >= most - placed, () => ({
              events: [known.initiate.event, call.event],
              found: `ReceiveBacklogSize is ${size}, and ${most} bytes were received and have not been delivered`,
              expected: `${most}${placed > 0 ? ', without what lies in posted receives' : ''}, or 0xFFFFFFFF`,
              component: call.caller,
              object: block.object,
              connection,
            }));
          }
        },
      },
      returned: {
        NdisTcpOffloadReceiveHandler: (call) => {
          if (!isOfTarget(facts, call)) return;
          const [list] = call.lists;
          const all = call.status === NDIS_STATUS.SUCCESS;
          add(call.connection, all ? (list?.dataLength ?? 0) : (call.numberOut('BytesConsumed') ?? 0));
        },
      },
    };
  }),

  rule('QRY-009', ({ facts, expect }) => {
    /** Bytes that the target holds, as a query has told, and what has been posted for them. */
    const told = new Map<
      number,
      { readonly query: Call; readonly bytes: number; posted: number; first: Call | undefined }
    >();
    const judge = (connection: number): void => {
      const known = told.get(connection);
      told.delete(connection);
      if (known?.first === undefined) return;
      const { query, bytes, posted, first } = known;
      expect(posted >= bytes, () => ({
        events: [query.event, first.event],
        found: `the target holds ${bytes} bytes, and receives of ${posted} bytes were posted for them`,
        expected: `receives of ${bytes} bytes or more`,
        component: first.caller,
        connection,
      }));
    };
    return {
      call: {
        ProtocolQueryOffloadComplete: (call) => {
          if (facts.machine.role(call.callee) === 'intermediate-driver') return;
          for (const block of treeOf(call)) {
            const bytes = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('ReceiveBacklogSize');
            const connection = facts.objects.find(block.object)?.connection;
            if (connection === undefined || block.status !== NDIS_STATUS.SUCCESS) continue;
            told.delete(connection);
            if (bytes === undefined || bytes === 0 || bytes === notSupported) continue;
            let posted = 0;
            for (const { snapshot } of facts.lists.open('protocol', call.callee, connection, 'receive'))
              posted += snapshot.dataLength;
            told.set(connection, { query: call, bytes, posted, first: undefined });
          }
        },
        NdisOffloadTcpReceive: (call) => {
          const known = call.connection === undefined ? undefined : told.get(call.connection);
          if (known === undefined) return;
          known.first ??= call;
          for (const { dataLength } of call.lists) known.posted += dataLength;
          if (known.posted < known.bytes) return;
          told.delete(call.connection!);
          expect(true, noBreach);
        },
        NdisTerminateOffload: (call) => {
          // Who takes the connection back gets the bytes with it.
          for (const { object } of told.size === 0 ? [] : treeOf(call))
            told.delete(facts.objects.find(object)?.connection ?? -1);
        },
      },
      end: ({ complete }) => {
        if (complete) for (const connection of [...told.keys()]) judge(connection);
      },
    };
  }),

  rule('QRY-010', (context) => mustBeTerminated(context, 'ProtocolQueryOffloadComplete', () => true)),

  rule('QRY-011', (context) =>
    hardwareFailureSequence(context, 'NdisMQueryOffloadStateComplete', (block, driver) => {
      const connection = context.facts.objects.find(block.object)?.connection;
      return layerOf(block) === 'tcp' &&
        connection !== undefined &&
        isAnswerable(context.facts, driver, block)
        ? [connection]
        : [];
    }),
  ),
];

/** Rules of the area that records can't decide, each with the reason. */
export const queryUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
