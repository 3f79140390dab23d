/** A target that completes a send by itself instead of sending it. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import type { NET_BUFFER_LIST } from '../../../ndis/netBufferList';
import type { BadDriver } from '../../badDriver';

/** The target answers the send with a number by itself: `settle` writes what the completion says. */
export function answeringSends(number: number, settle: (list: NET_BUFFER_LIST) => void): BadDriver {
  return {
    handlers: {
      TcpOffloadSendHandler:
        (next, tools) =>
        (...values) => {
          if (!tools.once(number)) return next(...values);
          const [, , list] = values;
          settle(list);
          tools.later(1000, () => {
            const complete = tools.memory.get('complete') as (lists: NET_BUFFER_LIST) => void;
            complete(list);
          });
          return NDIS_STATUS.PENDING;
        },
    },
    functions: {
      NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
        tools.memory.set('complete', (list: NET_BUFFER_LIST) => {
          next(handle, list);
        });
        next(handle, lists);
      },
    },
  };
}
