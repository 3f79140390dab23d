/** Forwarded segments as rules see them. */
import { u32At } from '../../../analysis/tcpSegment';
import type { NetBufferListSnapshot } from '../../../trace/records';
import type { Call } from '../../engine/call';

/** A forwarded list with the first bytes of its segment. */
export interface ForwardedSegment {
  readonly call: Call;
  readonly list: NetBufferListSnapshot;
  /** From the TCP header on, as far as they were recorded. */
  readonly bytes: Uint8Array;
  /** The same as hexadecimal digits. */
  readonly digits: string;
  readonly sequence: number;
  /** Behind its payload and its FIN. */
  readonly end: number;
  readonly headerLength: number;
}

/** What a call of NdisOffloadTcpForward or MiniportTcpOffloadForward brings; lists whose bytes were not recorded are left out. */
export function segmentsOf(call: Call): ForwardedSegment[] {
  const texts = call.record.arguments.flatMap((argument) =>
    argument.kind === 'text' && argument.name === 'Segment' ? argument.value : [],
  );
  return call.lists.flatMap((list, at) => {
    const digits = texts[at];
    if (digits === undefined) return [];
    const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    if (bytes.length < 20) return [{ call, list, bytes, digits, sequence: 0, end: 0, headerLength: 0 }];
    const headerLength = (bytes[12]! >>> 4) * 4;
    const sequence = u32At(bytes, 4);
    const length = Math.max(0, list.dataLength - headerLength) + (bytes[13]! & 1);
    return [{ call, list, bytes, digits, sequence, end: (sequence + length) >>> 0, headerLength }];
  });
}
