/** Mutants for rules of the area "context" about handles. */
import { pointerOf } from '../../../../../shared/base/address';
import { constantValue } from '../../../../../shared/ddi/catalogue';
import type { CallRecord } from '../../../../../shared/trace/records';
import type { NDIS_HANDLE } from '../../../ndis/characteristics';
import { ContextCell, type NDIS_OFFLOAD_HANDLE } from '../../../ndis/offloadBlockList';
import { calling } from '../../badRecords';
import { edited, memberAt, withBlocks } from '../../badTrees';
import type { Mutant } from '../../mutant';
import { adapterOf, blocksOf, rememberingAdapter } from '../../treeTools';
import { placeholder } from '../tree/types';

const strange = 0x66_6000;

/** A pointer of a call leads somewhere else. */
function withPointer(name: string): (call: Omit<CallRecord, 'kind'>) => Omit<CallRecord, 'kind'> {
  return (call) => ({
    ...call,
    arguments: call.arguments.map((argument) =>
      argument.kind === 'pointer' && argument.name === name ? { ...argument, value: strange } : argument,
    ),
  });
}

/** A pointer of every block of a query leads somewhere else. */
function withBlockPointer(name: string): NonNullable<Mutant['records']> {
  return calling(
    'MiniportQueryOffload',
    withBlocks((block) =>
      edited(block, (view) => {
        view.setBigUint64(memberAt(name), pointerOf(strange), true);
      }),
    ),
  );
}

/** The same handle at another address. */
function copyOf(handle: NDIS_OFFLOAD_HANDLE): NDIS_OFFLOAD_HANDLE {
  const copy = Object.create(Object.getPrototypeOf(handle) as object) as NDIS_OFFLOAD_HANDLE;
  const cell = new ContextCell(strange + 8);
  cell.value = handle.MiniportOffloadContext.value;
  return Object.assign(copy, handle, { address: strange, MiniportOffloadContext: cell });
}

/** See the file's head. */
export const handleMutants: readonly Mutant[] = [
  {
    breaks: 'CTX-013',
    how: 'The host stack sends with a copy of the handle that it has offered a connection with.',
    in: 'host-stack',
    driver: { functions: { NdisOffloadTcpSend: (next) => (handle, lists) => next(copyOf(handle), lists) } },
  },
  {
    breaks: 'CTX-013',
    how: 'The host stack queries with a copy of the handle that it has offered a connection with.',
    entails: { 'CTX-010': 'A copy of the handle has a cell of its own.' },
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next) => (binding, root) => {
          if (root.OffloadHandle !== null) root.OffloadHandle = copyOf(root.OffloadHandle);
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'CTX-014',
    how: 'NDIS shows the driver below another handle than the sender has.',
    records: withBlockPointer('NdisOffloadHandle'),
  },
  {
    breaks: 'CTX-015',
    how: 'NDIS leads the driver below to another cell than that of the handle.',
    entails: { 'CTX-010': 'The cell is not where it was when the object was offered.' },
    records: withBlockPointer('MiniportOffloadContext'),
  },
  {
    breaks: 'CTX-016',
    how: 'NDIS passes a send down with the context of something else.',
    records: calling('MiniportTcpOffloadSend', withPointer('MiniportOffloadContext')),
  },
  {
    breaks: 'CTX-017',
    how: 'The target indicates an event for a connection whose termination it has completed.',
    entails: { 'TRM-033': 'The event comes behind NdisMTerminateOffloadComplete.' },
    in: 'offload-target',
    driver: {
      functions: {
        ...rememberingAdapter,
        NdisMTerminateOffloadComplete: (next, tools) => (handle, root) => {
          next(handle, root);
          const connection = blocksOf(root, 'tcp')[0]?.NdisOffloadHandle;
          if (connection)
            adapterOf(tools).table.NdisTcpOffloadEventHandler(
              connection,
              constantValue('TcpIndicateAbort'),
              0,
            );
        },
      },
    },
  },
  {
    breaks: 'CTX-019',
    how: 'NDIS hands an event on with another handle than the host stack has for the connection.',
    entails: { 'EVT-004': 'The handle is a part of the event that has changed on its way.' },
    situation: { scenario: 'neighbor-invalidated', fileBytes: 200_000 },
    records: calling('ProtocolTcpOffloadEvent', withPointer('OffloadContext')),
  },
  {
    breaks: 'CTX-020',
    how: 'NDIS hands a completion to the context of another binding.',
    records: calling('ProtocolQueryOffloadComplete', withPointer('ProtocolBindingContext')),
  },
  {
    breaks: 'CTX-021',
    how: 'The host stack queries on a binding that it has closed.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next, tools) => (binding, root) => {
          tools.memory.set('binding', binding);
          next(binding, root);
        },
      },
      handlers: {
        TerminateOffloadCompleteHandler: (next, tools) => (context, root) => {
          next(context, root);
          tools.laterPassive(100_000, () => {
            const binding = tools.memory.get('binding') as NDIS_HANDLE;
            tools.functions!.NdisCloseAdapterEx(binding);
            tools.functions!.NdisQueryOffloadState(binding, placeholder(tools, 'tcp'));
          });
        },
      },
    },
  },
  {
    breaks: 'CTX-021',
    how: 'The host stack queries with a handle that is none of a binding.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState: (next) => (_binding, root) => {
          next({ address: strange, label: 'no NdisBindingHandle' }, root);
        },
      },
    },
  },
  {
    breaks: 'CTX-022',
    how: 'The target completes sends with its adapter context in place of the handle.',
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadSendHandler: (next, tools) => (context, offloadContext, lists) => {
          tools.memory.set('context', { address: context.address, label: 'MiniportAdapterContext' });
          return next(context, offloadContext, lists);
        },
      },
      functions: {
        NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
          next((tools.memory.get('context') as NDIS_HANDLE | undefined) ?? handle, lists);
        },
      },
    },
  },
  {
    breaks: 'CTX-022',
    how: 'The target completes a query with a handle that NDIS never gave to it.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMQueryOffloadStateComplete: (next) => (_handle, root) => {
          next({ address: strange, label: 'no NdisMiniportHandle' }, root);
        },
      },
    },
  },
];
