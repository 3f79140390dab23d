/** Mutants for the rules about posting sends. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../../../shared/ddi/status';
import { calling, returning } from '../../badRecords';
import type { Mutant } from '../../mutant';

const backlogChange = constantValue('TcpIndicateSendBacklogChange');

/** See the file's head. */
export const sendRequestMutants: readonly Mutant[] = [
  {
    breaks: 'SND-001',
    how: 'NDIS hands a send down with the context of something else.',
    entails: { 'CTX-016': 'The context is not the one that the target gave.' },
    records: (inner) => {
      let calls = 0;
      return calling('MiniportTcpOffloadSend', (call) => ({
        ...call,
        arguments: call.arguments.map((argument) =>
          argument.name === 'MiniportOffloadContext' && argument.kind === 'pointer' && ++calls === 2
            ? { ...argument, value: argument.value + 64 }
            : argument,
        ),
      }))(inner);
    },
  },
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
    breaks: 'SND-013',
    how: 'The host stack does not hear how much the target wants outstanding, and posts what it likes.',
    situation: {
      fileBytes: 2_000_000,
      plan: {
        halfway: 'nothing',
        target: { sendBacklog: { smallest: 8192, largest: 16_384, interval: 1_000_000 } },
      },
    },
    in: 'host-stack',
    driver: {
      handlers: {
        TcpOffloadEventHandler: (next) => (context, type, information) => {
          if (type !== backlogChange) next(context, type, information);
        },
      },
    },
  },
];
