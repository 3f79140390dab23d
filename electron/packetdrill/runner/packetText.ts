/** Packets as scripts write them, for verdicts. */
import { tcpFlags } from '../../emulator/wire/tcpSegment';
import { ecnFlags } from '../language/packetParser';
import type { Packet, TcpPacket } from '../language/script';
import type { LiveOption } from './liveSegment';

const letters: readonly (readonly [number, string])[] = [
  [tcpFlags.FIN, 'F'],
  [tcpFlags.SYN, 'S'],
  [tcpFlags.RST, 'R'],
  [tcpFlags.PSH, 'P'],
  [tcpFlags.URG, 'U'],
  [ecnFlags.ECE, 'E'],
  [ecnFlags.CWR, 'W'],
  [tcpFlags.ACK, '.'],
];

/** Flags by their letters, `-` for none. */
export function flagsText(flags: number): string {
  const text = letters.flatMap(([flag, letter]) => ((flags & flag) === 0 ? [] : [letter])).join('');
  return text === '' ? '-' : text;
}

/** An option as in a script. */
export function optionText(option: LiveOption): string {
  switch (option.kind) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return option.kind;
    case 'mss':
    case 'wscale':
      return `${option.kind} ${option.value}`;
    case 'TS':
      return `TS val ${option.value} ecr ${option.echo}`;
    case 'sack':
      return `sack ${option.blocks.map(({ left, right }) => `${left}:${right}`).join(' ')}`;
    case 'other':
      return `kind ${option.number}`;
  }
}

/** What {@link tcpText} needs of a packet. */
export type TcpPacketFields = Pick<
  TcpPacket,
  'flags' | 'sequence' | 'payloadLength' | 'acknowledgment' | 'window' | 'urgentPointer'
> & { readonly options: readonly LiveOption[] | 'any' };

/** A TCP packet without its direction. */
export function tcpText(packet: TcpPacketFields): string {
  const { sequence, payloadLength, acknowledgment, window, urgentPointer, options } = packet;
  const end = (sequence + payloadLength) % 0x1_0000_0000;
  const parts = [flagsText(packet.flags), `${sequence}:${end}(${payloadLength})`];
  if (acknowledgment !== undefined) parts.push(`ack ${acknowledgment}`);
  if (window !== undefined) parts.push(`win ${window}`);
  if (urgentPointer !== undefined) parts.push(`urg ${urgentPointer}`);
  if (options === 'any') parts.push('<...>');
  else if (options.length > 0) parts.push(`<${options.map(optionText).join(',')}>`);
  return parts.join(' ');
}

/** A packet of a script without its direction. */
export function packetText(packet: Packet): string {
  if (packet.kind === 'tcp') return tcpText(packet);
  const mtu = packet.mtu === undefined ? '' : ` mtu ${packet.mtu}`;
  return `icmp ${packet.type}${packet.code === undefined ? '' : ` ${packet.code}`}${mtu}`;
}
