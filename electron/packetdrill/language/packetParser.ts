/** Packets: what stands behind `<` and `>`. */
import { tcpFlags } from '../../emulator/wire/tcpSegment';
import type {
  IcmpPacket,
  IpInformation,
  Packet,
  PacketDirection,
  PortPair,
  SackBlock,
  TcpOption,
  TcpPacket,
} from './script';
import { syntaxError, unsupported, type SourcePosition } from './scriptProblem';
import type { TokenCursor } from './tokenCursor';

const largestSequence = 0xffff_ffff;
const largestPort = 0xffff;

/** Explicit congestion notification's flags (RFC 3168 section 6.1). */
export const ecnFlags = { ECE: 0x40, CWR: 0x80 } as const;

/** Flags by the letter that scripts give them. */
const flagLetters: Readonly<Record<string, number>> = {
  F: tcpFlags.FIN,
  S: tcpFlags.SYN,
  R: tcpFlags.RST,
  P: tcpFlags.PSH,
  '.': tcpFlags.ACK,
  U: tcpFlags.URG,
  E: ecnFlags.ECE,
  W: ecnFlags.CWR,
  C: ecnFlags.CWR,
};

/** Options that a script may name and that no stack here knows. */
const unknownOptions: ReadonlySet<string> = new Set(['FO', 'FOEXP', 'md5', 'ECN']);

/** Headers in front of a packet that no wire here carries. */
const tunnels: ReadonlySet<string> = new Set(['ipv4', 'ipv6', 'gre', 'GREv0', 'mpls']);

/** Reads a packet from its direction on.
 * @throws ScriptError if it breaks the grammar or asks for what is not supported */
export function parsePacket(cursor: TokenCursor): Packet {
  const { text, line, column } = cursor.take();
  const direction: PacketDirection = text === '<' ? 'inbound' : 'outbound';
  const position = { line, column };
  if (cursor.next.kind === 'word' && tunnels.has(cursor.next.text))
    unsupported(`tunnelled packets (${cursor.next.text})`, cursor.next);
  const ip = parseIpInformation(cursor, direction);
  if (cursor.is('icmp')) return parseIcmp(cursor, { direction, ip, ...position });
  if (cursor.is('udp')) unsupported('UDP', cursor.next);
  if (cursor.is('encap')) unsupported('encapsulated packets', cursor.next);
  const ports = parsePorts(cursor);
  if (cursor.is('udp')) unsupported('UDP', cursor.next);
  return parseTcp(cursor, { direction, ip, ...position }, ports);
}

function parseIpInformation(cursor: TokenCursor, direction: PacketDirection): IpInformation {
  const close = cursor.is('[') ? ']' : cursor.is('(') ? ')' : undefined;
  if (close === undefined) return {};
  cursor.take();
  let ip: IpInformation = {};
  do {
    const token = cursor.expectKind('word', 'noecn, ect0, ect1, ect01, ce, tos, ttl or flowlabel');
    switch (token.text) {
      case 'ect01':
        if (direction === 'inbound') syntaxError('[ect01] is for outbound packets only', token);
        ip = { ...ip, ecn: token.text };
        break;
      case 'noecn':
      case 'ect0':
      case 'ect1':
      case 'ce':
        ip = { ...ip, ecn: token.text };
        break;
      case 'tos':
        ip = { ...ip, typeOfService: cursor.expectNumber('a type of service', 0, 0xff) };
        break;
      case 'ttl':
        ip = { ...ip, timeToLive: cursor.expectNumber('a time to live', 0, 0xff) };
        break;
      case 'flowlabel':
        ip = { ...ip, flowLabel: cursor.expectNumber('a flow label', 0, 0xf_ffff) };
        break;
      default:
        syntaxError(`'${token.text}' is nothing that an IP header has`, token);
    }
  } while (cursor.takeIf(','));
  cursor.expect(close);
  return ip;
}

function parsePorts(cursor: TokenCursor): PortPair | undefined {
  if (cursor.next.kind !== 'integer' || !cursor.is('>', 1)) return undefined;
  const source = cursor.expectNumber('a port', 0, largestPort);
  cursor.expect('>');
  return { source, destination: cursor.expectNumber('a port', 0, largestPort) };
}

function parseTcp(
  cursor: TokenCursor,
  base: SourcePosition & Pick<TcpPacket, 'direction' | 'ip'>,
  ports: PortPair | undefined,
): TcpPacket {
  let flags = parseFlags(cursor);
  const { sequence, payloadLength } = parseSequence(cursor);
  const acknowledgment = cursor.takeIf('ack')
    ? cursor.expectNumber('an acknowledgment number', 0, largestSequence)
    : undefined;
  const window = cursor.takeIf('win') ? cursor.expectNumber('a window', 0, 0xffff) : undefined;
  const urgentPointer = cursor.takeIf('urg')
    ? cursor.expectNumber('an urgent pointer', 0, 0xffff)
    : undefined;
  if (urgentPointer !== undefined) flags |= tcpFlags.URG;
  const options = parseOptions(cursor, base.direction);
  return {
    kind: 'tcp',
    ...base,
    ports,
    flags,
    sequence,
    payloadLength,
    acknowledgment,
    window,
    urgentPointer,
    options,
  };
}

function parseFlags(cursor: TokenCursor): number {
  const token = cursor.next;
  if (cursor.takeIf('-')) return 0;
  let letters = '';
  if (token.kind === 'word') letters = cursor.take().text;
  if (cursor.next.kind === 'float') unsupported('accurate ECN (RFC 9768)', cursor.next);
  if (cursor.takeIf('.')) letters += '.';
  if (letters === '') cursor.fail("a packet's flags, such as 'S' or 'P.'");
  let flags = 0;
  for (const letter of letters) {
    const flag = flagLetters[letter];
    if (flag === undefined)
      syntaxError(`'${letter}' is no TCP flag: they are F, S, R, P, U, E, W and '.'`, token);
    flags |= flag;
  }
  return flags;
}

function parseSequence(cursor: TokenCursor): { readonly sequence: number; readonly payloadLength: number } {
  const first = cursor.next;
  const sequence = cursor.expectNumber('a sequence number', 0, largestSequence);
  cursor.expect(':');
  const end = cursor.expectNumber('a sequence number', 0, largestSequence);
  cursor.expect('(');
  const payloadLength = cursor.expectNumber('a length', 0, 0xffff);
  cursor.expect(')');
  if ((sequence + payloadLength) % (largestSequence + 1) !== end)
    syntaxError(`${sequence} and ${payloadLength} bytes are not ${end}`, first);
  return { sequence, payloadLength };
}

function parseOptions(cursor: TokenCursor, direction: PacketDirection): readonly TcpOption[] | 'any' {
  const open = cursor.next;
  if (!cursor.takeIf('<')) return [];
  if (cursor.takeIf('...')) {
    if (direction === 'inbound') syntaxError('<...> is for outbound packets only', open);
    cursor.expect('>');
    return 'any';
  }
  const options: TcpOption[] = [];
  do options.push(parseOption(cursor));
  while (cursor.takeIf(','));
  cursor.expect('>');
  return options;
}

function parseOption(cursor: TokenCursor): TcpOption {
  const token = cursor.expectKind('word', 'a TCP option');
  switch (token.text) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return { kind: token.text };
    case 'mss':
      return { kind: 'mss', value: cursor.expectNumber('a maximum segment size', 0, 0xffff) };
    case 'wscale':
      return { kind: 'wscale', value: cursor.expectNumber('a shift count', 0, 0xff) };
    case 'TS': {
      cursor.expect('val');
      const value = cursor.expectNumber('a timestamp', 0, largestSequence);
      cursor.expect('ecr');
      return { kind: 'TS', value, echo: cursor.expectNumber('a timestamp', 0, largestSequence) };
    }
    case 'sack':
      return { kind: 'sack', blocks: parseBlocks(cursor) };
    default:
      if (unknownOptions.has(token.text)) unsupported(`the TCP option ${token.text}`, token);
      return syntaxError(`'${token.text}' is no TCP option`, token);
  }
}

function parseBlocks(cursor: TokenCursor): SackBlock[] {
  const blocks: SackBlock[] = [];
  do {
    const left = cursor.expectNumber('a sequence number', 0, largestSequence);
    cursor.expect(':');
    blocks.push({ left, right: cursor.expectNumber('a sequence number', 0, largestSequence) });
  } while (cursor.next.kind === 'integer');
  if (blocks.length > 4) syntaxError('a header has room for four blocks', cursor.next);
  return blocks;
}

function parseIcmp(
  cursor: TokenCursor,
  base: SourcePosition & Pick<IcmpPacket, 'direction' | 'ip'>,
): IcmpPacket {
  cursor.expect('icmp');
  const type = cursor.expectKind('word', 'an ICMP type').text;
  const isCode = cursor.next.kind === 'word' && !cursor.is('mtu') && !cursor.is('id');
  const code = isCode ? cursor.take().text : undefined;
  const mtu = cursor.takeIf('mtu') ? cursor.expectNumber('an MTU', 0, largestSequence) : undefined;
  if (cursor.is('id')) unsupported('ICMP echoes', cursor.next);
  let echoed: IcmpPacket['echoed'];
  if (cursor.takeIf('[')) {
    if (cursor.is('udp') || cursor.is('raw'))
      unsupported(`ICMP errors about ${cursor.next.text}`, cursor.next);
    echoed = parseSequence(cursor);
    cursor.expect(']');
  }
  return { kind: 'icmp', ...base, type, code, mtu, echoed };
}
