/**
 * Addresses of the emulated machine. The emulator hands out small numbers; people, and the structures in a trace, see them
 * where a 64-bit Windows keeps its nonpaged pool. 0 is NULL.
 */
export const kernelAddressBase = 0xfffffa80_00000000n;

/** The 64-bit pointer for an emulated address. */
export function pointerOf(address: number): bigint {
  return address === 0 ? 0n : kernelAddressBase + BigInt(address);
}

/** The emulated address for a 64-bit pointer, or undefined if it points elsewhere. */
export function addressOf(pointer: bigint): number | undefined {
  if (pointer === 0n) return 0;
  const offset = pointer - kernelAddressBase;
  return offset > 0n && offset < 0x1_0000_0000n ? Number(offset) : undefined;
}

/** Text in the way of the Windows debuggers: fffffa80`00012340, or NULL. */
export function formatAddress(address: number): string {
  return address === 0 ? 'NULL' : 'fffffa80`' + address.toString(16).padStart(8, '0');
}
