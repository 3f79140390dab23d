/** NDIS_INTERRUPT_MODERATION_PARAMETERS, for OID_GEN_INTERRUPT_MODERATION: whether the adapter collects interrupts. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { beginObject, bytesOf, readObject } from './objectBytes';

const header = { Type: constantValue('NDIS_OBJECT_TYPE_DEFAULT'), Revision: 1, Size: 12 } as const;

/** Bytes of the structure. */
export const interruptModerationSize = header.Size;

/** NDIS_INTERRUPT_MODERATION. */
export const interruptModeration = { Unknown: 0, NotSupported: 1, Enabled: 2, Disabled: 3 } as const;

/** A value of NDIS_INTERRUPT_MODERATION. */
export type InterruptModeration = (typeof interruptModeration)[keyof typeof interruptModeration];

/** The structure; Flags say that a change needs neither a reset nor a new initialization. */
export function writeInterruptModeration(state: InterruptModeration): Uint8Array {
  const view = beginObject(header);
  view.setUint32(8, state, true);
  return bytesOf(view);
}

/** What the structure says; undefined if it is damaged or its value unknown. */
export function readInterruptModeration(bytes: Uint8Array): InterruptModeration | undefined {
  const state = readObject(header, bytes)?.getUint32(8, true);
  return Object.values(interruptModeration).find((candidate) => candidate === state);
}
