/** `chimneysweep wire --replay`: recorded traffic as input of the emulated host. */
import { formatIpv4, type Ipv4Address } from '../emulator/wire/address';
import { macAddress } from '../emulator/scenarios/topology';
import { mostOpened, RecordedTraffic, type RecordedFrame } from '../emulator/wired/recordedTraffic';
import { ForeignReplay, isOwnRecording, Repetition } from '../emulator/wired/replay';
import { fail, succeed, type Result } from '../../shared/base/result';
import { readRecordedFrames } from '../realwire/recordedFrames';
import { WireSession, type WireSessionSettings } from '../realwire/wireSession';

/** Longest frame of an Ethernet, with a tag and without its check sequence. */
const ethernetFrame = 1518;

/** How long the host goes on after the last frame if nobody says so, virtual ns. */
const usualRest = 1e9;

/** What to replay. */
export interface ReplayRequest {
  readonly file: string;
  /** The recorded host that the emulated one stands for; undefined: that to which most connections are opened. */
  readonly as: Ipv4Address | undefined;
  /** How long the host goes on after the last frame, virtual ns. */
  readonly rest: number | undefined;
}

/** A session that is over, and what was replayed, in one sentence. */
export interface Replayed {
  readonly session: WireSession;
  readonly success: boolean;
  readonly summary: string;
}

/**
 * Plays a capture to the host of `given`; answers what stands in the way. Large frames pass if the capture has any: it was made where
 * they did.
 */
export function replay(request: ReplayRequest, given: WireSessionSettings): Result<Replayed, string> {
  const read = readRecordedFrames(request.file);
  if (!read.ok) return read;
  const { frames, unusable } = read.value;
  if (frames.length === 0)
    return fail(
      `${request.file} holds no whole Ethernet frame (${unusable} packets are cut or of other networks).`,
    );
  const largeFrames = given.host.largeFrames || frames.some(({ bytes }) => bytes.length > ethernetFrame);
  const settings = { ...given, host: { ...given.host, largeFrames } };
  const left = unusable === 0 ? '' : ` ${unusable} packets were cut or of other networks.`;
  if (request.as === undefined && isOwnRecording(frames, macAddress(1)))
    return succeed(repeat(frames, settings, left));
  const recorded = request.as ?? mostOpened(frames);
  if (recorded === undefined)
    return fail(
      `Nobody opens a TCP connection over IPv4 in ${request.file}. --as ADDRESS names the recorded host that the emulated one stands for.`,
    );
  return playForeign(frames, recorded, settings, request.rest ?? usualRest, left);
}

function repeat(frames: readonly RecordedFrame[], settings: WireSessionSettings, left: string): Replayed {
  const repetition = new Repetition(frames, settings.host.mac, (frame, time, direction) => {
    session.pass(frame, time, direction);
  });
  const session = new WireSession(settings, (frame) => {
    repetition.deliver(frame, session.host.now);
  });
  repetition.play(session.host);
  const { used, repeated, different } = repetition.counts;
  const verdict =
    different === 0
      ? `all ${repeated} frames that left then have left again, byte for byte`
      : `${different} of ${repeated + different} frames that left are not those of then: were seed, address, offload and link the same?`;
  return { session, success: different === 0, summary: `${used} frames came in again; ${verdict}.${left}` };
}

function playForeign(
  frames: readonly RecordedFrame[],
  recorded: Ipv4Address,
  settings: WireSessionSettings,
  rest: number,
  left: string,
): Result<Replayed, string> {
  if (settings.host.address.every((byte) => byte === 0))
    return fail(
      'What others have recorded is replayed over IPv4, which the host has not: leave --ip-version 6 away.',
    );
  const traffic = new RecordedTraffic(recorded, settings.host.mac, settings.host.address);
  const foreign = new ForeignReplay(frames, traffic, (frame, time, direction) => {
    session.pass(frame, time, direction);
  });
  const session = new WireSession(settings, (frame) => {
    foreign.deliver(frame, session.host);
  });
  foreign.play(session.host, rest);
  const { counts } = traffic;
  const as = formatIpv4(recorded);
  if (counts.used === 0)
    return fail(`No frame of the recording is for ${as}. --as ADDRESS names another recorded host.`);
  const summary = `${counts.used} frames for ${as} came in; ${counts.ownFrames} were its own, ${counts.foreign} not for it, ${counts.withoutBeginning} of connections without a beginning.${left}`;
  return succeed({ session, success: true, summary });
}
