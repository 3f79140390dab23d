/** Mutants for the rules of the area "events". */
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import type { BadDriver } from '../badDriver';
import { calling } from '../badRecords';
import { chainToArray, netBufferListInfo, type NET_BUFFER_LIST } from '../../ndis/netBufferList';
import { walkBlocks } from '../../ndis/offloadBlockList';
import { defaultTargetLimits } from '../../target/targetLimits';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import type { MutantTools } from '../mutantTools';
import {
  afterOffload,
  peerCloses,
  peerResets,
  raise,
  raisingEvent,
  tcpEvents,
  withEvents,
} from '../ownEvents';

const uploadReasons = {
  lowActivity: constantValue('LowActivity'),
  highDropRate: constantValue('HighDropRate'),
  smallIo: constantValue('SmallIO'),
  noBuffer: constantValue('NoBufferProposting'),
  hardware: constantValue('HardwareFailure'),
  urgent: constantValue('ReceivedUrgentData'),
  timeout: constantValue('TimeoutExpiration'),
  uploadRequested: constantValue('UploadRequested'),
} as const;

/** A file that takes some milliseconds, so that there is time for events of the target's own. */
const longer: Situation = { fileBytes: 600_000 };

/** A target that names its send backlog, and finds another one now and then. */
const backlog: Situation = {
  fileBytes: 400_000,
  plan: { target: { sendBacklog: { smallest: 4096, largest: 2 ** 20, interval: 1_000_000 } } },
};

const closesEarly: Situation = { fileBytes: 400_000, act: peerCloses(150_000) };
const resets: Situation = { fileBytes: 400_000, act: peerResets() };

/** An application that reads in small pieces, so that a target may well complain, and a host stack that lets it complain. */
const smallReads: Situation = {
  fileBytes: 600_000,
  plan: { host: { grantsOptionalUploads: false } },
  act: (run) => {
    run.streams[0]!.application.receives = {
      posted: 2,
      bytes: 8192,
      postDelay: 40_000,
      consume: (length) => length,
    };
    return false;
  },
};

/** A target that takes three milliseconds to look at a terminate. */
const slowTerminate: NonNullable<BadDriver['handlers']> = {
  TerminateOffloadHandler: (next, tools) => (context, tree) => {
    tools.later(3_000_000, () => {
      next(context, tree);
    });
  },
};

/** A host stack that takes three milliseconds to terminate. */
const terminatesLate: Situation['besides'] = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisTerminateOffload: (next, tools) => (binding, tree) => {
        tools.later(3_000_000, () => {
          next(binding, tree);
        });
      },
    },
  },
};

/** A target that never raises events of a kind. */
function silent(type: number): BadDriver {
  return {
    functions: {
      NdisTcpOffloadEventHandler: (next) => (handle, EventType, information) => {
        if (EventType !== type) next(handle, EventType, information);
      },
    },
  };
}

/** A host stack that doesn't hear events of a kind. */
function deafTo(type: number): BadDriver {
  return {
    handlers: {
      TcpOffloadEventHandler: (next) => (handle, EventType, information) => {
        if (EventType !== type) next(handle, EventType, information);
      },
    },
  };
}

/** Keeps account of the bytes that are posted; `sign` is -1 for those that come back. */
function notePosted(tools: MutantTools, lists: NET_BUFFER_LIST | null, sign: 1 | -1): void {
  const bytes = chainToArray(lists).reduce(
    (sum, { FirstNetBuffer, NetBufferListInfo }) =>
      sum +
      FirstNetBuffer.DataLength +
      (sign < 0 ? (NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] ?? 0) : 0),
    0,
  );
  tools.memory.set('posted', ((tools.memory.get('posted') as number | undefined) ?? 0) + sign * bytes);
}

/** Names the bytes that are posted as the backlog, if they have changed. */
function namePosted(tools: MutantTools): void {
  const { memory } = tools;
  const posted = memory.get('posted') as number;
  if (memory.get('named') === posted || !memory.has('handles')) return;
  memory.set('named', posted);
  raise(tools, tcpEvents.sendBacklogChange, posted);
}

/** See the file's head. */
export const eventsMutants: readonly Mutant[] = [
  {
    breaks: 'EVT-001',
    how: 'The target indicates an event of a type that there is not.',
    in: 'offload-target',
    driver: raisingEvent(200_000, 7),
  },
  {
    breaks: 'EVT-002',
    how: 'The target tells of its send backlog at PASSIVE_LEVEL.',
    situation: backlog,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next, tools) => (handle, type, information) => {
          if (type !== tcpEvents.sendBacklogChange) next(handle, type, information);
          else
            tools.laterPassive(0, () => {
              next(handle, type, information);
            });
        },
      },
    },
  },
  {
    breaks: 'EVT-004',
    how: 'NDIS changes what comes with an event.',
    records: calling('ProtocolTcpOffloadEvent', (call) => ({
      ...call,
      arguments: call.arguments.map((one) =>
        one.kind === 'number' && one.name === 'EventSpecificInformation' ? { ...one, value: 1 } : one,
      ),
    })),
  },
  {
    breaks: 'EVT-005',
    how: 'The target indicates the end of the stream before the peer has closed.',
    situation: longer,
    in: 'offload-target',
    driver: raisingEvent(200_000, tcpEvents.disconnect),
  },
  {
    breaks: 'EVT-006',
    how: 'The target lets the data wait that came before the FIN, and indicates the end of the stream at once.',
    situation: { fileBytes: 400_000, act: peerCloses(150_000, 100_000) },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (miniport, lists) => {
          tools.later(200_000, () => {
            next(miniport, lists);
          });
        },
      },
    },
  },
  {
    breaks: 'EVT-007',
    how: 'The target keeps the FIN of the peer to itself.',
    situation: closesEarly,
    in: 'offload-target',
    driver: silent(tcpEvents.disconnect),
  },
  {
    breaks: 'EVT-008',
    how: 'The target indicates the end of the stream twice.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next) => (handle, type, information) => {
          next(handle, type, information);
          if (type === tcpEvents.disconnect) next(handle, type, information);
        },
      },
    },
  },
  {
    breaks: 'EVT-009',
    how: 'The target refuses sends once the peer has closed its half.',
    entails: { 'SND-006': 'A connection of which the peer has closed its half is in good order.' },
    situation: closesEarly,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next, tools) => (handle, type, information) => {
          if (type === tcpEvents.disconnect) tools.memory.set('closed', true);
          next(handle, type, information);
        },
        NdisTcpOffloadSendComplete: (next, tools) => (miniport, lists) => {
          if (tools.memory.has('closed'))
            for (const list of chainToArray(lists)) list.Status = NDIS_STATUS.INVALID_STATE;
          next(miniport, lists);
        },
      },
    },
  },
  {
    breaks: 'EVT-010',
    how: 'The target tells of an abort that no RST has brought about.',
    situation: longer,
    in: 'offload-target',
    driver: raisingEvent(200_000, tcpEvents.abort),
    entails: {
      'EVT-013': 'It goes on serving the sends of a connection that it has called aborted.',
      'EVT-014': 'It goes on filling the receives.',
    },
  },
  {
    breaks: 'EVT-013',
    how: 'The target completes sends with success after an abort, although the peer has not acknowledged them.',
    situation: resets,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => (miniport, lists) => {
          for (const list of chainToArray(lists))
            if (list.Status === NDIS_STATUS.REQUEST_ABORTED) list.Status = NDIS_STATUS.FAILURE;
          next(miniport, lists);
        },
      },
    },
  },
  {
    breaks: 'EVT-014',
    how: 'The target completes receives after an abort as if the stream had ended.',
    situation: resets,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (miniport, lists) => {
          for (const list of chainToArray(lists))
            if (list.Status === NDIS_STATUS.REQUEST_ABORTED) list.Status = NDIS_STATUS.SUCCESS;
          next(miniport, lists);
        },
      },
    },
  },
  {
    breaks: 'EVT-015',
    how: 'The host stack does not hear of the abort, and leaves the connection with the target.',
    situation: { ...resets, fileBytes: 1_000_000, plan: { connections: 2 } },
    in: 'host-stack',
    driver: deafTo(tcpEvents.abort),
  },
  {
    breaks: 'EVT-016',
    how: 'The target drops segments of a connection that a RST has closed.',
    situation: resets,
    in: 'offload-target',
    driver: {
      handlers: slowTerminate,
      functions: {
        NdisTcpOffloadEventHandler: (next, tools) => (handle, type, information) => {
          if (type === tcpEvents.abort) tools.memory.set('aborted', true);
          next(handle, type, information);
        },
        NdisMIndicateReceiveNetBufferLists:
          (next, tools) =>
          (...values) => {
            if (!tools.memory.has('aborted')) next(...values);
          },
      },
    },
  },
  {
    breaks: 'EVT-017',
    how: 'The target asks for an upload and gives no reason.',
    situation: longer,
    in: 'offload-target',
    driver: raisingEvent(200_000, tcpEvents.retrieve, 0),
  },
  {
    breaks: 'EVT-018',
    how: 'The target asks for the upload of a path.',
    entails: { 'CTX-017': 'The handle of a path is the handle of no connection.' },
    situation: longer,
    in: 'offload-target',
    driver: afterOffload(200_000, (tools) => {
      raise(tools, tcpEvents.retrieve, uploadReasons.uploadRequested, 'path');
    }),
  },
  {
    breaks: 'EVT-020',
    how: 'The target asks for the upload of a half-closed connection because its receives are small.',
    situation: {
      ...smallReads,
      act: (run) => {
        smallReads.act!(run);
        return peerCloses(250_000)(run);
      },
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next) => (handle, type, information) => {
          next(handle, type, information);
          if (type === tcpEvents.disconnect) next(handle, tcpEvents.retrieve, uploadReasons.smallIo);
        },
      },
    },
  },
  {
    breaks: 'EVT-021',
    how: 'The host stack does not hear that the target wants a connection to be uploaded.',
    situation: {
      fileBytes: 400_000,
      plan: { target: { limits: { ...defaultTargetLimits, scatterGatherLists: 1 } } },
    },
    in: 'host-stack',
    driver: deafTo(tcpEvents.retrieve),
  },
  {
    breaks: 'EVT-023',
    how: 'The target goes on with a connection that it wants to be uploaded.',
    situation: { ...longer, besides: terminatesLate },
    in: 'offload-target',
    driver: raisingEvent(200_000, tcpEvents.retrieve, uploadReasons.hardware),
  },
  {
    breaks: 'EVT-024',
    how: 'The target gives receives back as if it were uploaded after it has suggested an upload.',
    situation: smallReads,
    in: 'offload-target',
    driver: {
      functions: {
        ...raisingEvent(200_000, tcpEvents.retrieve, uploadReasons.smallIo).functions,
        NdisTcpOffloadReceiveComplete: (next, tools) => (miniport, lists) => {
          if (tools.once(20, 'completion'))
            for (const list of chainToArray(lists)) list.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
          next(miniport, lists);
        },
      },
    },
  },
  {
    breaks: 'EVT-025',
    how: 'The target performs sends that come after its request for an upload.',
    situation: longer,
    in: 'offload-target',
    driver: {
      functions: {
        ...withEvents,
      },
      handlers: {
        // The host stack can't terminate while its query is open, and goes on posting sends.
        QueryOffloadHandler: (next, tools) => (context, tree) => {
          tools.later(0, () => {
            raise(tools, tcpEvents.retrieve, uploadReasons.uploadRequested);
          });
          tools.later(3_000_000, () => {
            next(context, tree);
          });
        },
      },
    },
    entails: { 'EVT-023': 'What it performs leaves by the wire.' },
  },
  {
    breaks: 'EVT-027',
    how: 'The target asks for an upload for the sake of urgent data that nobody has sent.',
    situation: longer,
    in: 'offload-target',
    driver: raisingEvent(200_000, tcpEvents.retrieve, uploadReasons.urgent),
  },
  {
    breaks: 'EVT-028',
    how: 'The target says that a timer has expired when the peer has just answered everything.',
    situation: closesEarly,
    in: 'offload-target',
    driver: {
      functions: {
        ...withEvents,
        NdisTcpOffloadDisconnectComplete: (next, tools) => (miniport, list) => {
          raise(tools, tcpEvents.retrieve, uploadReasons.timeout);
          next(miniport, list);
        },
      },
    },
  },
  {
    breaks: 'EVT-029',
    how: 'The target complains that no receives are posted while there are some.',
    situation: { fileBytes: 600_000, act: peerCloses(Infinity) },
    in: 'offload-target',
    driver: raisingEvent(3_000_000, tcpEvents.retrieve, uploadReasons.noBuffer),
  },
  {
    breaks: 'EVT-030',
    how: 'The target complains of losses on a link that loses nothing.',
    situation: longer,
    in: 'offload-target',
    driver: raisingEvent(200_000, tcpEvents.retrieve, uploadReasons.highDropRate),
  },
  {
    breaks: 'EVT-031',
    how: 'The target keeps a connection in TIME-WAIT.',
    in: 'offload-target',
    driver: {
      functions: {
        ...silent(tcpEvents.retrieve).functions,
        // Or the host stack would take the connection back by itself.
        NdisTcpOffloadDisconnectComplete: (next, tools) => (miniport, list) => {
          tools.later(1_000_000, () => {
            next(miniport, list);
          });
        },
      },
    },
  },
  {
    breaks: 'EVT-032',
    how: 'The target indicates a send backlog that has not changed.',
    situation: backlog,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next) => (handle, type, information) => {
          next(handle, type, information);
          if (type === tcpEvents.sendBacklogChange) next(handle, type, information);
        },
      },
    },
  },
  {
    breaks: 'EVT-033',
    how: 'The target names what is posted as the send backlog that it would like to have.',
    situation: longer,
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next, tools) => (context, tree) => {
          walkBlocks(tree, ({ NetBufferListChain }) => {
            notePosted(tools, NetBufferListChain, 1);
          });
          next(context, tree);
        },
        TcpOffloadSendHandler: (next, tools) => (adapter, context, lists) => {
          notePosted(tools, lists, 1);
          const status = next(adapter, context, lists);
          namePosted(tools);
          return status;
        },
      },
      functions: {
        ...withEvents,
        NdisTcpOffloadSendComplete: (next, tools) => (miniport, lists) => {
          notePosted(tools, lists, -1);
          next(miniport, lists);
          namePosted(tools);
        },
      },
    },
  },
  {
    breaks: 'EVT-034',
    how: 'The target tells of every little change of its send backlog.',
    situation: longer,
    in: 'offload-target',
    driver: afterOffload(100_000, (tools) => {
      for (let event = 1; event <= 60; event++)
        tools.later(event * 5_000, () => {
          raise(tools, tcpEvents.sendBacklogChange, 2 ** 20 * ((event % 3) + 1));
        });
    }),
  },
];

/** An application that doesn't read. */
const readsNothing = { posted: 0, bytes: 65_536, postDelay: 1_000_000_000, consume: () => 0 };

/** What looks odd in the area and is legal. */
export const eventsOddities: readonly LegalOddity[] = [
  {
    shows: 'EVT-003',
    how: 'Something stands in EventSpecificInformation of TcpIndicateDisconnect and TcpIndicateAbort.',
    situation: resets,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next) => (handle, type, information) => {
          const hasNone = type === tcpEvents.disconnect || type === tcpEvents.abort;
          next(handle, type, hasNone ? 0x77 : information);
        },
      },
    },
  },
  {
    shows: 'EVT-012',
    how: 'The peer resets a connection whose data the host stack has not taken.',
    situation: {
      fileBytes: 400_000,
      act: (run) => {
        run.streams[0]!.application.receives = readsNothing;
        return peerResets()(run);
      },
    },
  },
  {
    shows: 'EVT-019',
    how: 'The target suggests the same upload three times.',
    situation: smallReads,
    in: 'offload-target',
    driver: afterOffload(1_000_000, (tools) => {
      for (let time = 0; time < 3; time++) raise(tools, tcpEvents.retrieve, uploadReasons.smallIo);
    }),
  },
  {
    shows: 'EVT-022',
    how: 'The host stack does not follow the suggestion of an upload.',
    situation: smallReads,
    in: 'offload-target',
    driver: raisingEvent(1_000_000, tcpEvents.retrieve, uploadReasons.smallIo),
  },
];
