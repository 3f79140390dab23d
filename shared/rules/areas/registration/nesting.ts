/** What a registration is made inside of. */
import type { Call } from '../../engine/call';
import { isChimneyStructure, type ChimneyStructure } from '../../facts/registrations';

/** The SetOptions around a call, by function. */
export function enclosingSetOptions(
  call: Call,
  functionName?: 'MiniportSetOptions' | 'ProtocolSetOptions',
): Call | undefined {
  return call.enclosing((one) =>
    functionName === undefined
      ? one.functionName === 'MiniportSetOptions' || one.functionName === 'ProtocolSetOptions'
      : one.functionName === functionName,
  );
}

/** ProtocolBindAdapterEx or ProtocolOpenAdapterCompleteEx around a call. */
export function enclosingBind(call: Call): Call | undefined {
  return call.enclosing(
    ({ functionName }) =>
      functionName === 'ProtocolBindAdapterEx' || functionName === 'ProtocolOpenAdapterCompleteEx',
  );
}

/** The chimney structure that a call of NdisSetOptionalHandlers passes; undefined for other optional handlers. */
export function structurePassed(call: Call): ChimneyStructure | undefined {
  const name = call.structure('OptionalHandlers')?.name;
  return name !== undefined && isChimneyStructure(name) ? name : undefined;
}

/** Whether a structure is of the miniport edge. */
export function isProvider(structure: ChimneyStructure): boolean {
  return structure.startsWith('NDIS_PROVIDER');
}

/** Without the words that all four names have in common. */
export function shortName(structure: ChimneyStructure): string {
  return `${isProvider(structure) ? 'provider' : 'client'} ${structure.includes('GENERIC') ? 'generic' : 'TCP'}`;
}
