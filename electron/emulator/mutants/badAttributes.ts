/** Offload attributes and other structures that are not as they should be. */
import type { MiniportAttributes } from '../ndis/miniportAttributes';
import type { BadDriver } from './badDriver';

/** A copy of a structure's bytes with something changed. */
export function edited(bytes: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  edit(new DataView(copy.buffer));
  return copy;
}

/** A driver that passes other offload attributes than it should. */
export function offloadAttributes(
  change: (attributes: MiniportAttributes & { readonly kind: 'offload' }) => MiniportAttributes,
): BadDriver {
  return {
    functions: {
      NdisMSetMiniportAttributes: (next) => (handle, attributes) =>
        next(handle, attributes.kind === 'offload' ? change(attributes) : attributes),
    },
  };
}
