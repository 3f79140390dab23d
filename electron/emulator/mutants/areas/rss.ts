/** Mutants for the rules of the area "rss" (RSS). */
import { constantValue } from '../../../../shared/ddi/catalogue';
import type { NDIS_HANDLE } from '../../ndis/characteristics';
import type { NET_BUFFER_LIST } from '../../ndis/netBufferList';
import { walkBlocks } from '../../ndis/offloadBlockList';
import { allocateOidRequest } from '../../ndis/oidRequests';
import { writeReceiveScaleParameters } from '../../ndis/receiveScale';
import { secretKey } from '../../wire/toeplitzHash';
import type { LegalOddity, Mutant } from '../mutant';

const receiveScaleOid = constantValue('OID_GEN_RECEIVE_SCALE_PARAMETERS');

/** Where the host stack's structure has its indirection table. */
const tableAt = 28;
const tableLength = 128;

/** See the file's head. */
export const rssMutants: readonly Mutant[] = [
  {
    breaks: 'RSS-002',
    how: 'The host stack offers a connection with HashValue 0.',
    entails: {
      'RSS-003':
        'The adapter steers segments by the hash of the frame, which is HashValue only if the host stack computes it.',
    },
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next) => (binding, tree) => {
          walkBlocks(tree, ({ state }) => {
            if (state?.layer === 'tcp' && state.const !== undefined)
              Object.assign(state.const, { HashValue: 0 });
          });
          next(binding, tree);
        },
      },
    },
  },
  {
    breaks: 'RSS-003',
    how: 'The target reads its indirection table one entry off.',
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next) => (context, request) => {
          if (request.Oid === receiveScaleOid) {
            const table = request.InformationBuffer.subarray(tableAt, tableAt + tableLength);
            table.set([...table.subarray(1), table[0]!]);
          }
          return next(context, request);
        },
      },
    },
  },
  {
    breaks: 'RSS-004',
    how: 'The target delivers newer data first when the host stack has changed the indirection table.',
    entails: {
      'RCV-019': 'The older data is in the older request, which comes back after the newer one.',
    },
    situation: {
      besides: {
        in: 'host-stack',
        driver: {
          functions: {
            NdisInitiateOffload: (next, tools) => (binding, tree) => {
              tools.memory.set('binding', binding);
              next(binding, tree);
            },
            NdisOffloadTcpReceive:
              (next, tools) =>
              (...values) => {
                if (tools.once(3)) {
                  const bytes = writeReceiveScaleParameters({
                    enabled: true,
                    indirectionTable: Uint8Array.from({ length: 128 }, (_, hash) => (hash + 1) % 4),
                    secretKey,
                  });
                  const oid = receiveScaleOid;
                  tools.laterPassive(1000, () => {
                    tools.functions!.NdisOidRequest(
                      tools.memory.get('binding') as NDIS_HANDLE,
                      allocateOidRequest(tools.machine.addresses, 'NdisRequestSetInformation', oid, bytes),
                    );
                  });
                }
                return next(...values);
              },
          },
        },
      },
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          const held = tools.memory.get('held') as NET_BUFFER_LIST | undefined;
          if (tools.once(6)) {
            tools.memory.set('held', lists);
            return;
          }
          tools.memory.delete('held');
          next(handle, lists);
          if (held !== undefined) next(handle, held);
        },
      },
    },
  },
];

/** What looks odd in the area and is legal. */
export const rssOddities: readonly LegalOddity[] = [
  {
    shows: 'RSS-001',
    how: 'The host stack never turns RSS on, and everything is delivered on one processor.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOidRequest: (next) => (binding, request) => {
          if (request.Oid === receiveScaleOid)
            request.InformationBuffer.set(
              writeReceiveScaleParameters({
                enabled: false,
                indirectionTable: new Uint8Array(128),
                secretKey,
              }),
            );
          return next(binding, request);
        },
      },
    },
  },
];
