/** Mutants for the rules about the return of indicated lists. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import type { EventId } from '../../../../../shared/trace/records';
import type { NDIS_HANDLE } from '../../../ndis/characteristics';
import { allocateNetBufferList, netBufferListInfo, type NET_BUFFER_LIST } from '../../../ndis/netBufferList';
import { passOn } from '../../../observe/passOn';
import { calling } from '../../badRecords';
import { keepsMiniportHandle, miniportHandle } from '../../miniportHandle';
import type { Mutant } from '../../mutant';
import { indicated, refusing, returnsLate } from './hosts';

/** See the file's head. */
export const returnMutants: readonly Mutant[] = [
  {
    breaks: 'IND-014',
    how: 'The host stack returns lists whose indication it has refused.',
    situation: refusing(65_536),
    in: 'host-stack',
    driver: {
      handlers: {
        TcpOffloadReceiveIndicateHandler:
          (next, tools) =>
          (...values) => {
            const answer = next(...values);
            const binding = tools.memory.get('binding') as NDIS_HANDLE;
            if (answer.status !== NDIS_STATUS.SUCCESS)
              tools.later(1000, () => tools.functions?.NdisOffloadTcpReceiveReturn(binding, values[1]));
            return answer;
          },
      },
      functions: {
        NdisOpenAdapterEx:
          (next, tools) =>
          (...values) => {
            const answer = next(...values);
            tools.memory.set('binding', answer.NdisBindingHandle);
            return answer;
          },
      },
    },
  },
  {
    breaks: 'IND-022',
    how: 'The host stack returns lists twice.',
    situation: indicated,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceiveReturn:
          (next) =>
          (...values) => {
            next(...values);
            next(...values);
          },
      },
    },
  },
  {
    breaks: 'IND-023',
    how: 'The host stack returns a list of its own.',
    situation: indicated,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceiveReturn: (next, tools) => (binding, lists) => {
          next(binding, lists);
          next(binding, allocateNetBufferList(tools.machine.addresses, [new Uint8Array(10)]));
        },
      },
    },
  },
  {
    breaks: 'IND-024',
    how: 'The host stack names something else than its binding when it returns lists; NDIS lets nobody do so, and records show it.',
    situation: indicated,
    records: calling('NdisOffloadTcpReceiveReturn', (call) => ({
      ...call,
      arguments: call.arguments.map((argument) =>
        argument.kind === 'pointer' ? { ...argument, value: argument.value + 64 } : argument,
      ),
    })),
  },
  {
    breaks: 'IND-026',
    how: 'The target returns NDIS_STATUS_UPLOAD_IN_PROGRESS from MiniportTcpOffloadReceiveReturn.',
    situation: indicated,
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveReturnHandler:
          (next) =>
          (...values) => {
            next(...values);
            return NDIS_STATUS.UPLOAD_IN_PROGRESS;
          },
      },
    },
  },
  {
    breaks: 'IND-027',
    how: 'The target completes the return of a list.',
    situation: indicated,
    entails: { 'RCV-021': 'Nobody had posted the list as a receive.' },
    in: 'offload-target',
    driver: {
      handlers: {
        ...keepsMiniportHandle,
        TcpOffloadReceiveReturnHandler: (next, tools) => (context, lists) => {
          const status = next(context, lists);
          lists.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] = 0;
          const complete = tools.memory.get('complete') as (lists: NET_BUFFER_LIST) => void;
          tools.later(1000, () => {
            complete(lists);
          });
          return status;
        },
      },
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => {
          tools.memory.set('complete', (lists: NET_BUFFER_LIST) => {
            next(miniportHandle(tools), lists);
          });
          return next;
        },
      },
    },
  },
  {
    breaks: 'IND-028',
    how: 'NDIS returns from NdisOffloadTcpReceiveReturn before it has called the target.',
    situation: indicated,
    records: (inner) => {
      const early = new Set<EventId>();
      return passOn(inner, {
        call: (time, call) => {
          if (call.functionName !== 'MiniportTcpOffloadReceiveReturn' || call.parent === undefined)
            return inner.call(time, call);
          early.add(call.parent);
          inner.return(time, { call: call.parent, status: undefined, outputs: [] });
          return inner.call(time, { ...call, parent: undefined });
        },
        return: (time, result) => {
          if (!early.delete(result.call)) inner.return(time, result);
        },
      });
    },
  },
  {
    breaks: 'IND-029',
    how: 'The host stack returns data of a connection like packets.',
    situation: indicated,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceiveReturn:
          (_next, tools) =>
          (...values) => {
            tools.functions?.NdisReturnNetBufferLists(...values);
          },
      },
    },
  },
  {
    breaks: 'IND-030',
    how: 'The target does not wait for indicated lists when it is paused, and lets itself be halted.',
    entails: { 'IND-022': 'The binding is closed before the lists have come back.' },
    situation: {
      ...indicated,
      besides: returnsLate,
      act: (run) => {
        if (run.progress < 0.5) return true;
        const { ndis, adapters } = run.topology;
        ndis.life.halt(adapters[0]!.target.miniportHandle, () => undefined);
        return false;
      },
    },
    in: 'offload-target',
    driver: {
      handlers: {
        PauseHandler:
          (next) =>
          (...values) => {
            next(...values);
            return NDIS_STATUS.SUCCESS;
          },
      },
    },
  },
];
