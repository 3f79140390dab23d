/** Rules of the area "rss" (RSS): the host's hash value, and delivery where its indirection table says. */
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import type { EventId } from '../../trace/records';
import type { RuleId } from '../catalogue';
import type { Call } from '../engine/call';
import { RecentMap } from '../engine/recentMap';
import { rule, type Rule } from '../engine/rule';
import { treeOf } from '../engine/tree';
import { adapterFacts, type KnownAdapter } from '../facts/adapters';
import { oidOf, oidRequestFacts, setsOid } from '../facts/oidRequests';

const receiveScaleOid = constantValue('OID_GEN_RECEIVE_SCALE_PARAMETERS');

/** Frames that are remembered as causes of deliveries. */
const mostFrames = 8192;

/** Bytes of a hexadecimal text. */
function bytesOfHex(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text.length === 0) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Address and port of an IPv4 end such as `192.0.2.1:7`, in network order; undefined for IPv6. */
function ipv4End(
  text: string,
): { readonly address: readonly number[]; readonly port: readonly number[] } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+):(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [, a, b, c, d, port] = match.map(Number);
  return { address: [a!, b!, c!, d!], port: [port! >>> 8, port! & 0xff] };
}

/** The Toeplitz hash (WDK "RSS Hashing Functions"). */
function toeplitz(key: Uint8Array, input: readonly number[]): number {
  let hash = 0;
  input.forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit++) {
      if ((byte & (0x80 >>> bit)) === 0) continue;
      const at = index * 8 + bit;
      let window = 0;
      for (let offset = at; offset < at + 32; offset++)
        window = (window << 1) | (((key[offset >>> 3] ?? 0) >>> (7 - (offset & 7))) & 1);
      hash ^= window;
    }
  });
  return hash >>> 0;
}

/** What an adapter has been told about RSS. */
interface Scaling {
  readonly call: Call;
  readonly key: Uint8Array | undefined;
  readonly table: Uint8Array | undefined;
  /** Sets before it that it took the place of. */
  readonly changes: number;
}

/** Takes the sets of an adapter's RSS parameters that its miniport has accepted. */
function scalingOf(facts: Parameters<Rule['start']>[0]['facts']): {
  readonly of: (adapter: KnownAdapter | undefined) => Scaling | undefined;
  readonly returned: (call: Call) => void;
} {
  const adapters = facts.of(adapterFacts);
  const oids = facts.of(oidRequestFacts);
  const known = new Map<number, Scaling>();
  return {
    of: (adapter) => (adapter === undefined ? undefined : known.get(adapter.handle)),
    returned: (call) => {
      if (oidOf(call) !== receiveScaleOid || !setsOid(call)) return;
      const adapter = adapters.of(call);
      if (adapter === undefined || oids.endedBy(call)?.status !== NDIS_STATUS.SUCCESS) return;
      const enabled = call.number('RssEnabled') === 1;
      known.set(adapter.handle, {
        call,
        key: enabled ? bytesOfHex(call.text('HashSecretKey')) : undefined,
        table: enabled ? bytesOfHex(call.text('IndirectionTable')) : undefined,
        changes: (known.get(adapter.handle)?.changes ?? -1) + 1,
      });
    },
  };
}

/** See the file's head. */
export const rssRules: readonly Rule[] = [
  rule('RSS-002', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const scaling = scalingOf(facts);
    return {
      returned: { MiniportOidRequest: scaling.returned, NdisOidRequest: scaling.returned },
      call: {
        NdisInitiateOffload: (call) => {
          if (facts.machine.role(call.caller) !== 'host-stack') return;
          const told = scaling.of(adapters.of(call));
          if (told?.key === undefined) return;
          const { key } = told;
          for (const block of treeOf(call)) {
            if (block.role !== 'new') continue;
            const hashValue = block.state('TCP_OFFLOAD_STATE_CONST')?.number('HashValue');
            const object = facts.objects.find(block.object);
            const ends = facts.machine.ends(object?.connection ?? -1);
            const [local, remote] = [ipv4End(ends?.local ?? ''), ipv4End(ends?.remote ?? '')];
            if (hashValue === undefined || local === undefined || remote === undefined) continue;
            const right = toeplitz(key, [...remote.address, ...local.address, ...remote.port, ...local.port]);
            expect(hashValue === right, () => ({
              events: [told.call.event, call.event],
              found: `a connection was offered with HashValue 0x${hashValue.toString(16)}`,
              expected: `0x${right.toString(16)}, the Toeplitz hash of its addresses and ports with the key that was set`,
              component: call.caller,
              connection: object?.connection,
              object: block.object,
            }));
          }
        },
      },
    };
  }),

  rule('RSS-003', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const scaling = scalingOf(facts);
    /** Segments with data, as causes of deliveries. */
    const frames = new RecentMap<EventId, true>(mostFrames);
    /** By TCP object: the HashValue with which it was offered to an adapter. */
    const hashes = new Map<number, { readonly hash: number; readonly call: Call }>();
    const check = (call: Call): void => {
      // What a request or a timer sets free may be delivered anywhere; segments are delivered where they arrive.
      if (
        call.record.parent !== undefined ||
        call.record.cause === undefined ||
        !frames.has(call.record.cause)
      )
        return;
      const object = facts.objects.tcpOf(call.connection);
      const offered = object === undefined ? undefined : hashes.get(object);
      const told = scaling.of(adapters.of(call));
      if (offered === undefined || told?.table === undefined || told.changes > 0) return;
      const processor = told.table[offered.hash & (told.table.length - 1)];
      expect(processor === call.processor, () => ({
        events: [offered.call.event, call.event],
        found: `received data of a connection with HashValue 0x${offered.hash.toString(16)} was delivered on processor ${call.processor}`,
        expected: `processor ${processor}, where the indirection table leads`,
        component: call.caller,
        connection: call.connection,
      }));
    };
    return {
      returned: { MiniportOidRequest: scaling.returned },
      peerFrame: (frame) => {
        if (frame.payloadLength === 0) return;
        frames.set(frame.event, true);
      },
      call: {
        MiniportInitiateOffload: (call) => {
          if (facts.machine.role(call.callee) !== 'offload-target') return;
          for (const block of treeOf(call)) {
            const hash = block.state('TCP_OFFLOAD_STATE_CONST')?.number('HashValue');
            if (hash !== undefined && block.object !== undefined) hashes.set(block.object, { hash, call });
          }
        },
        NdisTcpOffloadReceiveComplete: (call) => {
          if (facts.machine.role(call.caller) === 'offload-target') check(call);
        },
        NdisTcpOffloadReceiveHandler: (call) => {
          if (facts.machine.role(call.caller) === 'offload-target') check(call);
        },
      },
    };
  }),

  rule('RSS-004', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const scaling = scalingOf(facts);
    return {
      returned: { MiniportOidRequest: scaling.returned },
      call: {
        NdisTcpOffloadReceiveComplete: (call) => {
          const told = scaling.of(adapters.of(call));
          // Before the table has been changed a connection stays where it is.
          if (told === undefined || told.changes === 0) return;
          const posted = facts.lists.open('miniport', call.caller, call.connection, 'receive').values();
          for (const { list, lent } of facts.lists.givenBack(call)) {
            const first = posted.next().value;
            if (lent === undefined || first === undefined) return;
            if (list.status !== NDIS_STATUS.SUCCESS) continue;
            expect(lent === first, () => ({
              events: [told.call.event, first.call.event, call.event],
              found: `received data was delivered on processor ${call.processor} before older data, for which an earlier receive was posted`,
              expected: 'the order of arrival, whatever processor a new indirection table leads to',
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
      },
    };
  }),
];

/** Rules of the area that records can't decide, each with the reason. */
export const rssUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
