/** What the host stack may offer, and the values that it offers it with (INI-001 to INI-004, INI-008 to INI-017, INI-022). */
import { constantValue } from '../../../ddi/catalogue';
import { offloadStateVariable } from '../../../ddi/offloadState';
import { sequenceDistance } from '../../../analysis/tcpSegment';
import {
  isIpv6Type,
  isOfTarget,
  isOriginal,
  layerOf,
  nameOf,
  newBlocks,
  offeredConnections,
} from '../../engine/blocks';
import type { Call } from '../../engine/call';
import { rule, type Breach, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { treeOf, type TreeBlock } from '../../engine/tree';

const states = {
  first: constantValue('TcpConnectionEstablished'),
  last: constantValue('TcpConnectionLastAck'),
  finWait2: constantValue('TcpConnectionFinWait2'),
} as const;

const constFlags =
  constantValue('TCP_FLAG_TIMESTAMP_ENABLED') |
  constantValue('TCP_FLAG_SACK_ENABLED') |
  constantValue('TCP_FLAG_WINDOW_SCALING_ENABLED');

const cachedFlags =
  constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED') |
  constantValue('TCP_FLAG_NAGLING_ENABLED') |
  constantValue('TCP_FLAG_KEEP_ALIVE_RESTART') |
  constantValue('TCP_FLAG_MAX_RT_RESTART') |
  constantValue('TCP_FLAG_UPDATE_RCV_WND');

/** Stands for a timer that doesn't run, in TimeoutDelta members. */
const notRunning = 0xffff_ffff;

const pathVariables = {
  SourceAddress: offloadStateVariable('path', 'const', 'SourceAddress')!.index,
  DestinationAddress: offloadStateVariable('path', 'const', 'DestinationAddress')!.index,
} as const;

const largestVlanId = 4094;

/** What is wrong with a value of a block that a call passes. */
function wrongValue(
  call: Call,
  block: TreeBlock,
  found: string,
  expected: string,
  severity?: Breach['severity'],
): Breach {
  return {
    events: [call.event],
    found,
    expected,
    component: call.caller,
    object: block.object,
    connection: call.connection,
    ...(severity === undefined ? {} : { severity }),
  };
}

/** Looks at every original initiate. */
function atInitiate({ facts }: RuleContext, look: (call: Call) => void): Handlers {
  return {
    call: {
      NdisInitiateOffload: (call) => {
        if (isOriginal(facts, call)) look(call);
      },
    },
  };
}

/** Looks at every cached TCP structure that the host stack passes. */
function atCached(
  { facts }: RuleContext,
  look: (call: Call, block: TreeBlock, cached: StructureView) => void,
): Handlers {
  const lookAt = (call: Call): void => {
    if (!isOriginal(facts, call)) return;
    for (const block of treeOf(call)) {
      const cached = block.state('TCP_OFFLOAD_STATE_CACHED');
      if (cached !== undefined) look(call, block, cached);
    }
  };
  return { call: { NdisInitiateOffload: lookAt, NdisUpdateOffload: lookAt } };
}

/** The unit of memory that holds a bit field, as a whole: a driver may have written more than the field. */
function wholeUnit(structure: StructureView, member: string): number {
  return structure.slice(member).reduceRight((value, byte) => value * 256 + byte, 0);
}

/** Whether the path above a TCP block is of IPv4. */
function isBelowIpv4({ parent }: TreeBlock): boolean {
  return parent !== undefined && layerOf(parent) === 'path' && !isIpv6Type(parent);
}

/** An object that is offered while it is at one of some places. */
function offeredAgain(
  context: RuleContext,
  places: readonly string[],
  breach: (place: string) => { readonly found: string; readonly expected: string },
): Handlers {
  const { facts, expect } = context;
  return {
    call: {
      NdisInitiateOffload: (call) => {
        for (const block of newBlocks(call)) {
          if (block.object === undefined) continue;
          const held = facts.objects.at('protocol', call.caller, block.object);
          expect(held === undefined || !places.includes(held.place), () => ({
            events: [held!.since.event, call.event],
            ...breach(`${nameOf(facts, block.object)} is offered as new state`),
            component: call.caller,
            object: block.object,
            connection: call.connection,
          }));
        }
      },
    },
  };
}

/** See the file's head. */
export const offeredStateRules: readonly Rule[] = [
  rule('INI-001', (context) =>
    atInitiate(context, (call) => {
      for (const { block, delegated } of offeredConnections(call)) {
        const state = delegated.number('State');
        if (state === undefined) continue;
        context.expect(state >= states.first && state <= states.last, () =>
          wrongValue(
            call,
            block,
            `a connection is offered with State ${state}`,
            `a State from ${states.first} (Established) to ${states.last} (LastAck)`,
          ),
        );
      }
    }),
  ),

  rule('INI-002', (context) =>
    atInitiate(context, (call) => {
      for (const block of newBlocks(call)) {
        const layer = layerOf(block);
        if (layer === 'path') continue;
        const name = layer === 'tcp' ? 'TCP_OFFLOAD_STATE_DELEGATED' : 'NEIGHBOR_OFFLOAD_STATE_DELEGATED';
        context.expect(block.state(name) !== undefined, () =>
          wrongValue(
            call,
            block,
            `a new ${layer} block comes without ${name}`,
            `const, cached and delegated state behind every new ${layer} block`,
          ),
        );
      }
    }),
  ),

  rule('INI-003', (context) =>
    offeredAgain(context, ['offloading'], (what) => ({
      found: `${what} while its offload is in progress`,
      expected: 'ProtocolInitiateOffloadComplete of the first offer before another one',
    })),
  ),

  rule('INI-004', (context) =>
    offeredAgain(context, ['held', 'terminating'], (what) => ({
      found: `${what} although the target has it`,
      expected: 'a completed terminate before the object is offered again',
    })),
  ),

  rule('INI-008', (context) =>
    atInitiate(context, (call) => {
      for (const block of newBlocks(call)) {
        const constant = block.state('NEIGHBOR_OFFLOAD_STATE_CONST');
        if (constant === undefined) continue;
        const value = wholeUnit(constant, 'VlanId');
        context.expect(value <= largestVlanId, () =>
          wrongValue(
            call,
            block,
            `a neighbor is offered with VlanId ${value}`,
            `12 bits: 0 for none, or 1 to ${largestVlanId}`,
            value <= 4095 ? 'warning' : undefined,
          ),
        );
      }
    }),
  ),

  rule('INI-009', (context) =>
    atInitiate(context, (call) => {
      for (const block of newBlocks(call)) {
        const constant = block.state('PATH_OFFLOAD_STATE_CONST');
        if (constant === undefined) continue;
        const length = isIpv6Type(block) ? 16 : 4;
        const known = context.facts.objects.find(block.object)?.variables;
        for (const member of ['SourceAddress', 'DestinationAddress'] as const) {
          const value = known?.get(pathVariables[member]);
          const size = value instanceof Uint8Array ? value.length : length;
          const isNull = constant.slice(member).every((byte) => byte === 0);
          context.expect(!isNull && size === length, () =>
            wrongValue(
              call,
              block,
              isNull ? `${member} of a path is NULL` : `${member} of a path has ${size} bytes`,
              `a pointer to ${length} bytes, as the block's Type says`,
            ),
          );
        }
      }
    }),
  ),

  rule('INI-010', (context) =>
    atInitiate(context, (call) => {
      for (const block of newBlocks(call)) {
        const delegated = block.state('PATH_OFFLOAD_STATE_DELEGATED');
        const length = delegated?.number('Header.Length');
        if (length === undefined) continue;
        context.expect(length === 8, () =>
          wrongValue(
            call,
            block,
            `PATH_OFFLOAD_STATE_DELEGATED has a Length of ${length} bytes`,
            'the 8 bytes of its header: paths have no delegated variables',
          ),
        );
      }
    }),
  ),

  rule('INI-011', (context) =>
    atInitiate(context, (call) => {
      for (const block of newBlocks(call)) {
        const flags = block.state('TCP_OFFLOAD_STATE_CONST')?.number('Flags');
        if (flags === undefined) continue;
        context.expect((flags & ~constFlags) === 0, () =>
          wrongValue(
            call,
            block,
            `Flags of TCP_OFFLOAD_STATE_CONST are 0x${flags.toString(16)}`,
            `no bits but those of 0x${constFlags.toString(16)}`,
          ),
        );
      }
    }),
  ),

  rule('INI-012', (context) =>
    atCached(context, (call, block, cached) => {
      const flags = cached.number('Flags');
      if (flags === undefined) return;
      context.expect((flags & ~cachedFlags) === 0, () =>
        wrongValue(
          call,
          block,
          `Flags of TCP_OFFLOAD_STATE_CACHED are 0x${flags.toString(16)}`,
          `no bits but those of 0x${cachedFlags.toString(16)}`,
        ),
      );
    }),
  ),

  rule('INI-013', (context) =>
    atInitiate(context, (call) => {
      for (const block of newBlocks(call)) {
        const constant = block.state('TCP_OFFLOAD_STATE_CONST');
        const flags = constant?.number('Flags');
        if (constant === undefined || flags === undefined) continue;
        const scales = (flags & constantValue('TCP_FLAG_WINDOW_SCALING_ENABLED')) !== 0;
        const shifts = [constant.number('SndWindScale') ?? 0, constant.number('RcvWindScale') ?? 0];
        context.expect(Math.max(...shifts) <= (scales ? 14 : 0), () =>
          wrongValue(
            call,
            block,
            `window shifts ${shifts.join(' and ')} ${scales ? 'are offered' : 'without TCP_FLAG_WINDOW_SCALING_ENABLED'}`,
            scales ? 'shifts of 14 at most (RFC 7323)' : 'the flag, or no shifts',
            Math.max(...shifts) <= 14 ? 'info' : undefined,
          ),
        );
      }
    }),
  ),

  rule('INI-014', (context) =>
    atCached(context, (call, block, cached) => {
      const value = wholeUnit(cached, 'FlowLabel');
      // Applications may set it on any connection, and an update tells so; what is offered over IPv4 has no use for it.
      const isIpv4 = value !== 0 && isBelowIpv4(block);
      context.expect(value <= 0xf_ffff && !isIpv4, () =>
        wrongValue(
          call,
          block,
          `FlowLabel is 0x${value.toString(16)}${isIpv4 ? ' for a connection over IPv4' : ''}`,
          isIpv4 ? 'no flow label over IPv4' : '20 bits',
        ),
      );
    }),
  ),

  rule('INI-015', (context) =>
    atCached(context, (call, block, cached) => {
      const value = wholeUnit(cached, 'UserPriority');
      context.expect(value <= 7, () =>
        wrongValue(call, block, `UserPriority is ${value}`, 'a priority of 3 bits, 0 to 7'),
      );
    }),
  ),

  rule('INI-016', (context) => {
    const { facts, expect } = context;
    return {
      call: {
        NdisInitiateOffload: (call) => {
          if (!isOriginal(facts, call)) return;
          for (const { block, delegated } of offeredConnections(call)) {
            const flags = delegated.number('Flags');
            if (flags === undefined) continue;
            expect(flags === 0, () =>
              wrongValue(
                call,
                block,
                `Flags of TCP_OFFLOAD_STATE_DELEGATED are 0x${flags.toString(16)} at the offer`,
                '0: they are for the system',
              ),
            );
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const block of treeOf(call)) {
            const flags = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('Flags');
            const held = facts.objects.at('miniport', call.caller, block.object);
            if (flags === undefined || held === undefined || block.status !== 0) continue;
            const given = treeOf(held.initiate)
              .find(({ object }) => object === block.object)
              ?.state('TCP_OFFLOAD_STATE_DELEGATED')
              ?.number('Flags');
            if (given === undefined) continue;
            expect(flags === given, () => ({
              events: [held.initiate.event, call.event],
              found: `Flags of TCP_OFFLOAD_STATE_DELEGATED come back as 0x${flags.toString(16)}`,
              expected: `0x${given.toString(16)}, as they were offered`,
              component: call.caller,
              object: block.object,
            }));
          }
        },
      },
    };
  }),

  rule('INI-017', (context) => {
    const { facts, expect } = context;
    const look = (call: Call): void => {
      const earlier = facts.objects.requestOf(call)?.call.event;
      for (const block of treeOf(call)) {
        const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
        const una = delegated?.number('SndUna');
        const nxt = delegated?.number('SndNxt');
        const max = delegated?.number('SndMax');
        if (una === undefined || nxt === undefined || max === undefined) continue;
        // What was not answered was not written.
        if (call.functionName !== 'NdisInitiateOffload' && block.status !== 0) continue;
        expect(sequenceDistance(una, nxt) >= 0 && sequenceDistance(nxt, max) >= 0, () => ({
          events: [earlier, call.event],
          found: `${call.functionName} carries SndUna ${una}, SndNxt ${nxt} and SndMax ${max}`,
          expected: 'SndUna <= SndNxt <= SndMax',
          component: call.caller,
          object: block.object,
          connection: call.connection,
        }));
      }
    };
    return {
      call: {
        NdisInitiateOffload: (call) => {
          if (isOriginal(facts, call)) look(call);
        },
        NdisMQueryOffloadStateComplete: (call) => {
          if (isOfTarget(facts, call)) look(call);
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (isOfTarget(facts, call)) look(call);
        },
      },
    };
  }),

  rule('INI-022', (context) =>
    atInitiate(context, (call) => {
      for (const { block, delegated } of offeredConnections(call)) {
        const delta = delegated.number('Retransmit.TimeoutDelta');
        if (delta === undefined) continue;
        // Persist and FIN-WAIT-2 timers use the same member (A37).
        if (delegated.number('SndWnd') === 0 || delegated.number('State') === states.finWait2) continue;
        const nothingIsOut = delegated.number('SndUna') === delegated.number('SndMax');
        context.expect((delta === notRunning) === nothingIsOut, () =>
          wrongValue(
            call,
            block,
            nothingIsOut
              ? `Retransmit.TimeoutDelta is ${delta} although nothing is outstanding`
              : 'Retransmit.TimeoutDelta is -1 although data is outstanding',
            nothingIsOut ? '-1' : 'the ticks until the next retransmission',
          ),
        );
      }
    }),
  ),
];
