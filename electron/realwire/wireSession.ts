/**
 * A host on a real wire with everything that is kept of it: the trace and a capture. One session is played once, by `RealWire` in real
 * time or by a replay in virtual time.
 */
import type { RunReport } from '../../shared/analysis/runReport';
import type { CaptureDirection } from '../../shared/capture/captureFormat';
import type { CaptureSink } from '../../shared/capture/pcapngWriter';
import type { RecordingCost } from '../../shared/contract/recordingCost';
import type { MonotonicClock } from '../../shared/trace/encodingMeter';
import type { TraceSink } from '../../shared/trace/traceEncoder';
import { traceFormatVersion } from '../../shared/trace/records';
import { silentProbe } from '../emulator/observe/silentProbe';
import type { Frame } from '../emulator/wire/frame';
import { formatIpAddress, formatIpv4 } from '../emulator/wire/address';
import { WiredHost, type ServiceStart, type WiredHostSettings } from '../emulator/wired/wiredHost';
import { zlibChecksum } from '../files/zlibCodec';
import { defaultSnapLength } from '../recorder/recording';
import { RecordingMeter } from '../recorder/recordingMeter';
import { TraceRecorder } from '../recorder/traceRecorder';
import { WireCapture } from './wireCapture';

/** Name that traces and reports have in the place of a scenario's. */
export const wireScenario = 'wire';

/** What a session is. */
export interface WireSessionSettings {
  readonly host: WiredHostSettings;
  readonly services: ServiceStart;
  /** Application and version. */
  readonly application: string;
  /** What is at the other end: the name of the TAP device, or of the capture. */
  readonly otherEnd: string;
  /** Where the trace goes; undefined: nothing is recorded. */
  readonly trace?: TraceSink | undefined;
  readonly capture?: CaptureSink | undefined;
  /** Measures what recording costs. */
  readonly clock?: MonotonicClock | undefined;
}

function recorderOf(
  { host, application, otherEnd }: WireSessionSettings,
  sink: TraceSink,
  meter: RecordingMeter | undefined,
): TraceRecorder {
  const { seed, address, ipv6Address, processors, link, handOvers, largeFrames } = host;
  const { impairments = {} } = link;
  return new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application,
      scenario: wireScenario,
      title: `A real wire: ${otherEnd}`,
      seed,
      settings: {
        address: formatIpv4(address),
        ...(ipv6Address === undefined ? {} : { ipv6Address: formatIpAddress(ipv6Address) }),
        processors,
        loss: link.loss,
        bitsPerSecond: link.bitsPerSecond,
        delayNs: link.delay,
        queueBytes: link.queueBytes,
        impairments: JSON.stringify(impairments),
        handOvers: JSON.stringify(handOvers),
        largeFrames,
      },
      snapLength: defaultSnapLength,
    },
    sink,
    { checksum: zlibChecksum, meter: meter?.encoding },
  );
}

/** See the file's head. */
export class WireSession {
  readonly host: WiredHost;
  private readonly recorder: TraceRecorder | undefined;
  private readonly capture: WireCapture | undefined;
  private readonly meter: RecordingMeter | undefined;

  /** @param deliver takes what leaves the host; the frame may be used until it returns. */
  constructor(settings: WireSessionSettings, deliver: (frame: Frame) => void) {
    const { trace, capture, application, otherEnd, clock } = settings;
    if (clock !== undefined && trace !== undefined) this.meter = new RecordingMeter(clock);
    this.meter?.beginRun();
    this.recorder = trace === undefined ? undefined : recorderOf(settings, trace, this.meter);
    const comment = `chimneysweep wire, seed ${settings.host.seed}; times are virtual`;
    this.capture =
      capture === undefined ? undefined : new WireCapture(capture, application, comment, otherEnd);
    this.host = new WiredHost(this.recorder ?? silentProbe(), settings.host, settings.services, deliver);
  }

  /** A frame passes the end of the wire: to be called before it comes in, and after it has been delivered. */
  readonly pass = (frame: Frame, time: number, direction: CaptureDirection): void => {
    this.capture?.pass(frame, time, direction);
  };

  /** Records so far; 0 without a trace. */
  get eventCount(): number {
    return this.recorder?.eventCount ?? 0;
  }

  /** What recording has cost the session so far, which goes on at rest too; undefined without a trace or a clock. */
  get cost(): RecordingCost | undefined {
    return this.meter?.cost(this.eventCount);
  }

  /** Hands what has been recorded so far to the trace's sink. */
  flush(): void {
    this.recorder?.flush();
  }

  /** Ends trace and capture and answers the report. */
  finish(success: boolean, summary: string): RunReport {
    const report = this.host.report(wireScenario, success, summary);
    this.capture?.finish(this.host.now);
    this.recorder?.finish(report);
    this.meter?.endRun();
    return report;
  }
}
