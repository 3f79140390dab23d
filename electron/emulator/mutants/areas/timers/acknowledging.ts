/** Mutants for the rules about delayed acknowledgments. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { decodeStructure, encodeStructure } from '../../../../../shared/ddi/structureCodec';
import { hearing } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection } from '../../quietConnection';

/** One segment comes on an offloaded connection, and nothing else. */
const oneSegment = quietConnection([
  [
    1000,
    (scene) => {
      scene.answer(100);
    },
  ],
  [
    2000,
    (scene) => {
      scene.upload();
    },
  ],
]);

const parametersOid = constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS');

/** See the file's head. */
export const acknowledgingMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-003',
    how: 'The host stack drops its own acknowledgments that carry no data, and offloads the connection.',
    in: 'host-stack',
    driver: {
      handlers: {
        SendNetBufferListsCompleteHandler: (next, tools) => (context, lists) => {
          tools.memory.set('complete', (swallowed: typeof lists) => {
            next(context, swallowed);
          });
          next(context, lists);
        },
      },
      functions: {
        NdisSendNetBufferLists: (next, tools) => (handle, lists) => {
          const complete = tools.memory.get('complete') as ((swallowed: typeof lists) => void) | undefined;
          if (complete === undefined || lists.Next !== null || lists.dataLength > 66) next(handle, lists);
          else
            tools.later(1000, () => {
              complete(lists);
            });
        },
      },
    },
    situation: quietConnection(
      [
        [
          300,
          (scene) => {
            scene.answer(100);
          },
        ],
        [
          301,
          (scene) => {
            scene.offload();
          },
        ],
      ],
      { offloadAt: 'by-script' },
    ),
  },
  {
    breaks: 'TMR-004',
    how: 'The target waits for half of TcpDelayedAckTicks only.',
    in: 'offload-target',
    driver: hearing({ TcpDelayedAckTicks: 100 }),
    situation: oneSegment,
  },
  {
    breaks: 'TMR-005',
    how: 'The target acknowledges every sixth segment, although TcpAckFrequency is 2.',
    in: 'offload-target',
    driver: hearing({ TcpAckFrequency: 6 }),
    situation: quietConnection([
      [
        1000,
        (scene) => {
          scene.answer(4 * 1448);
        },
      ],
    ]),
  },
  {
    breaks: 'TMR-006',
    how: 'The target waits for 255 ticks, although TcpDelayedAckTicks is 200.',
    in: 'offload-target',
    driver: hearing({ TcpDelayedAckTicks: 255 }),
    situation: oneSegment,
  },
  {
    breaks: 'TMR-007',
    how: 'The host stack asks for acknowledgments that are delayed for two seconds.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOidRequest: (next) => (handle, request) => {
          const decoded =
            request.Oid === parametersOid
              ? decodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', request.InformationBuffer)
              : undefined;
          if (decoded?.ok === true)
            request.InformationBuffer.set(
              encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', {
                ...decoded.value.values,
                TicksPerSecond: 100,
              }),
            );
          return next(handle, request);
        },
      },
    },
  },
];
