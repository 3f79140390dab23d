/** The handle by which a bad miniport driver names its adapter where it calls NDIS on its own account. */
import type { NDIS_HANDLE } from '../ndis/characteristics';
import type { BadDriver } from './badDriver';
import type { MutantTools } from './mutantTools';

/** Keeps the NdisMiniportHandle that MiniportInitializeEx brings, for `miniportHandle`; of several adapters the last one's. */
export const keepsMiniportHandle: Pick<NonNullable<BadDriver['handlers']>, 'InitializeHandlerEx'> = {
  InitializeHandlerEx:
    (next, { memory }) =>
    (handle, ...values) => {
      memory.set('NdisMiniportHandle', handle);
      return next(handle, ...values);
    },
};

/** What `keepsMiniportHandle` has kept. */
export function miniportHandle({ memory }: MutantTools): NDIS_HANDLE {
  return memory.get('NdisMiniportHandle') as NDIS_HANDLE;
}
