/** Mutants for the rules of the area "status-power" (PWR). */
import { NDIS_STATUS, type NdisStatus } from '../../../../shared/ddi/status';
import { constantValue } from '../../../../shared/ddi/catalogue';
import type { ScenarioRun } from '../../scenarios/scenarioRun';
import {
  devicePowerStates,
  netEvents,
  type NDIS_HANDLE,
  type NDIS_STATUS_INDICATION,
} from '../../ndis/characteristics';
import { walkBlocks } from '../../ndis/offloadBlockList';
import type { BadDriver } from '../badDriver';
import { calling } from '../badRecords';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import type { MutantTools } from '../mutantTools';
import { after, offloaded, steps, targetOf } from '../steps';

const { OFFLOAD_PAUSE, OFFLOAD_RESUME, UPLOAD_ALL, LINK_STATE } = NDIS_STATUS;

/** The run that is under way, for wrappers that want something of its target. */
let underWay: ScenarioRun;

const remember: NonNullable<Situation['act']> = (run) => {
  underWay = run;
  return false;
};

/** A second connection begins when the first one is offloaded for long. */
const twoConnections = { connections: 2, connectInterval: 2_000_000 } as const;

const pauseForLong = {
  plan: twoConnections,
  fileBytes: 400_000,
  act: steps(
    {
      due: offloaded(0.1),
      act: (run) => {
        targetOf(run).pauseOffload();
      },
    },
    {
      due: after(20_000_000),
      act: (run) => {
        targetOf(run).resumeOffload();
      },
    },
  ),
} satisfies Situation;

const uploadEverything = {
  due: offloaded(0.2),
  act: (run: ScenarioRun) => {
    targetOf(run).uploadAll();
  },
};

/** A host stack that is deaf to a status. */
function deafTo(status: NdisStatus): BadDriver {
  return {
    handlers: {
      StatusHandlerEx: (next) => (context, indication) => {
        if (indication.StatusCode !== status) next(context, indication);
      },
    },
  };
}

/** A target that indicates something else than it should. */
function indicating(
  change: (
    indication: NDIS_STATUS_INDICATION,
    indicate: (indication: NDIS_STATUS_INDICATION) => void,
    tools: MutantTools,
  ) => void,
): BadDriver {
  return {
    functions: {
      NdisMIndicateStatusEx: (next, tools) => (handle, indication) => {
        change(
          indication,
          (one) => {
            next(handle, one);
          },
          tools,
        );
      },
    },
  };
}

/** A host stack that pays no heed to an event of Plug and Play. */
function heedless(event: number): BadDriver {
  return {
    handlers: {
      NetPnPEventHandler: (next) => (context, notification) =>
        notification.NetEvent === event ? NDIS_STATUS.SUCCESS : next(context, notification),
    },
  };
}

/** Sends are completed with another status once a status has been indicated. */
function completingSendsAfter(indicated: NdisStatus, status: NdisStatus): BadDriver {
  return {
    functions: {
      NdisMIndicateStatusEx: (next, tools) => (handle, indication) => {
        tools.memory.set('wrong', indication.StatusCode === indicated);
        next(handle, indication);
      },
      NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
        if (tools.memory.get('wrong') === true) lists.Status = status;
        next(handle, lists);
      },
    },
  };
}

const isSetPower = (oid: number): boolean => oid === constantValue('OID_PNP_SET_POWER');

/** See the file's head. */
export const statusPowerMutants: readonly Mutant[] = [
  {
    breaks: 'PWR-001',
    how: 'The target asks for the upload of everything through its event handler.',
    entails: {
      'EVT-001': 'A status is none of the four events of that handler.',
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next) => (handle, type, information) => {
          next(handle, UPLOAD_ALL, 0);
          next(handle, type, information);
        },
      },
    },
  },
  {
    breaks: 'PWR-002',
    how: 'The host stack is deaf to NDIS_STATUS_OFFLOAD_PAUSE.',
    situation: pauseForLong,
    in: 'host-stack',
    driver: deafTo(OFFLOAD_PAUSE),
  },
  {
    breaks: 'PWR-003',
    how: 'The target pauses while an initiate is with it, and forgets the initiate.',
    entails: {
      'TRE-040': 'The tree that was forgotten is never completed.',
    },
    situation: { act: remember },
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next, tools) => (context, tree) => {
          if (!tools.once()) {
            next(context, tree);
            return;
          }
          const target = targetOf(underWay);
          target.pauseOffload();
          tools.later(2_000_000, () => {
            target.resumeOffload();
          });
        },
      },
    },
  },
  {
    breaks: 'PWR-004',
    how: 'The target refuses an initiate that was on its way when it paused.',
    situation: {
      act: remember,
      besides: {
        in: 'host-stack',
        driver: {
          functions: {
            NdisInitiateOffload: (next, tools) => (binding, tree) => {
              const target = targetOf(underWay);
              if (tools.once()) {
                const pause = (): void => {
                  target.pauseOffload();
                };
                const resume = (): void => {
                  target.resumeOffload();
                };
                tools.later(50, pause, tools.otherProcessor);
                tools.later(1_000_000, resume);
              }
              next(binding, tree);
            },
          },
        },
      },
    },
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next, tools) => (context, tree) => {
          if (!tools.once()) {
            next(context, tree);
            return;
          }
          walkBlocks(tree, (block) => {
            block.Status = NDIS_STATUS.FAILURE;
          });
          tools.later(10_000, () => {
            tools.functions!.NdisMInitiateOffloadComplete(targetOf(underWay).miniportHandle, tree);
          });
        },
      },
    },
  },
  {
    breaks: 'PWR-005',
    how: 'The target completes sends with NDIS_STATUS_PAUSED while offloading is paused.',
    entails: {
      'PWR-006': 'No chimney send may end with that status at all.',
      'SND-006': 'The connections are in good order, and their sends do not fail.',
    },
    situation: {
      act: steps(
        {
          due: offloaded(0.2),
          act: (run) => {
            targetOf(run).pauseOffload();
          },
        },
        {
          due: after(1_000_000),
          act: (run) => {
            targetOf(run).resumeOffload();
          },
        },
      ),
    },
    in: 'offload-target',
    driver: completingSendsAfter(OFFLOAD_PAUSE, NDIS_STATUS.PAUSED),
  },
  {
    breaks: 'PWR-006',
    how: 'The target completes a send with NDIS_STATUS_PAUSED.',
    entails: { 'SND-006': 'The connection is in good order, and its sends do not fail.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
          if (tools.once(8)) lists.Status = NDIS_STATUS.PAUSED;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'PWR-007',
    how: 'The host stack is deaf to NDIS_STATUS_UPLOAD_ALL.',
    entails: {
      'PWR-008': 'The neighbor stays with the connections.',
      'TRE-040': 'The target keeps what is offered meanwhile until it resumes, for which it waits in vain.',
    },
    situation: {
      plan: twoConnections,
      fileBytes: 400_000,
      act: steps(uploadEverything, {
        due: after(100_000),
        act: (run) => {
          targetOf(run).resumeOffload();
        },
      }),
    },
    in: 'host-stack',
    driver: deafTo(UPLOAD_ALL),
  },
  {
    breaks: 'PWR-008',
    how: 'The host stack leaves the neighbor out of what it terminates.',
    entails: {
      'TRM-007': 'Nothing depends on the neighbor any more, and it stays.',
    },
    situation: { act: steps(uploadEverything) },
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next) => (binding, tree) => {
          tree.OffloadHandle = null;
          next(binding, tree);
        },
      },
    },
  },
  {
    breaks: 'PWR-009',
    how: 'The target asks for everything back and in the same breath for new offloads.',
    situation: { scenario: 'upload-all' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMSetMiniportAttributes: (next, tools) => (handle, attributes) => {
          if (attributes.kind === 'offload')
            tools.memory.set('capabilities', attributes.DefaultTcpConnectionOffloadConfiguration);
          return next(handle, attributes);
        },
        NdisMIndicateStatusEx: (next, tools) => (handle, indication) => {
          next(handle, indication);
          if (indication.StatusCode !== UPLOAD_ALL) return;
          const StatusBuffer = tools.memory.get('capabilities') as Uint8Array;
          next(handle, { ...indication, StatusCode: OFFLOAD_RESUME, StatusBuffer });
        },
      },
    },
  },
  {
    breaks: 'PWR-010',
    how: 'The host stack offloads again after a resume without having asked what the target takes now.',
    situation: {
      scenario: 'upload-all',
      fileBytes: 1_200_000,
      plan: { host: { capabilityPath: 'task-offload' } },
      besides: {
        in: 'offload-target',
        driver: indicating((indication, indicate) => {
          indicate(
            indication.StatusCode === OFFLOAD_RESUME ? { ...indication, StatusBuffer: null } : indication,
          );
        }),
      },
    },
    in: 'host-stack',
    driver: {
      functions: {
        NdisOidRequest: (next, tools) => (binding, request) => {
          const asksCapabilities =
            request.Oid === constantValue('OID_TCP_TASK_OFFLOAD') &&
            request.RequestType === 'NdisRequestQueryInformation';
          if (!asksCapabilities || tools.once()) return next(binding, request);
          return NDIS_STATUS.SUCCESS;
        },
      },
    },
  },
  {
    breaks: 'PWR-011',
    how: 'The target resumes without saying what it takes now.',
    situation: { scenario: 'upload-all' },
    in: 'offload-target',
    driver: indicating((indication, indicate) => {
      indicate(indication.StatusCode === OFFLOAD_RESUME ? { ...indication, StatusBuffer: null } : indication);
    }),
  },
  {
    breaks: 'PWR-012',
    how: 'The target indicates the header of what its hardware can do, and nothing behind it.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMIndicateStatusEx: (next, tools) => (handle, indication) => {
          next(handle, indication);
          if (!tools.once()) return;
          const StatusCode = NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES;
          next(handle, { ...indication, StatusCode, StatusBuffer: Uint8Array.of(128, 1, 20, 0) });
        },
      },
    },
  },
  {
    breaks: 'PWR-013',
    how: 'The target asks for everything back because its link is down.',
    situation: { scenario: 'link-loss' },
    in: 'offload-target',
    driver: indicating((indication, indicate, tools) => {
      indicate(indication);
      if (indication.StatusCode === LINK_STATE && tools.once())
        indicate({ ...indication, StatusCode: UPLOAD_ALL, StatusBuffer: null });
    }),
  },
  {
    breaks: 'PWR-014',
    how: 'NDIS tells the binding something else than that the link is down.',
    situation: { scenario: 'link-loss' },
    records: calling('ProtocolStatusEx', (call) => ({
      ...call,
      arguments: call.arguments.map((value) =>
        value.kind === 'status' && value.value === LINK_STATE
          ? { ...value, value: NDIS_STATUS.MEDIA_SPECIFIC_INDICATION_EX }
          : value,
      ),
    })),
  },
  {
    breaks: 'PWR-015',
    how: 'The host stack completes NetEventPause with everything still offloaded.',
    situation: {
      act: steps({
        due: offloaded(0.2),
        act: ({ topology: { ndis, target } }) => {
          ndis.life.pause(target.miniportHandle, () => {
            ndis.life.restart(target.miniportHandle, () => undefined);
          });
        },
      }),
    },
    in: 'host-stack',
    driver: heedless(netEvents.pause),
  },
  {
    breaks: 'PWR-016',
    how: 'The host stack terminates nothing before the power goes down.',
    situation: { scenario: 'power-down' },
    in: 'host-stack',
    driver: heedless(netEvents.setPower),
  },
  {
    breaks: 'PWR-017',
    how: 'The target reports the low power state as reached while terminations run.',
    situation: { scenario: 'power-down' },
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next) => (context, request) => {
          const status = next(context, request);
          return isSetPower(request.Oid) ? NDIS_STATUS.SUCCESS : status;
        },
      },
      functions: {
        NdisMOidRequestComplete: (next) => (handle, request, status) => {
          if (!isSetPower(request.Oid)) next(handle, request, status);
        },
      },
    },
  },
  {
    breaks: 'PWR-018',
    how: 'The target completes the pended request for a low power state with a failure.',
    entails: { 'TRM-013': 'It goes to sleep nevertheless, and the segments that come are lost.' },
    situation: { scenario: 'power-down' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMOidRequestComplete: (next) => (handle: NDIS_HANDLE, request) => {
          next(handle, request, NDIS_STATUS.FAILURE);
        },
      },
    },
  },
  {
    breaks: 'PWR-018',
    how: 'The target never completes the pended request for a low power state.',
    situation: { scenario: 'power-down' },
    in: 'offload-target',
    driver: { functions: { NdisMOidRequestComplete: () => () => undefined } },
  },
  {
    breaks: 'PWR-019',
    how: 'The host stack believes the adapter awake as soon as it sleeps, and offloads to it.',
    situation: { scenario: 'power-down', fileBytes: 400_000 },
    in: 'host-stack',
    driver: {
      handlers: {
        NetPnPEventHandler: (next, tools) => (context, event) => {
          const status = next(context, event);
          if (event.NetEvent === netEvents.setPower && tools.once())
            tools.laterPassive(100_000, () => {
              next(context, { ...event, powerState: devicePowerStates.D0 });
            });
          return status;
        },
      },
    },
  },
];

/** What looks odd in the area and is legal. */
export const statusPowerOddities: readonly LegalOddity[] = [];
