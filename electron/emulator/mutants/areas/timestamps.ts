/** Mutants for the rules of the area "timestamps" (TMS). */
import { structureLayout } from '../../../../shared/ddi/catalogue';
import { walkBlocks } from '../../kit';
import type { TCP_OFFLOAD_STATE_DELEGATED } from '../../ndis/offloadState';
import { advance } from '../../tcp/sequenceNumber';
import type { Frame } from '../../wire/frame';
import { copyFrame, editSegment } from '../../tampering/segmentEdits';
import type { FrameChange, LegalOddity, Mutant, Situation } from '../mutant';

/** Offset of an option in a segment; -1 where there is none. */
function optionAt(bytes: Uint8Array, tcp: number, kind: number): number {
  for (
    let at = tcp + 20;
    at < tcp + (bytes[tcp + 12]! >>> 4) * 4;
    at += bytes[at] === 1 ? 1 : Math.max(2, bytes[at + 1]!)
  )
    if (bytes[at] === kind) return at;
  return -1;
}

/** Changes the timestamps of a segment. */
function editTimestamps(frame: Frame, edit: (view: DataView, value: number, echo: number) => void): Frame {
  return editSegment(frame, (bytes, { tcp }, view) => {
    const at = optionAt(bytes, tcp, 8);
    if (at >= 0) edit(view, at + 2, at + 6);
  });
}

/** Adds to TSval or TSecr. */
function shifted(view: DataView, at: number, ticks: number): void {
  view.setUint32(at, advance(view.getUint32(at), ticks));
}

/** Echoes that arrive seem older than they are. */
function olderEchoes(from: number, until: number): FrameChange {
  return (frame, tools) => {
    if (frame.path !== 'peer' || frame.connection === undefined) return [frame];
    const number = tools.count();
    if (number <= from || number > until) return [frame];
    return [
      editTimestamps(copyFrame(frame), (view, _value, echo) => {
        shifted(view, echo, -5000);
      }),
    ];
  };
}

/** Delegated variables of the connections in the trees that a driver passes on are changed. */
function inDelegated(
  root: Parameters<typeof walkBlocks>[0],
  change: (delegated: TCP_OFFLOAD_STATE_DELEGATED) => void,
): void {
  walkBlocks(root, ({ state }) => {
    if (state?.layer === 'tcp' && state.delegated !== undefined) change(state.delegated);
  });
}

/** A run of half a second and more. */
const slowLink: Situation = { fileBytes: 200_000, settings: { link: { bitsPerSecond: 2_000_000 } } };

/** See the file's head. */
export const timestampsMutants: readonly Mutant[] = [
  {
    breaks: 'TMS-001',
    how: 'The target leaves the timestamps out of one segment.',
    frames: (frame, tools) => [
      frame.path === 'chimney' && tools.once(10)
        ? editSegment(frame, (bytes, { tcp }) => {
            const at = optionAt(bytes, tcp, 8);
            bytes.fill(1, at, at + 10);
          })
        : frame,
    ],
  },
  {
    breaks: 'TMS-002',
    how: 'The host stack hands down a TsTime of 0.',
    entails: { 'TMS-007': 'The target goes on from there, below what the host stack has sent.' },
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next) => (handle, root) => {
          inDelegated(root, (delegated) => {
            delegated.TsTime = 0;
          });
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TMS-003',
    how: "The target begins with its own clock instead of the connection's.",
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next) => (context, root) => {
          inDelegated(root, (delegated) => {
            delegated.TsTime = 4_217_011;
          });
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'TMS-004',
    how: 'The target writes 1,000 ticks too many into one timestamp.',
    entails: { 'TMS-007': 'The next one is older.' },
    frames: (frame, tools) => [
      frame.path === 'chimney' && tools.once(20)
        ? editTimestamps(frame, (view, value) => {
            shifted(view, value, 1000);
          })
        : frame,
    ],
  },
  {
    breaks: 'TMS-005',
    how: 'The target hands back the TsTime of 500 ticks ago.',
    situation: { scenario: 'upload-all', fileBytes: 400_000 },
    entails: { 'TMS-007': 'The host stack goes on from there, below what the target has sent.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete: (next) => (handle, root) => {
          inDelegated(root, (delegated) => {
            delegated.TsTime = advance(delegated.TsTime, -500);
          });
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TMS-006',
    how: 'The host stack goes on with its own clock after the upload, which is ahead.',
    situation: { scenario: 'upload-all', fileBytes: 400_000 },
    in: 'host-stack',
    driver: {
      handlers: {
        TerminateOffloadCompleteHandler: (next) => (context, root) => {
          inDelegated(root, (delegated) => {
            delegated.TsTime = advance(delegated.TsTime, 7000);
          });
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'TMS-007',
    how: 'The target repeats a segment with a timestamp that is 3 ticks older.',
    frames: (frame, tools) => {
      if (frame.path !== 'chimney' || !tools.once(20)) return [frame];
      const copy = editTimestamps(copyFrame(frame), (view, value) => {
        shifted(view, value, -3);
      });
      return [frame, copy];
    },
  },
  {
    breaks: 'TMS-008',
    how: "The target's clock ticks 100 times a second though it has been told 1,000.",
    situation: slowLink,
    entails: {
      'TMS-004': 'The distance between two timestamps is wrong as well.',
      'INI-023': 'Round trips are measured in the same long ticks, and SRtt comes out too small.',
    },
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next) => (context, request) => {
          const { InformationBuffer: bytes } = request;
          const { fields, size } = structureLayout('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS');
          const at = fields.find(({ name }) => name === 'TicksPerSecond')!.offset;
          if (request.RequestType === 'NdisRequestSetInformation' && bytes.length === size)
            new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, 100, true);
          return next(context, request);
        },
      },
    },
  },
  {
    breaks: 'TMS-009',
    how: 'The target measures round trips with a clock that is 5,000 ticks ahead of its timestamps.',
    received: olderEchoes(12, Infinity),
  },
  {
    breaks: 'TMS-010',
    how: 'The host stack measures round trips with a clock that is 5,000 ticks ahead of its timestamps.',
    received: olderEchoes(2, 6),
  },
  {
    breaks: 'TMS-011',
    how: 'The host stack does not make up for the drift of its clock when it offloads again.',
    situation: { scenario: 'failover' },
    entails: {
      'TMS-002': 'It is not what the last timestamp says either.',
    },
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next, tools) => (handle, root) => {
          if (tools.count() > 4)
            inDelegated(root, (delegated) => {
              delegated.TsTime = advance(delegated.TsTime, -100);
            });
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TMS-013',
    how: 'The target echoes 0 in its first segments.',
    frames: (frame, tools) => [
      frame.path === 'chimney' && tools.count() < 5
        ? editTimestamps(frame, (view, _value, echo) => {
            view.setUint32(echo, 0);
          })
        : frame,
    ],
  },
];

/** What looks odd in the area and is legal. */
export const timestampsOddities: readonly LegalOddity[] = [];
