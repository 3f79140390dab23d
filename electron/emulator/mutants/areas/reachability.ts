/** Mutants for the rules of the area "reachability". */
import { constantValue, structureLayout } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { PASSIVE_LEVEL } from '../../machine/machine';
import { walkBlocks, type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../../ndis/offloadBlockList';
import type { NDIS_HANDLE } from '../../ndis/characteristics';
import type { BadDriver } from '../badDriver';
import type { LegalOddity, Mutant } from '../mutant';
import { forgetful } from '../ownEvents';
import { ageMutants } from './reachability/ages';
import { examinationMutants } from './reachability/examinations';

const parametersOid = constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS');
const nceStaleTicksAt = structureLayout('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS').fields.find(
  ({ name }) => name === 'NceStaleTicks',
)!.offset;

/** A target that does something with each indication. */
function indicating(
  change: (
    block: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
    code: number,
    indicate: (block: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, code: number) => void,
  ) => void,
): BadDriver {
  return {
    functions: {
      NdisMOffloadEventIndicate: (next) => (adapter, block, code) => {
        change(block, code, (other, otherCode) => {
          next(adapter, other, otherCode);
        });
      },
    },
  };
}

/** See the file's head. */
export const reachabilityMutants: readonly Mutant[] = [
  {
    breaks: 'RCH-001',
    how: 'The host stack offers neighbors with two different ages.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next) => (binding, tree) => {
          walkBlocks(tree, ({ state }) => {
            if (state?.layer === 'neighbor' && state.delegated !== undefined)
              Object.assign(state.delegated, { NicReachabilityDelta: 50_000 });
          });
          next(binding, tree);
        },
      },
    },
  },
  {
    breaks: 'RCH-009',
    how: 'The target asks about neighbors long before they are stale.',
    entails: { 'RCH-018': 'It asks again before the answer of the host stack has grown stale, too.' },
    situation: { fileBytes: 400_000, settings: { loss: 0.1 } },
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next) => (context, request) => {
          const { Oid, InformationBuffer } = request;
          if (Oid === parametersOid && request.RequestType === 'NdisRequestSetInformation')
            InformationBuffer.set([5, 0, 0, 0], nceStaleTicksAt);
          return next(context, request);
        },
      },
    },
  },
  {
    breaks: 'RCH-010',
    how: 'The target asks about a neighbor at PASSIVE_LEVEL.',
    situation: forgetful,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMOffloadEventIndicate:
          (next, { machine }) =>
          (adapter, block, code) => {
            const { irql } = machine;
            machine.irql = PASSIVE_LEVEL;
            next(adapter, block, code);
            machine.irql = irql;
          },
      },
    },
  },
  {
    breaks: 'RCH-011',
    how: 'The target indicates with a code that there is not.',
    situation: forgetful,
    in: 'offload-target',
    driver: indicating((block, _code, indicate) => {
      indicate(block, 5);
    }),
    entails: {
      'RCH-016': 'A block comes with it.',
      'CTX-026': 'The block shows the delegated delta outside a question.',
    },
  },
  {
    breaks: 'RCH-012',
    how: 'The target asks about a neighbor with a block whose Status says failure.',
    situation: forgetful,
    in: 'offload-target',
    driver: indicating((block, code, indicate) => {
      block.Status = NDIS_STATUS.FAILURE;
      indicate(block, code);
    }),
  },
  {
    breaks: 'RCH-013',
    how: 'The target leaves the const structure out of its question.',
    situation: forgetful,
    in: 'offload-target',
    driver: indicating((block, code, indicate) => {
      Object.assign(block.state!, { const: undefined });
      indicate(block, code);
    }),
  },
  {
    breaks: 'RCH-014',
    how: 'The target asks about a neighbor once more when it has been given back.',
    situation: forgetful,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMOffloadEventIndicate: (next, tools) => (adapter, block, code) => {
          tools.memory.set('ask', () => {
            next(adapter, block, code);
          });
          next(adapter, block, code);
        },
        NdisMTerminateOffloadComplete: (next, tools) => (adapter: NDIS_HANDLE, tree) => {
          next(adapter, tree);
          tools.later(0, () => {
            (tools.memory.get('ask') as (() => void) | undefined)?.();
          });
        },
      },
    },
    entails: { 'RCH-009': 'The block still holds the answer of before, which is no age at all.' },
  },
  {
    breaks: 'RCH-016',
    how: 'The target says that a neighbor is in doubt, and hands over a block with it.',
    situation: forgetful,
    in: 'offload-target',
    driver: indicating((block, _code, indicate) => {
      indicate(block, constantValue('NeighborReachabilityInDoubt'));
    }),
    entails: {
      'RCH-011': 'The code is reserved.',
      'CTX-026': 'The block shows the delegated delta outside a question.',
    },
  },
  ...ageMutants,
  ...examinationMutants,
];

/** What looks odd in the area and is legal. */
export const reachabilityOddities: readonly LegalOddity[] = [];
