/** The owners of NET_BUFFER_LISTs in words. */
import { addressOf, formatAddress } from '../base/address';
import type { BufferLife, BufferStay } from './bufferOwnership';
import type { LoanPurpose } from './listHandOvers';

const purposeTexts: Readonly<Record<LoanPurpose, string>> = {
  send: 'lent to be sent',
  'attached-send': 'lent with an initiate, to be sent',
  receive: 'lent to be filled with received data',
  disconnect: 'lent to send a FIN or a RST behind its data',
  forward: 'lent to be taken as received',
  indication: 'lent to be read',
  'buffered-data': 'lent to be read, with a terminate',
  'packet-send': 'lent to be sent as a packet',
  'packet-indication': 'lent as a received packet',
};

/** How a list came to its owner. */
export function stayText({ how }: Pick<BufferStay, 'how'>): string {
  if (how === 'given-back') return 'given back';
  return how === 'refused' ? 'not taken' : purposeTexts[how];
}

/** What a list is, in a line. */
export function lifeText(life: BufferLife): string {
  const { address, ordinal, dataLength, streamOffset, connection } = life;
  const place = streamOffset === undefined ? '' : ` from byte ${streamOffset} of the stream`;
  const of = connection === undefined ? '' : `, connection ${connection}`;
  return `NET_BUFFER_LIST ${formatAddress(address)}, life ${ordinal + 1}: ${dataLength} bytes${place}${of}`;
}

/** An address as people write it: `fffffa80`00012340`, with or without the sign in the middle or `0x`, or a small number of the trace. */
export function readListAddress(text: string): number | undefined {
  const digits = text.trim().replace(/^0x/i, '').replace('`', '');
  if (/^\d{1,10}$/.test(text.trim())) return Number(text);
  if (!/^[0-9a-f]{1,16}$/i.test(digits)) return undefined;
  const value = BigInt(`0x${digits}`);
  return addressOf(value) ?? (value < 0x1_0000_0000n ? Number(value) : undefined);
}
