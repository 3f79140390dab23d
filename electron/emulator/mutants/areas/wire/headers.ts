/** Mutants for rules about the headers of a target's frames. */
import { walkBlocks } from '../../../kit';
import { defaultTcpSettings } from '../../../tcp/tcpSettings';
import type { Frame } from '../../../wire/frame';
import { finishChecksum, sumWords } from '../../../wire/internetChecksum';
import { copyFrame, editSegment, segmentPlaces, type SegmentPlaces } from '../../../tampering/segmentEdits';
import type { FrameChange, Mutant } from '../../mutant';

/** The engine's frames are changed, with right checksums. */
function inEngineFrames(
  edit: (bytes: Uint8Array, places: SegmentPlaces, view: DataView) => void,
): FrameChange {
  return (frame) => [frame.path === 'chimney' ? editSegment(frame, edit) : frame];
}

/** The tenth frame of the engine is changed. */
function inOneEngineFrame(
  edit: (bytes: Uint8Array, places: SegmentPlaces, view: DataView) => void,
): FrameChange {
  return (frame, tools) => [frame.path === 'chimney' && tools.once(10) ? editSegment(frame, edit) : frame];
}

/** See the file's head. */
export const headerMutants: readonly Mutant[] = [
  {
    breaks: 'WIR-001',
    how: 'The target computes the checksum of one IPv4 header without its last word.',
    frames: (frame, tools) => {
      if (frame.path === 'chimney' && tools.once(10)) frame.bytes[24]! ^= 0x11;
      return [frame];
    },
  },
  {
    breaks: 'WIR-003',
    how: 'The target sends a SYN of its own on a connection that it holds.',
    frames: (frame, tools) => {
      if (frame.path !== 'chimney' || frame.payloadLength > 0 || !tools.once(5)) return [frame];
      const syn = editSegment(copyFrame(frame), (bytes, { tcp }) => {
        bytes[tcp + 13]! |= 2;
      });
      return [frame, syn];
    },
  },
  {
    breaks: 'WIR-004',
    how: 'The target sends one segment from the next port.',
    frames: inOneEngineFrame((bytes, { tcp }) => {
      bytes[tcp + 1]! ^= 1;
    }),
  },
  {
    breaks: 'WIR-004',
    how: 'The target sends one segment from the address of another interface.',
    frames: inOneEngineFrame((bytes, { ip }) => {
      bytes[ip + 15]! ^= 0x40;
    }),
  },
  {
    breaks: 'WIR-005',
    how: 'The target sends one frame to the Ethernet address that it finds in a frame of another host.',
    frames: inOneEngineFrame((bytes) => {
      bytes[5]! ^= 0x55;
    }),
  },
  {
    breaks: 'WIR-005',
    how: 'The target completes the update of the neighbor and goes on with the old Ethernet address.',
    situation: { scenario: 'address-and-mtu-change', fileBytes: 200_000 },
    frames: (frame, tools) => {
      if (frame.path !== 'chimney') return [frame];
      const first = (tools.memory.get('address') as Uint8Array | undefined) ?? frame.bytes.slice(0, 6);
      tools.memory.set('address', first);
      frame.bytes.set(first);
      return [frame];
    },
  },
  {
    breaks: 'WIR-006',
    how: 'The target sends frames without a source address, as the neighbor names none.',
    entails: { 'TMR-052': 'The peer answers to the address that it finds, and no adapter takes that.' },
    frames: (frame) => {
      if (frame.path === 'chimney') frame.bytes.fill(0, 6, 12);
      return [frame];
    },
  },
  {
    breaks: 'WIR-008',
    how: 'The target sends every frame with a TTL of 64.',
    frames: inEngineFrames((bytes, { ip }) => {
      bytes[ip + 8] = 64;
    }),
  },
  {
    breaks: 'WIR-008',
    how: 'The target completes the update of TtlOrHopLimit and goes on with the old one.',
    situation: { scenario: 'update-everything', fileBytes: 1_000_000, settings: { ipVersions: 'ipv6' } },
    frames: inEngineFrames((bytes, { ip }) => {
      bytes[ip + 7] = 128;
    }),
  },
  {
    breaks: 'WIR-009',
    how: 'The target never writes a type of service.',
    situation: { scenario: 'update-everything', fileBytes: 1_000_000 },
    frames: inEngineFrames((bytes, { ip }) => {
      bytes[ip + 1] = 0;
    }),
  },
  {
    breaks: 'WIR-010',
    how: 'The target never writes a flow label.',
    situation: { scenario: 'update-everything', fileBytes: 1_000_000, settings: { ipVersions: 'ipv6' } },
    frames: inEngineFrames((bytes, { ip }) => {
      bytes.fill(0, ip + 2, ip + 4);
      bytes[ip + 1]! &= 0xf0;
    }),
  },
  {
    breaks: 'WIR-011',
    how: 'The target goes on with the old MTU after the update of the path.',
    situation: { scenario: 'address-and-mtu-change', fileBytes: 200_000 },
    in: 'offload-target',
    driver: {
      handlers: {
        UpdateOffloadHandler: (next) => (context, root) => {
          walkBlocks(root, (block) => {
            if (block.state?.layer === 'path') Object.assign(block.state.cached!, { PathMtu: 1500 });
          });
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'WIR-012',
    how: 'The target takes every peer for one that takes full Ethernet segments.',
    situation: { plan: { host: { tcp: { ...defaultTcpSettings, localMss: 1000, clockOffset: 91_350 } } } },
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next) => (context, root) => {
          walkBlocks(root, ({ state }) => {
            if (state?.layer === 'tcp') Object.assign(state.const!, { RemoteMss: 1460 });
          });
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'WIR-017',
    how: 'The target sends its datagrams without DF.',
    frames: inEngineFrames((bytes, { ip }) => {
      bytes[ip + 6]! &= ~0x40;
    }),
  },
  {
    breaks: 'WIR-018',
    how: 'The target cuts a datagram into two fragments.',
    entails: {
      'WIR-017': 'A datagram with DF is never cut.',
      'INI-062': 'Fragments are no segments: their bytes have left in none, and later ones have.',
      'SND-014': 'For the same reason a byte of the chain is missing.',
    },
    frames: (frame, tools) => {
      if (frame.path !== 'chimney' || frame.payloadLength < 600 || !tools.once(5)) return [frame];
      return fragmentsOf(frame);
    },
  },
  {
    breaks: 'WIR-019',
    how: 'The target numbers its datagrams from 1.',
    frames: (frame, tools) => [
      frame.path !== 'chimney'
        ? frame
        : editSegment(frame, (_bytes, { ip }, view) => {
            view.setUint16(ip + 4, tools.count());
          }),
    ],
  },
  {
    breaks: 'WIR-020',
    how: 'The target puts a fragment header with identification 0x42 into a datagram over IPv6.',
    situation: { settings: { ipVersions: 'ipv6' } },
    entails: { 'WIR-018': 'Only fragments have such a header.' },
    frames: (frame, tools) => {
      if (frame.path === 'chimney' && frame.payloadLength === 0 && tools.once(3))
        addFragmentHeader(frame, 0x42);
      return [frame];
    },
  },
  {
    breaks: 'WIR-021',
    how: 'The host stack takes identifications from the whole space.',
    frames: (frame) => [
      frame.path !== 'host'
        ? frame
        : editSegment(frame, (bytes, { ip }) => {
            bytes[ip + 4]! |= 0x80;
          }),
    ],
  },
];

/** Cuts an IPv4 datagram in two. */
function fragmentsOf(frame: Frame): Frame[] {
  const { ip } = segmentPlaces(frame)!;
  const cut = ip + 20 + 400;
  const rest = copyFrame(frame);
  rest.bytes.copyWithin(ip + 20, cut, frame.length);
  rest.length = frame.length - 400;
  frame.length = cut;
  const head = (one: Frame, flagsAndOffset: number): void => {
    const view = new DataView(one.bytes.buffer, one.bytes.byteOffset);
    view.setUint16(ip + 2, one.length - ip);
    view.setUint16(ip + 6, flagsAndOffset);
    view.setUint16(ip + 10, 0);
    view.setUint16(ip + 10, finishChecksum(sumWords(0, one.bytes, ip, ip + 20)));
  };
  head(frame, 0x2000);
  head(rest, 400 / 8);
  return [frame, rest];
}

/** Puts a fragment header of a whole datagram behind an IPv6 header (RFC 8200 section 4.5). */
function addFragmentHeader(frame: Frame, identification: number): void {
  const { ip } = segmentPlaces(frame)!;
  const { bytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  bytes.copyWithin(ip + 48, ip + 40, frame.length);
  frame.length += 8;
  view.setUint16(ip + 4, view.getUint16(ip + 4) + 8);
  bytes[ip + 40] = bytes[ip + 6]!;
  bytes[ip + 6] = 44;
  bytes[ip + 41] = 0;
  view.setUint16(ip + 42, 0);
  view.setUint32(ip + 44, identification);
}
