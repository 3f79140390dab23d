import { describe, expect, it } from 'vitest';
import { isBarred } from '../../../../electron/emulator/ndis/chimneyBarrier';
import { MiniportAdapter, MiniportDriver, ProtocolDriver } from '../../../../electron/emulator/ndis/drivers';

type Edge = 'provider generic' | 'provider TCP' | 'client generic' | 'client TCP';

/** The virtual miniport of an intermediate driver that has registered all structures but some. */
function virtualMiniport(...without: readonly Edge[]): MiniportAdapter {
  const context = { address: 1 };
  const miniport = new MiniportDriver(2, 'miniport edge', 0, context, {} as never);
  const protocol = new ProtocolDriver(3, 'protocol edge', 0, context, {} as never);
  miniport.protocolEdge = protocol;
  const has = (edge: Edge): boolean => !without.includes(edge);
  if (has('provider generic')) Object.assign(miniport, { genericHandlers: {} });
  if (has('provider TCP')) Object.assign(miniport, { tcpHandlers: {} });
  if (has('client generic')) Object.assign(protocol, { genericHandlers: {} });
  if (has('client TCP')) Object.assign(protocol, { tcpHandlers: {} });
  return new MiniportAdapter(4, 'virtual miniport', miniport, context);
}

describe('NDIS keeps chimney offload away', () => {
  it('IMD-001: not from an intermediate driver with functions on both edges', () => {
    expect(isBarred(virtualMiniport())).toBe(false);
  });

  it.each(['provider generic', 'provider TCP', 'client generic', 'client TCP'] as const)(
    'IMD-002: from one without its %s functions',
    (edge) => {
      expect(isBarred(virtualMiniport(edge))).toBe(true);
    },
  );

  it('IMD-002: from one without any', () => {
    const edges = ['provider generic', 'provider TCP', 'client generic', 'client TCP'] as const;
    expect(isBarred(virtualMiniport(...edges))).toBe(true);
  });

  it('a miniport driver that is no edge of anything has no such barrier', () => {
    const driver = new MiniportDriver(2, 'miniport', 0, { address: 1 }, {} as never);
    expect(isBarred(new MiniportAdapter(4, 'adapter', driver))).toBe(false);
  });
});
