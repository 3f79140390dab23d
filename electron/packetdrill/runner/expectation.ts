/** Compares what the stack has sent with what a script expects. */
import { tcpFlags } from '../../emulator/wire/tcpSegment';
import { ecnFlags } from '../language/packetParser';
import type { IpInformation, TcpPacket } from '../language/script';
import type { LiveOption, LiveSegment } from './liveSegment';
import { flagsText, optionText, type TcpPacketFields } from './packetText';

/** Code points of the ECN field (RFC 3168 section 5). */
const ecnValues = { noecn: 0, ect1: 1, ect0: 2, ce: 3 } as const;

/** How a comparison is made. */
export interface ComparisonOptions {
  /** Every packet of the script is one packet on the wire, with the flags that it says. */
  readonly strictSegments: boolean;
  /** Whether an application's write, or all that it has written, ends where the segment ends. */
  readonly endsWrite: boolean;
}

/** What differs, in words; empty if nothing does. Timestamps are left to the caller, who knows their clock. */
export function differences(
  expected: TcpPacket,
  actual: TcpPacketFields,
  live: LiveSegment,
  how: ComparisonOptions,
): string[] {
  const found: string[] = [];
  const compare = (what: string, wanted: string | number, got: string | number | undefined): void => {
    if (wanted !== got) found.push(`${what} ${wanted} expected, ${got ?? 'none'} found`);
  };
  const flags = comparableFlags(expected, actual, how);
  compare('flags', flagsText(flags.expected), flagsText(flags.actual));
  compare('sequence number', expected.sequence, actual.sequence);
  compare('length', expected.payloadLength, actual.payloadLength);
  if ((expected.flags & tcpFlags.ACK) !== 0)
    compare('acknowledgment', expected.acknowledgment ?? 0, actual.acknowledgment);
  if (expected.window !== undefined) compare('window', expected.window, actual.window);
  if (expected.urgentPointer !== undefined)
    compare('urgent pointer', expected.urgentPointer, actual.urgentPointer);
  found.push(...optionDifferences(expected.options, actual.options), ...ipDifferences(expected.ip, live));
  return found;
}

/**
 * Where segmentation is not the script's to say, neither is a PSH in the middle of a write: only the end of one must carry it (RFC
 * 9293 section 3.9.1.2).
 */
function comparableFlags(
  expected: TcpPacket,
  actual: TcpPacketFields,
  how: ComparisonOptions,
): { readonly expected: number; readonly actual: number } {
  const pushOptional = !how.strictSegments && expected.payloadLength > 0 && !how.endsWrite;
  const ignored = pushOptional && (expected.flags & tcpFlags.PSH) !== 0 ? tcpFlags.PSH : 0;
  return { expected: expected.flags & ~ignored, actual: actual.flags & ~ignored };
}

/** Options as a set: their order and their padding are each stack's own. */
function optionDifferences(
  expected: readonly LiveOption[] | 'any',
  actual: readonly LiveOption[] | 'any',
): string[] {
  if (expected === 'any' || actual === 'any') return [];
  const wanted = comparable(expected);
  const got = comparable(actual);
  if (wanted.length === got.length && wanted.every((text, index) => text === got[index])) return [];
  const list = (texts: readonly string[]): string =>
    texts.length === 0 ? 'no options' : `<${texts.join(',')}>`;
  return [`${list(wanted)} expected, ${list(got)} found`];
}

function comparable(options: readonly LiveOption[]): string[] {
  return options
    .filter(({ kind }) => kind !== 'nop' && kind !== 'eol')
    .map((option) => (option.kind === 'TS' ? `TS ecr ${option.echo}` : optionText(option)))
    .sort();
}

function ipDifferences(expected: IpInformation, live: LiveSegment): string[] {
  const found: string[] = [];
  const codePoint = live.typeOfService & 3;
  if (expected.ecn === 'ect01') {
    if (codePoint !== ecnValues.ect0 && codePoint !== ecnValues.ect1)
      found.push(`ECT expected, ECN field ${codePoint} found`);
  } else if (expected.ecn !== undefined && codePoint !== ecnValues[expected.ecn])
    found.push(`${expected.ecn} expected, ECN field ${codePoint} found`);
  const { typeOfService, timeToLive, flowLabel } = expected;
  if (typeOfService !== undefined && typeOfService !== live.typeOfService)
    found.push(`type of service ${typeOfService} expected, ${live.typeOfService} found`);
  if (timeToLive !== undefined && timeToLive !== live.timeToLive)
    found.push(`time to live ${timeToLive} expected, ${live.timeToLive} found`);
  if (flowLabel !== undefined && flowLabel !== live.flowLabel)
    found.push(`flow label ${flowLabel} expected, ${live.flowLabel} found`);
  return found;
}

/** Whether `next` goes on where `packet` ends, so that both may be what a script writes as one. */
export function continues(packet: TcpPacketFields, next: TcpPacketFields): boolean {
  const ecn = ecnFlags.CWR | ecnFlags.ECE;
  return (
    packet.payloadLength > 0 &&
    next.payloadLength > 0 &&
    next.sequence === (packet.sequence + packet.payloadLength) % 0x1_0000_0000 &&
    next.acknowledgment === packet.acknowledgment &&
    (packet.flags & (tcpFlags.FIN | tcpFlags.SYN | tcpFlags.RST | ecn)) === 0
  );
}

/** ECN field for an inbound packet. */
export function typeOfServiceOf(ip: IpInformation): number {
  if (ip.typeOfService !== undefined) return ip.typeOfService;
  return ip.ecn === undefined || ip.ecn === 'ect01' ? 0 : ecnValues[ip.ecn];
}
