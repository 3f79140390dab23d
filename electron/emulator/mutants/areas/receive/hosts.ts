/** Host stacks that post receives in ways that are legal and that the built-in one never uses. */
import { netBufferListInfo } from '../../../ndis/netBufferList';
import type { Situation } from '../../mutant';

/** All requests are in nonpush mode. */
export const nonpush = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisOffloadTcpReceive: (next) => (handle, lists) => {
        lists.NetBufferListInfo[netBufferListInfo.TcpReceiveNoPush] = 1;
        return next(handle, lists);
      },
    },
  },
} as const satisfies Situation['besides'];

/** All requests are in nonpush mode and come with a hundred bytes in them. */
export const prefilled = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisOffloadTcpReceive: (next) => (handle, lists) => {
        lists.NetBufferListInfo[netBufferListInfo.TcpReceiveNoPush] = 1;
        lists.NetBufferListInfo[netBufferListInfo.TcpReceiveBytesTransferred] = 100;
        return next(handle, lists);
      },
    },
  },
} as const satisfies Situation['besides'];

/** Small requests, several at a time. */
export const smallRequests = { host: { postedReceives: 4, postedReceiveBytes: 2000 } } as const;

/** Requests that are smaller than a segment. */
export const tinyRequests = { host: { postedReceives: 8, postedReceiveBytes: 1000 } } as const;

/** The application gives the connection up in the middle. */
export const givesUp: NonNullable<Situation['act']> = (run) => {
  const connection = run.streams[0]?.connection;
  if (connection?.place !== 'Offloaded' || run.progress < 0.4) return true;
  connection.abort();
  return false;
};
