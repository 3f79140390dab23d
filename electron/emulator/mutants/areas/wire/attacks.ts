/** Situations in which somebody sends segments in the name of the peer, on a connection that is idle in the target's hands. */
import { advance } from '../../../tcp/sequenceNumber';
import { Frame } from '../../../wire/frame';
import { copyFrame, editSegment, segmentPlaces } from '../../../tampering/segmentEdits';
import type { MutantTools } from '../../mutantTools';
import type { Situation } from '../../mutant';

/** A segment that is injected. */
export interface Injection {
  /** Virtual ns after the connection became idle. */
  readonly at: number;
  /** Bits of the TCP header. */
  readonly flags: number;
  /** Sequence number, from what the peer would send next. */
  readonly offset?: number;
  /** Bytes of payload, copied from what was sent last or zero. */
  readonly payload?: number;
  /** Further changes. */
  readonly edit?: (bytes: Uint8Array, tcp: number, view: DataView) => void;
}

/** What is remembered of a run. */
interface Attacked {
  /** The peer's last segment. */
  last: Frame | undefined;
  phase: 'begin' | 'waiting' | 'attacked';
  silent: boolean;
  /** Frames that pass though the peer is silent. */
  readonly forged: Set<Frame>;
}

const runs = new WeakMap<object, Attacked>();

function attackedIn(ndis: object): Attacked {
  let attacked = runs.get(ndis);
  if (attacked === undefined)
    runs.set(ndis, (attacked = { last: undefined, phase: 'begin', silent: false, forged: new Set() }));
  return attacked;
}

function forged(last: Frame, { flags, offset = 0, payload = 0, edit }: Injection): Frame {
  const frame = copyFrame(last);
  const { tcp, ip, payload: data } = segmentPlaces(frame)!;
  const before = frame.payloadLength;
  frame.length = data + payload;
  frame.payloadLength = payload;
  frame.retransmission = false;
  const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset);
  view.setUint16(ip + 2, frame.length - ip);
  view.setUint32(tcp + 4, advance(view.getUint32(tcp + 4), before + offset));
  frame.bytes.fill(0, data, data + payload);
  frame.bytes[tcp + 13] = flags;
  edit?.(frame.bytes, tcp, view);
  return editSegment(frame, () => undefined);
}

/**
 * The application waits in the middle of its file; when all is acknowledged and the target has the connection, segments are injected.
 * @param silent whether nothing more is heard of the peer from then on
 */
export function attacked(injections: readonly Injection[], silent = false): Situation {
  return {
    fileBytes: 100_000,
    plan: { halfway: 'nothing' },
    remote: (frame: Frame, tools: MutantTools) => {
      const run = attackedIn(tools.ndis);
      if (run.forged.delete(frame)) return [frame];
      // Its neighbors still find it.
      if (run.silent) return segmentPlaces(frame) === undefined ? [frame] : [];
      if (frame.connection !== undefined && segmentPlaces(frame) !== undefined) run.last = copyFrame(frame);
      return [frame];
    },
    act: ({ streams, topology }) => {
      const run = attackedIn(topology.ndis);
      if (run.phase === 'attacked') return false;
      const [stream] = streams;
      const connection = stream?.connection;
      if (stream === undefined || connection === undefined) return true;
      if (run.phase === 'begin') {
        stream.application.open(0.4);
        run.phase = 'waiting';
      }
      const { application } = stream;
      const isIdle = application.waits && application.returned === application.acknowledged;
      if (connection.place !== 'Offloaded' || !isIdle) return true;
      run.phase = 'attacked';
      // The last acknowledgment of the target is under way for a while.
      const delay = 500_000_000;
      for (const injection of injections)
        topology.peers[0]!.inject(delay + injection.at, () => {
          const frame = forged(run.last!, injection);
          run.forged.add(frame);
          return frame;
        });
      if (silent)
        topology.peers[0]!.inject(delay, () => {
          run.silent = true;
          return undefined;
        });
      return false;
    },
  };
}
