/** Mutants for the rules of the area "initialization" (INZ). */
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import type { NDIS_HANDLE } from '../../ndis/characteristics';
import { adapterFrom } from '../../ndis/drivers';
import type { MiniportAttributes } from '../../ndis/miniportAttributes';
import { edited, offloadAttributes } from '../badAttributes';
import { calling, returning } from '../badRecords';
import { answering, editingStructure } from '../badReturns';
import type { LegalOddity, Mutant } from '../mutant';

/** See the file's head. */
export const initializationMutants: readonly Mutant[] = [
  {
    breaks: 'INZ-001',
    how: 'NDIS goes on with an adapter whose MiniportInitializeEx has failed.',
    entails: {
      'CAP-001': 'The host stack is bound to the failed adapter and asks what it can do.',
    },
    records: returning('MiniportInitializeEx', NDIS_STATUS.FAILURE),
  },
  {
    breaks: 'INZ-002',
    how: 'The target passes no offload attributes.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMSetMiniportAttributes: (next) => (handle, attributes) =>
          attributes.kind === 'offload' ? NDIS_STATUS.SUCCESS : next(handle, attributes),
      },
    },
  },
  {
    breaks: 'INZ-003',
    how: 'The target states the size of a smaller structure in the header of its offload attributes.',
    in: 'offload-target',
    driver: offloadAttributes((attributes) => ({
      ...attributes,
      bytes: edited(attributes.bytes, (view) => {
        view.setUint16(2, 24, true);
      }),
    })),
  },
  {
    breaks: 'INZ-004',
    how: 'The target leaves the pointer to its current configuration NULL.',
    in: 'offload-target',
    driver: offloadAttributes(({ DefaultTcpConnectionOffloadConfiguration: _absent, ...attributes }) => ({
      ...(attributes as MiniportAttributes & { kind: 'offload' }),
      bytes: edited(attributes.bytes, (view) => {
        view.setBigUint64(24, 0n, true);
      }),
    })),
  },
  {
    breaks: 'INZ-005',
    how: 'The target has more connections in its current configuration than its hardware can hold.',
    in: 'offload-target',
    driver: offloadAttributes((attributes) => ({
      ...attributes,
      DefaultTcpConnectionOffloadConfiguration: edited(
        attributes.DefaultTcpConnectionOffloadConfiguration,
        (view) => {
          view.setUint32(12, 5000, true);
        },
      ),
    })),
  },
  {
    breaks: 'INZ-006',
    how: 'NDIS gives MiniportQueryOffload a context that the driver has never supplied.',
    records: calling('MiniportQueryOffload', (call) => ({
      ...call,
      arguments: call.arguments.map((value) =>
        value.kind === 'pointer' && value.name === 'MiniportAdapterContext'
          ? { ...value, value: value.value + 64 }
          : value,
      ),
    })),
  },
  {
    breaks: 'INZ-007',
    how: 'The target asks for the entry points once more in MiniportRestart.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMGetOffloadHandlers: (next, tools) => (handle, type) => {
          tools.memory.set('again', () => next(handle, type));
          return next(handle, type);
        },
      },
      handlers: {
        RestartHandler: (next, tools) => (context) => {
          (tools.memory.get('again') as () => void)();
          return next(context);
        },
      },
    },
  },
  {
    breaks: 'INZ-008',
    how: 'The target asks for the entry points twice.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMGetOffloadHandlers: (next) => (handle, type) => {
          next(handle, type);
          return next(handle, type);
        },
      },
    },
  },
  {
    breaks: 'INZ-009',
    how: 'The target asks for the entry points of a reserved chimney type as well.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMGetOffloadHandlers: (next) => (handle, type) => {
          next(handle, type + 1);
          return next(handle, type);
        },
      },
    },
  },
  {
    breaks: 'INZ-010',
    how: 'NDIS answers NDIS_STATUS_PENDING to NdisMGetOffloadHandlers.',
    entails: { 'INZ-016': 'The target takes the table although the call has not succeeded.' },
    records: returning('NdisMGetOffloadHandlers', NDIS_STATUS.PENDING),
  },
  {
    breaks: 'INZ-011',
    how: 'The target asks for a reserved chimney type, is refused, and calls entry points that it has from elsewhere.',
    entails: {
      'INZ-009': 'The type that it asks for is reserved.',
      'INZ-016': 'It never gets a table.',
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMGetOffloadHandlers: (next, tools) => (handle, type) => {
          next(handle, type + 1);
          return {
            status: NDIS_STATUS.SUCCESS,
            OffloadHandlers: tools.ndis.tcp.eventHandlersFor(adapterFrom(handle)),
          };
        },
      },
    },
  },
  {
    breaks: 'INZ-012',
    how: 'NDIS states too small a size in the header of the table.',
    records: answering('NdisMGetOffloadHandlers', (exit) => ({
      ...exit,
      outputs: editingStructure(exit.outputs, 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS', (view) => {
        view.setUint16(2, 48, true);
      }),
    })),
  },
  {
    breaks: 'INZ-015',
    how: 'NDIS leaves the last entry point of the table NULL.',
    records: answering('NdisMGetOffloadHandlers', (exit) => ({
      ...exit,
      outputs: editingStructure(exit.outputs, 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS', (view) => {
        view.setBigUint64(48, 0n, true);
      }),
    })),
  },
  {
    breaks: 'INZ-016',
    how: 'The target calls entry points that it has from elsewhere than NdisMGetOffloadHandlers.',
    entails: { 'INZ-007': 'It never asks for them.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMGetOffloadHandlers: (_next, tools) => (handle: NDIS_HANDLE) => ({
          status: NDIS_STATUS.SUCCESS,
          OffloadHandlers: tools.ndis.tcp.eventHandlersFor(adapterFrom(handle)),
        }),
      },
    },
  },
  {
    breaks: 'INZ-017',
    how: 'The target takes a list for an ordinary indication from the pool of its chimney indications.',
    situation: { scenario: 'upload-all' },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveReturnHandler: (next, tools) => (context, lists) => {
          const { address } = lists;
          const status = next(context, lists);
          tools.memory.set('free', address);
          return status;
        },
      },
      functions: {
        NdisMIndicateReceiveNetBufferLists:
          (next, tools) =>
          (handle, lists, ...others) => {
            const free = tools.memory.get('free');
            tools.memory.delete('free');
            if (typeof free === 'number') Object.assign(lists, { address: free });
            next(handle, lists, ...others);
          },
      },
    },
  },
];

/** What looks odd in the area and is legal. */
export const initializationOddities: readonly LegalOddity[] = [];
