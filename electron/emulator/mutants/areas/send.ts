/** Mutants for the rules of the area "send". */
import { NDIS_STATUS, type NdisStatus } from '../../../../shared/ddi/status';
import { netBufferListInfo } from '../../ndis/netBufferList';
import { returning } from '../badRecords';
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const sendMutants: readonly Mutant[] = [
  {
    breaks: 'SND-002',
    how: 'The target returns NDIS_STATUS_SUCCESS from MiniportTcpOffloadSend.',
    entails: { 'SND-003': 'NDIS hands on what the target returned.' },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadSendHandler:
          (next) =>
          (...values) => {
            next(...values);
            return NDIS_STATUS.SUCCESS;
          },
      },
    },
  },
  {
    breaks: 'SND-003',
    how: 'NDIS answers NDIS_STATUS_SUCCESS to NdisOffloadTcpSend.',
    records: returning('NdisOffloadTcpSend', NDIS_STATUS.SUCCESS),
  },
  {
    breaks: 'SND-004',
    how: 'The host stack posts two sends of a connection at once, from two processors.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpSend: (next, tools) => {
          const held: (() => void)[] = [];
          return (handle, lists) => {
            const post = (): NdisStatus => next(handle, lists);
            if (tools.once()) {
              held.push(post);
              return NDIS_STATUS.PENDING;
            }
            const first = held.pop();
            if (first === undefined) return post();
            tools.later(100, post, tools.otherProcessor);
            first();
            return NDIS_STATUS.PENDING;
          };
        },
      },
    },
  },
  {
    breaks: 'SND-021',
    how: 'The target reports one byte too few when it completes a send.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => (handle, lists) => {
          lists.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred]! -= 1;
          next(handle, lists);
        },
      },
    },
  },
];

/** What looks odd in the area and is legal. */
export const sendOddities: readonly LegalOddity[] = [];
