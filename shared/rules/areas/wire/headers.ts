/** Headers of the frames that a target sends: their form, and what they take from the state that was handed over. */
import { ipAddressText } from '../../../ddi/addressText';
import { offloadStateVariable } from '../../../ddi/offloadState';
import { tcpFlags } from '../../engine/frame';
import { rule, type Rule } from '../../engine/rule';
import { flows } from '../../facts/flows';
import { formProblem } from './frameForm';
import {
  badFrame,
  datagramLength,
  hasBytesAt,
  isLeftToCarrier,
  linkText,
  targetSegments,
  u16At,
} from './targetFrames';

const pathSource = offloadStateVariable('path', 'const', 'SourceAddress')!.index;
const pathDestination = offloadStateVariable('path', 'const', 'DestinationAddress')!.index;

/** ECE and CWR, which SYNs negotiate ECN with (RFC 3168 section 6.1.1). */
const ecnFlags = 0xc0;

/** See the file's head. */
export const headerRules: readonly Rule[] = [
  rule('WIR-001', ({ expect }) => ({
    chimneyFrame: (frame) => {
      if (frame.ipVersion === undefined) return;
      const problem = formProblem(frame);
      expect(problem === undefined, () =>
        badFrame(
          frame,
          undefined,
          `a frame of the target with ${problem!}`,
          'headers that parse, and right checksums',
        ),
      );
    },
  })),

  rule('WIR-003', ({ expect }) => ({
    chimneyFrame: (frame) => {
      if (frame.isFragment) return;
      const syn = frame.isSegment && frame.has(tcpFlags.SYN);
      // A segment in an IPv6 fragment is one all the same.
      const moves = frame.isSegment || (frame.packet.protocol === 6 && frame.packet.etherType === 0x86dd);
      expect(moves && !syn, () =>
        badFrame(
          frame,
          undefined,
          `the target sent ${syn ? 'a SYN' : 'a frame that is no TCP segment'} by itself`,
          'data and acknowledgments of TCP only',
        ),
      );
    },
  })),

  rule('WIR-004', (context) => {
    const { expect, facts } = context;
    return targetSegments(context, (frame, tcp) => {
      const at = frame.internetAt;
      const { bytes } = frame.record;
      const [source, destination] = frame.ipVersion === 4 ? [at + 12, at + 16] : [at + 8, at + 24];
      const path = facts.objects.find(tcp.parent.object);
      const [from, to] = [path?.variables.get(pathSource), path?.variables.get(pathDestination)];
      if (from instanceof Uint8Array && to instanceof Uint8Array)
        expect(hasBytesAt(frame, source, from) && hasBytesAt(frame, destination, to), () => {
          const text = (start: number): string => ipAddressText(bytes.subarray(start, start + from.length));
          return badFrame(
            frame,
            tcp.parent.initiate.event,
            `a frame from ${text(source)} to ${text(destination)}`,
            `from ${ipAddressText(from)} to ${ipAddressText(to)}, as the path object has it`,
          );
        });
      const local = u16At(bytes, frame.transportAt);
      const remote = u16At(bytes, frame.transportAt + 2);
      const { LocalPort, RemotePort } = tcp.constant;
      expect(local === LocalPort && remote === RemotePort, () =>
        badFrame(
          frame,
          tcp.initiate.event,
          `a segment from port ${local} to port ${remote}`,
          `from port ${LocalPort} to port ${RemotePort}`,
        ),
      );
    });
  }),

  rule('WIR-005', (context) =>
    targetSegments(context, (frame, tcp) => {
      const { now } = context.facts;
      const matches = ({ destination }: { readonly destination: Uint8Array }): boolean =>
        hasBytesAt(frame, 0, destination);
      const holds = tcp.parent.some(now, (_, neighbor) => neighbor.some(now, matches));
      context.expect(holds, () => {
        const { parent: neighbor } = tcp.parent;
        return badFrame(
          frame,
          neighbor.source,
          `a frame to ${linkText(frame.record.bytes)}`,
          `to ${linkText(neighbor.cached.destination)}, the neighbor's DlDestinationAddress`,
        );
      });
    }),
  ),

  rule('WIR-006', (context) => {
    const { expect, facts } = context;
    /** Source addresses of the frames that the host sends through an interface. */
    const own = new Map<number, Uint8Array[]>();
    const { chimneyFrame } = targetSegments(context, (frame, tcp) => {
      const neighbors = [tcp.parent.parent];
      tcp.parent.some(facts.now, (_, neighbor) => neighbors.push(neighbor) < 0);
      if (neighbors.some(({ constant }) => constant.hasSource && hasBytesAt(frame, 6, constant.source))) {
        expect(true, () => badFrame(frame, undefined, '', ''));
        return;
      }
      const { constant, initiate } = tcp.parent.parent;
      const addresses = own.get(frame.sender);
      if (!constant.hasSource && addresses === undefined) return;
      const holds =
        neighbors.some((neighbor) => !neighbor.constant.hasSource) &&
        addresses?.some((address) => hasBytesAt(frame, 6, address)) === true;
      expect(holds, () =>
        badFrame(
          frame,
          initiate.event,
          `a frame from ${linkText(frame.record.bytes, 6)}`,
          constant.hasSource
            ? `from ${linkText(constant.source)}, the neighbor's DlSourceAddress`
            : `from the interface's own address, ${linkText(addresses![0]!)}`,
        ),
      );
    });
    return {
      chimneyFrame,
      hostFrame: (frame) => {
        const known = own.get(frame.sender);
        if (known?.some((address) => hasBytesAt(frame, 6, address)) === true) return;
        const address = frame.record.bytes.slice(6, 12);
        if (known === undefined) own.set(frame.sender, [address]);
        else known.push(address);
      },
    };
  }),

  rule('WIR-008', (context) =>
    targetSegments(context, (frame, tcp) => {
      const value = frame.record.bytes[frame.internetAt + (frame.ipVersion === 4 ? 8 : 7)]!;
      context.expect(
        tcp.some(context.facts.now, ({ TtlOrHopLimit }) => TtlOrHopLimit === value),
        () =>
          badFrame(
            frame,
            tcp.source,
            `a frame with a TTL or hop limit of ${value}`,
            `${tcp.cached.TtlOrHopLimit}, as TtlOrHopLimit has it`,
          ),
      );
    }),
  ),

  rule('WIR-009', (context) => {
    const { expect, facts } = context;
    const known = facts.of(flows);
    return targetSegments(context, (frame, tcp) => {
      const { bytes } = frame.record;
      const at = frame.internetAt;
      const value =
        frame.ipVersion === 4 ? bytes[at + 1]! : ((bytes[at]! & 15) << 4) | (bytes[at + 1]! >>> 4);
      const syn = known.of(frame.connection)?.machine.sent.syn;
      // ECN has the lowest two bits (RFC 3168 section 5); whether it is in use is told by SYNs.
      const mask = syn === undefined || (syn.flags & ecnFlags) !== 0 ? 0xfc : 0xff;
      expect(
        tcp.some(facts.now, ({ TosOrTrafficClass }) => ((TosOrTrafficClass ^ value) & mask) === 0),
        () =>
          badFrame(
            frame,
            tcp.source,
            `a frame with a type of service or traffic class of ${value}`,
            `${tcp.cached.TosOrTrafficClass}, as TosOrTrafficClass has it`,
          ),
      );
    });
  }),

  rule('WIR-010', (context) =>
    targetSegments(context, (frame, tcp) => {
      if (frame.ipVersion !== 6) return;
      const { bytes } = frame.record;
      const at = frame.internetAt;
      const value = ((bytes[at + 1]! & 15) << 16) | u16At(bytes, at + 2);
      context.expect(
        tcp.some(context.facts.now, ({ FlowLabel }) => (FlowLabel & 0xf_ffff) === value),
        () =>
          badFrame(
            frame,
            tcp.source,
            `a frame with flow label ${value}`,
            `${tcp.cached.FlowLabel & 0xf_ffff}, as FlowLabel has it`,
          ),
      );
    }),
  ),

  rule('WIR-011', (context) =>
    targetSegments(context, (frame, tcp) => {
      const length = datagramLength(frame)!;
      const path = tcp.parent;
      const holds =
        path.some(context.facts.now, ({ PathMtu }) => length <= PathMtu) || isLeftToCarrier(frame);
      context.expect(holds, () =>
        badFrame(
          frame,
          path.source,
          `a datagram of ${length} bytes`,
          `${path.cached.PathMtu} bytes at most, the PathMtu`,
        ),
      );
    }),
  ),

  rule('WIR-012', (context) =>
    targetSegments(context, (frame, tcp) => {
      const options = (frame.record.bytes[frame.transportAt + 12]! >>> 4) * 4 - 20;
      const length = frame.payloadLength + options;
      const { RemoteMss } = tcp.constant;
      if (frame.payloadLength === 0) return;
      context.expect(length <= RemoteMss || isLeftToCarrier(frame), () =>
        badFrame(
          frame,
          tcp.initiate.event,
          `a segment with ${length} bytes of payload and options`,
          `${RemoteMss} at most, the RemoteMss`,
        ),
      );
    }),
  ),

  rule('WIR-017', ({ expect }) => ({
    chimneyFrame: (frame) => {
      if (frame.ipVersion !== 4) return;
      expect((frame.record.bytes[frame.internetAt + 6]! & 0x40) !== 0, () =>
        badFrame(frame, undefined, 'an IPv4 datagram of the target without DF', 'DF set'),
      );
    },
  })),

  rule('WIR-018', ({ expect }) => ({
    chimneyFrame: (frame) => {
      if (frame.ipVersion === undefined) return;
      const fragment = frame.isFragment || fragmentIdentification(frame) !== undefined;
      expect(!fragment, () =>
        badFrame(frame, undefined, 'the target sent a fragment of an IP datagram', 'whole datagrams only'),
      );
    },
  })),

  rule('WIR-019', ({ expect }) => ({
    chimneyFrame: (frame) => {
      if (frame.ipVersion !== 4) return;
      const identification = u16At(frame.record.bytes, frame.internetAt + 4);
      expect(identification >= 0x8000, () =>
        badFrame(
          frame,
          undefined,
          `an IPv4 datagram of the target with identification 0x${identification.toString(16)}`,
          '0x8000 to 0xffff',
        ),
      );
    },
  })),

  rule('WIR-020', ({ expect }) => ({
    chimneyFrame: (frame) => {
      if (frame.ipVersion !== 6) return;
      const identification = fragmentIdentification(frame);
      expect(identification === undefined || identification >= 0x8000_0000, () =>
        badFrame(
          frame,
          undefined,
          `an IPv6 fragment of the target with identification 0x${identification!.toString(16)}`,
          '0x80000000 to 0xffffffff',
        ),
      );
    },
  })),

  rule('WIR-021', ({ expect, facts }) => ({
    hostFrame: (frame) => {
      if (frame.ipVersion === undefined) return;
      const four = frame.ipVersion === 4;
      const identification = four
        ? u16At(frame.record.bytes, frame.internetAt + 4)
        : fragmentIdentification(frame);
      const half = four ? 0x8000 : 0x8000_0000;
      expect(identification === undefined || identification < half, () => ({
        events: [frame.event],
        found: `a datagram of the host stack with identification 0x${identification!.toString(16)}`,
        expected: `one below 0x${half.toString(16)}`,
        component: facts.machine.withRole('host-stack')[0]?.id,
        connection: frame.connection,
      }));
    },
  })),
];

/** Next-header value of the fragment header (RFC 8200 section 4.5). */
const fragmentHeader = 44;

/** Identification of a frame's IPv6 fragment header; undefined where it has none right behind its IPv6 header. */
function fragmentIdentification(frame: Parameters<typeof datagramLength>[0]): number | undefined {
  const { bytes } = frame.record;
  const at = frame.internetAt;
  if (frame.ipVersion !== 6 || bytes[at + 6] !== fragmentHeader || bytes.length < at + 48) return undefined;
  return u16At(bytes, at + 44) * 0x1_0000 + u16At(bytes, at + 46);
}
