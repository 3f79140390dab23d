import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, formatAddress, kernelAddressBase, pointerOf } from '../../../shared/base/address';
import { property } from '../../harness/property';

describe('emulated addresses', () => {
  it('come back from their pointers', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), (address) => {
        expect(addressOf(pointerOf(address))).toBe(address);
      }),
      property(),
    );
  });

  it('have NULL for 0', () => {
    expect(pointerOf(0)).toBe(0n);
    expect(addressOf(0n)).toBe(0);
    expect(formatAddress(0)).toBe('NULL');
  });

  it('are not made of pointers to anywhere else', () => {
    expect(addressOf(0x1234n)).toBeUndefined();
    expect(addressOf(kernelAddressBase)).toBeUndefined();
    expect(addressOf(kernelAddressBase + 0x1_0000_0000n)).toBeUndefined();
  });

  it('are written as the Windows debuggers write them', () => {
    expect(formatAddress(0x12340)).toBe('fffffa80`00012340');
  });
});
