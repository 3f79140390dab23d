/** Drivers that make a mess of received data around an offload. */
import type { ReceiveDelivery } from '../../../target/receiveDelivery';
import { OffloadedConnection } from '../../../target/offloadedConnection';
import { inOrder, readsAfterOffload } from '../../acting';
import type { BadDriver } from '../../badDriver';
import type { Mutant, Situation } from '../../mutant';
import { blockWithState, blocksOf, offering, rewriteState, type MiniportBlock } from '../../treeTools';
import { chainToArray, linkChain } from '../../../ndis/netBufferList';

const buffered: Situation = { act: readsAfterOffload };

/** A MAC address that the host stack was told to use. */
const configuredAddress = Uint8Array.from([0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee]);

/** The host stack gives neighbors a source address; a target without room for one refuses it. */
const givesSourceAddress: Situation = {
  act: inOrder({
    isDue: () => true,
    act: ({ topology: { host } }) => {
      const stateOf = host.neighborState.bind(host);
      Object.assign(host, {
        neighborState: (...values: Parameters<typeof stateOf>) => {
          const state = stateOf(...values);
          const DlSourceAddress = new Uint8Array(32);
          DlSourceAddress.set(configuredAddress);
          return { ...state, const: { ...state.const, DlSourceAddress } };
        },
      });
    },
  }),
};

/** The target's own record of a connection, of which parts are not for others to see. */
interface Inside {
  readonly delivery: Pick<ReceiveDelivery, 'takeBuffered' | 'onData' | 'adopt'> & { blocked: boolean };
}

/** Does something to the target's record of each connection that it has just taken. */
export function withTaken(
  change: (connection: OffloadedConnection, block: MiniportBlock) => void,
): BadDriver {
  return {
    functions: {
      NdisMInitiateOffloadComplete: (next) => (handle, root) => {
        for (const block of blocksOf(root, 'tcp')) {
          const taken = block.MiniportOffloadContext?.value;
          if (block.state !== undefined && taken instanceof OffloadedConnection) change(taken, block);
        }
        next(handle, root);
      },
    },
  };
}

function deliveryOf(connection: OffloadedConnection): Inside['delivery'] {
  return (connection as unknown as Inside).delivery;
}

/** See the file's head. */
export const receivedDataMutants: readonly Mutant[] = [
  {
    breaks: 'INI-007',
    how: 'The target takes a neighbor with a source address and sends from its own.',
    entails: {
      'WIR-006': 'Every frame of the connection has the source address that was not wanted.',
    },
    situation: givesSourceAddress,
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next) => (context, root) => {
          rewriteState(blockWithState(root, 'neighbor'), 'neighbor', 'const', () => ({
            DlSourceAddress: new Uint8Array(32),
          }));
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'INI-023',
    how: 'The target gives the smoothed round-trip time back without its factor.',
    situation: { settings: { link: { delay: 20_000_000 } }, fileBytes: 200_000 },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete: (next) => (handle, root) => {
          for (const block of blocksOf(root, 'tcp'))
            rewriteState(block, 'tcp', 'delegated', ({ SRtt }) => ({ SRtt: SRtt >>> 3 }));
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'INI-024',
    how: 'The host stack keeps the newest received data back when it offers a connection.',
    entails: {
      'RCV-012': 'The target goes on behind RcvNxt, and the application misses what was kept back.',
    },
    situation: buffered,
    in: 'host-stack',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'delegated', ({ BufferedData }) => ({
        BufferedData: linkChain(chainToArray(BufferedData).slice(0, -1)),
      }));
    }),
  },
  {
    breaks: 'INI-026',
    how: 'The target delivers received data from the memory of the host stack, where it was at the offload.',
    entails: {
      'RCV-012': 'By then the memory has been used for something else, and that is delivered.',
    },
    situation: buffered,
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next) => (context, root) => {
          const state = blockWithState(root, 'tcp')?.state;
          const lists = state?.layer === 'tcp' ? chainToArray(state.delegated?.BufferedData ?? null) : [];
          for (const { bytes } of lists.map(({ FirstNetBuffer }) => FirstNetBuffer.MdlChain))
            Object.assign(bytes, { slice: () => bytes });
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'INI-056',
    how: 'The target passes the segments of a connection that it has taken up the ordinary path.',
    in: 'offload-target',
    driver: withTaken((connection) => {
      Object.defineProperty(connection, 'processesSegments', { get: () => false });
    }),
  },
  {
    breaks: 'INI-057',
    how: 'The target indicates the received data that came with the offload at once.',
    situation: buffered,
    in: 'offload-target',
    driver: withTaken((connection) => {
      deliveryOf(connection).blocked = false;
    }),
  },
  {
    breaks: 'INI-058',
    how: 'The target delivers what it receives before the received data that came with the offload.',
    entails: {
      'RCV-012': 'What is handed over first is not what arrived first.',
      'RCV-018':
        'Counted from the oldest byte on, the receive ends before the end of the segment whose PSH has completed it.',
    },
    situation: buffered,
    in: 'offload-target',
    driver: withTaken((connection) => {
      const delivery = deliveryOf(connection);
      const older = delivery.takeBuffered();
      const onData = delivery.onData.bind(delivery);
      delivery.onData = (...values) => {
        onData(...values);
        for (const bytes of older.splice(0)) delivery.adopt(bytes);
      };
    }),
  },
];
