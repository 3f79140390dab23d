/** Updates as the host stack may send them (UPD-001 to UPD-003, UPD-007 to UPD-010, UPD-012, UPD-014). */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { attachedStates, isOriginal, layerOf, nameOf } from '../../engine/blocks';
import type { Call } from '../../engine/call';
import { atOriginalBlocks, mustBeTerminated, noBreach } from '../../engine/requestChecks';
import { rule, type Rule } from '../../engine/rule';
import { flows } from '../../facts/flows';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { offloadStateVariable } from '../../../ddi/offloadState';
import type { WireFrame } from '../../engine/frame';
import { WaitingMap } from '../../engine/gate';

/** Whether a block of an update names an object to be changed: one with state, or a path that is to be linked to the neighbor above it. */
function isChanged(block: TreeBlock): boolean {
  return block.role !== 'placeholder' && (attachedStates(block).length > 0 || block.parent !== undefined);
}

/** Time in which an update follows upon news, virtual ns. */
const newsTime = 250e6;

/** A refused segment that is acknowledged so soon was not refused: the news is not to be believed (RFC 5927), virtual ns. */
const doubtTime = 20e6;

const mtuVariable = offloadStateVariable('path', 'cached', 'PathMtu')!.index;

/** "Fragmentation needed" of a router (RFC 1191): which segment was refused, and the MTU of the next hop. */
interface PacketTooBig {
  /** Local end of its connection, and the address of the other one, as the trace writes them. */
  readonly local: string;
  readonly remoteAddress: string;
  readonly mtu: number;
}

/** What the first 64 bytes of a frame tell: the sequence number that it quotes lies behind them. */
function packetTooBig(frame: WireFrame): PacketTooBig | undefined {
  const { bytes } = frame.record;
  const ip = frame.internetAt;
  if (frame.ipVersion !== 4 || bytes[ip + 9] !== 1 || frame.isFragment) return undefined;
  const icmp = ip + (bytes[ip]! & 0xf) * 4;
  const quoted = icmp + 8;
  const tcp = quoted + (bytes[quoted]! & 0xf) * 4;
  if (bytes[icmp] !== 3 || bytes[icmp + 1] !== 4 || bytes[quoted + 9] !== 6 || bytes.length < tcp + 2)
    return undefined;
  return {
    local: `${bytes.subarray(quoted + 12, quoted + 16).join('.')}:${bytes[tcp]! * 256 + bytes[tcp + 1]!}`,
    remoteAddress: bytes.subarray(quoted + 16, quoted + 20).join('.'),
    mtu: bytes[icmp + 6]! * 256 + bytes[icmp + 7]!,
  };
}

/** See the file's head. */
export const updateRequestRules: readonly Rule[] = [
  rule('UPD-001', (context) =>
    atOriginalBlocks(context, 'NdisUpdateOffload', (call, block) => {
      const wrong = attachedStates(block).filter((name) => !name.endsWith('_CACHED'));
      if (attachedStates(block).length === 0) return;
      context.expect(wrong.length === 0, () => ({
        events: [call.event],
        found: `an update brings ${wrong.join(' and ')}`,
        expected: 'cached structures only',
        component: call.caller,
        object: block.object,
        connection: call.connection,
      }));
    }),
  ),

  rule('UPD-002', (context) =>
    atOriginalBlocks(context, 'NdisUpdateOffload', (call, block) => {
      const { facts, expect } = context;
      if (!isChanged(block)) return;
      const held = facts.objects.at('protocol', call.caller, block.object);
      const open = held?.requests.find(
        ({ verb, call: other }) =>
          verb === 'update' && treeOf(other).some((one) => one.object === block.object && isChanged(one)),
      );
      if (held === undefined) return;
      expect(open === undefined, () => ({
        events: [open?.call.event, call.event],
        found: `an update of ${nameOf(facts, block.object)} while another one is open`,
        expected: 'ProtocolUpdateOffloadComplete of the first one',
        component: call.caller,
        object: block.object,
        connection: call.connection,
      }));
    }),
  ),

  rule('UPD-003', (context) =>
    atOriginalBlocks(context, 'NdisUpdateOffload', (call, block) => {
      const { facts, expect } = context;
      const held = facts.objects.at('protocol', call.caller, block.object);
      if (held === undefined) return;
      expect(held.invalidatedBy === undefined, () => ({
        events: [held.invalidatedBy?.event, call.event],
        found: `an update names ${nameOf(facts, block.object)}, which has been invalidated`,
        expected: 'a terminate',
        component: call.caller,
        object: block.object,
        connection: call.connection,
      }));
    }),
  ),

  rule('UPD-007', (context) => mustBeTerminated(context, 'ProtocolUpdateOffloadComplete', isChanged)),

  rule('UPD-008', (context) =>
    atOriginalBlocks(context, 'NdisUpdateOffload', (call, block) => {
      const { facts, expect } = context;
      if (layerOf(block) !== 'tcp' || block.parent?.object === undefined) return;
      const held = facts.objects.at('protocol', call.caller, block.object);
      if (held === undefined) return;
      expect(held.parent === block.parent.object, () => ({
        events: [held.initiate.event, call.event],
        found: `an update puts ${nameOf(facts, block.object)} below ${nameOf(facts, block.parent?.object)}`,
        expected: `the path that it was offloaded with, ${nameOf(facts, held.parent)}`,
        component: call.caller,
        object: block.object,
        connection: call.connection,
      }));
    }),
  ),

  rule('UPD-009', (context) =>
    atOriginalBlocks(context, 'NdisUpdateOffload', (call, block) => {
      const { facts, expect } = context;
      if (layerOf(block) !== 'path' || block.parent === undefined || block.parent.role === 'placeholder')
        return;
      // A path with state of its own is updated, not moved.
      if (attachedStates(block).length > 0) return;
      const neighbor = facts.objects.at('protocol', call.caller, block.parent.object);
      const path = facts.objects.at('protocol', call.caller, block.object);
      if (!facts.historyComplete && (neighbor === undefined || path === undefined)) return;
      const unknown = neighbor === undefined ? block.parent : path?.place === 'held' ? undefined : block;
      const isThere = path !== undefined && path.parent === block.parent.object;
      expect(unknown === undefined && !isThere, () => ({
        events: [path?.since.event, call.event],
        found:
          unknown === undefined
            ? `a relink names the neighbor that ${nameOf(facts, block.object)} depends on already`
            : `a relink names ${nameOf(facts, unknown.object)}, which the target has not got`,
        expected: 'a neighbor that is offloaded, and paths that depend on another one',
        component: call.caller,
        object: block.object,
        ...(unknown === undefined ? { severity: 'info' } : {}),
      }));
    }),
  ),

  rule('UPD-010', (context) =>
    atOriginalBlocks(context, 'NdisUpdateOffload', (call, block) => {
      const { facts, expect } = context;
      if (layerOf(block) !== 'neighbor' || attachedStates(block).length > 0) return;
      if (!block.dependents.some((child) => layerOf(child) === 'path')) return;
      const held = facts.objects.at('protocol', call.caller, block.object);
      if (held === undefined) return;
      expect(held.place === 'held' && held.invalidatedBy === undefined, () => ({
        events: [(held.invalidatedBy ?? held.since).event, call.event],
        found: `paths are relinked to ${nameOf(facts, block.object)}, which is ${held.place === 'held' ? 'invalid' : held.place}`,
        expected: 'a neighbor whose offload has been completed',
        component: call.caller,
        object: block.object,
      }));
    }),
  ),

  rule('UPD-012', ({ facts, expect }) => ({
    call: {
      NdisTerminateOffload: (call) => {
        if (!isOriginal(facts, call)) return;
        const blocks = treeOf(call);
        for (const block of blocks) {
          if (block.object === undefined || layerOf(block) !== 'neighbor') continue;
          let moving: Call | undefined;
          let isLeft = false;
          for (const path of facts.objects.allAt('protocol', call.caller)) {
            if (path.parent !== block.object || path.place !== 'held') continue;
            if (blocks.some(({ object }) => object === path.object)) continue;
            isLeft = true;
            moving ??= path.requests.find(
              ({ verb, call: update }) =>
                verb === 'update' &&
                treeOf(update).some((one) => one.object === path.object && one.parent !== undefined),
            )?.call;
          }
          // Paths that nobody moves are TRM-005's.
          if (isLeft && moving === undefined) continue;
          expect(moving === undefined, () => ({
            events: [moving?.event, call.event],
            found: `${nameOf(facts, block.object)} is terminated while its paths are being moved away`,
            expected: 'ProtocolUpdateOffloadComplete of the relink first',
            component: call.caller,
            object: block.object,
          }));
        }
      },
    },
  })),

  rule('UPD-014', ({ facts, expect }) => {
    interface News {
      readonly frame: WireFrame;
      readonly mtu: number;
      readonly driver: number;
      readonly connection: number;
      readonly sequence: number;
    }
    const wire = facts.of(flows);
    /** Paths whose MTU a router has told, until the target hears of it. */
    const news = new WaitingMap<number, News>();
    const judge = (path: number, { frame, mtu, driver }: News): void => {
      news.delete(path);
      if (facts.objects.at('protocol', driver, path)?.place !== 'held') return;
      expect(false, () => ({
        events: [frame.event],
        found: `a router tells an MTU of ${mtu} bytes for ${nameOf(facts, path)}, and the target does not hear of it`,
        expected: 'NdisUpdateOffload with the new PathMtu, or an invalidate',
        component: driver,
        object: path,
      }));
    };
    const settle = (call: Call): void => {
      for (const { object } of news.size === 0 ? [] : treeOf(call))
        if (object !== undefined && news.delete(object)) expect(true, noBreach);
    };
    return {
      call: {
        NdisUpdateOffload: settle,
        NdisInvalidateOffload: settle,
        NdisTerminateOffload: settle,
      },
      guarded: [
        {
          gate: news.gate,
          frame: ({ time }) => {
            for (const [path, known] of [...news]) if (time - known.frame.time > newsTime) judge(path, known);
          },
        },
      ],
      peerFate: ({ fate }, frame, time) => {
        if (fate !== 'delivered') return;
        if (frame.isSegment) {
          for (const [path, { frame: refusal, connection, sequence }] of news.size === 0 ? [] : [...news])
            if (
              connection === frame.connection &&
              time - refusal.time < doubtTime &&
              sequenceDistance(sequence, frame.acknowledgment) > 0
            )
              news.delete(path);
          return;
        }
        const told = packetTooBig(frame);
        // A router of before RFC 1191 tells no MTU; less than the smallest is nobody's.
        if (told === undefined || told.mtu < 576) return;
        for (const { id: driver } of facts.machine.withRole('host-stack'))
          for (const { object, place, parent } of facts.objects.allAt('protocol', driver)) {
            const { connection } = facts.objects.find(object) ?? {};
            const ends = connection === undefined ? undefined : facts.machine.ends(connection);
            if (place !== 'held' || parent === undefined || ends?.local !== told.local) continue;
            if (!ends.remote.startsWith(`${told.remoteAddress}:`)) continue;
            const flow = wire.of(connection);
            const sent = flow?.machine.sent.end;
            const acknowledged = flow?.peer.arrived.acknowledgment;
            // What is not outstanding can't have been refused.
            if (sent === undefined || acknowledged === undefined) continue;
            const isOut = sequenceDistance(acknowledged, sent) > 0;
            const mtu = facts.objects.find(parent)?.variables.get(mtuVariable);
            if (isOut && typeof mtu === 'number' && mtu > told.mtu)
              news.set(parent, {
                frame,
                mtu: told.mtu,
                driver,
                connection: connection!,
                sequence: acknowledged,
              });
          }
      },
      end: ({ time, complete }) => {
        if (!complete) return;
        for (const [path, known] of [...news]) if (time - known.frame.time > newsTime) judge(path, known);
      },
    };
  }),
];
