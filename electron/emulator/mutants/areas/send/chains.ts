/** Drivers that post lists in chains: legal, and nothing that the built-in host stack does. */
import { NDIS_STATUS, type NdisStatus } from '../../../../../shared/ddi/status';
import type { NET_BUFFER_LIST } from '../../../ndis/netBufferList';
import type { NDIS_OFFLOAD_HANDLE } from '../../../ndis/offloadBlockList';
import type { Situation } from '../../mutant';
import type { MutantTools } from '../../mutantTools';

/** Time after which a list goes down alone, virtual ns. */
const patience = 50_000;

type Post = (handle: NDIS_OFFLOAD_HANDLE, lists: NET_BUFFER_LIST) => NdisStatus;

/** Keeps each list back for the next one, so that two go down in one chain. */
function inPairs(next: Post, tools: MutantTools): Post {
  let held: { readonly handle: NDIS_OFFLOAD_HANDLE; readonly list: NET_BUFFER_LIST } | undefined;
  const flush = (): void => {
    const alone = held;
    held = undefined;
    if (alone !== undefined) next(alone.handle, alone.list);
  };
  tools.memory.set('flush', flush);
  return (handle, list) => {
    if (held?.handle === handle) {
      const first = held.list;
      held = undefined;
      first.Next = list;
      return next(handle, first);
    }
    flush();
    held = { handle, list };
    tools.later(patience, () => {
      if (held?.list === list) flush();
    });
    return NDIS_STATUS.PENDING;
  };
}

function flushed<Values extends readonly unknown[], Answer>(
  next: (...values: Values) => Answer,
  tools: MutantTools,
): (...values: Values) => Answer {
  return (...values) => {
    (tools.memory.get('flush') as (() => void) | undefined)?.();
    return next(...values);
  };
}

/** The host stack posts its sends in chains of two. */
export const sendsInChains = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisOffloadTcpSend: inPairs,
      NdisOffloadTcpDisconnect: flushed,
      NdisTerminateOffload: flushed,
    },
  },
} as const satisfies Situation['besides'];
