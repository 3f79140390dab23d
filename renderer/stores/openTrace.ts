/**
 * The trace that the window shows, and the one that is arriving. Bytes are read in short slices of time so that the window
 * stays live; a new trace takes the place of the old one only when its header has proved to be one.
 */
import { markRaw, shallowReactive } from 'vue';
import { TraceModel } from '../../shared/analysis/traceModel';
import type { TraceOrigin, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import type { RunPause } from '../../shared/contract/runControl';
import type { RecordingCost } from '../../shared/contract/recordingCost';
import type { TraceEnding } from '../../shared/trace/traceError';
import type { Notices } from './notices';
import { windowPacing, type Pacing } from './pacing';

/** `empty`: nothing to show. `reading`: a file arrives. `live`: a recording arrives. `ready`: all of it is here. */
export type TracePhase = 'empty' | 'reading' | 'live' | 'ready';

/** What the window knows about the trace. Shallow: the model itself is never observed, `version` says that it grew. */
export interface OpenTraceState {
  phase: TracePhase;
  model: TraceModel | undefined;
  /** Grows whenever the model has. */
  version: number;
  /** Grows whenever another trace takes the place of the shown one. */
  generation: number;
  name: string;
  origin: TraceOrigin | undefined;
  /** By which the main process knows its file; undefined where it does not. */
  token: string | undefined;
  /** 0 to 1, when it is known. */
  progress: number | undefined;
  /** What recording it cost, or has cost so far; undefined for traces that were not recorded here. */
  recordingCost: RecordingCost | undefined;
  ending: TraceEnding | undefined;
  /** Why a live run stands still; undefined while it goes on. */
  pause: RunPause | undefined;
}

/** Longest stretch of reading before the window gets a turn, in ms. */
const sliceTime = 10;

/** Bytes that are read between two looks at the clock. */
const sliceLength = 128 * 1024;

interface Arrival {
  readonly model: TraceModel;
  readonly origin: TraceOrigin;
  readonly name: string;
  readonly token: string | undefined;
  readonly queue: Uint8Array[];
  /** What the window goes back to if this is no trace. */
  readonly phaseBefore: TracePhase;
  finished: boolean;
  /** Why no more bytes come, if that is a problem. */
  failure: string | undefined;
}

/** See the file's head. */
export class OpenTrace {
  readonly state: OpenTraceState = shallowReactive({
    phase: 'empty',
    model: undefined,
    version: 0,
    generation: 0,
    name: '',
    origin: undefined,
    token: undefined,
    progress: undefined,
    recordingCost: undefined,
    ending: undefined,
    pause: undefined,
  });
  private arrival: Arrival | undefined;
  private pumping = false;

  constructor(
    private readonly notices: Notices,
    private readonly pacing: Pacing = windowPacing,
  ) {}

  /** Whether what is shown is the last recording, which can be saved. */
  get canSave(): boolean {
    const { phase, origin } = this.state;
    return phase === 'ready' && (origin === 'recording' || origin === 'left');
  }

  /** Takes the next event of the stream. */
  receive(event: TraceStreamEvent): void {
    if (event.kind === 'begin') {
      const phaseBefore = this.state.model === undefined ? 'empty' : 'ready';
      const { origin, name, trace: token } = event;
      const model = markRaw(new TraceModel());
      this.arrival = {
        model,
        origin,
        name,
        token,
        queue: [],
        phaseBefore,
        finished: false,
        failure: undefined,
      };
      this.state.phase = origin === 'recording' ? 'live' : 'reading';
      this.state.progress = undefined;
      this.state.recordingCost = undefined;
      this.state.pause = undefined;
      this.notices.clear('trace');
      return;
    }
    const arrival = this.arrival;
    if (arrival === undefined) {
      if (event.kind === 'failed') this.notices.show('error', 'engine', event.message);
      return;
    }
    switch (event.kind) {
      case 'bytes':
        for (let start = 0; start < event.bytes.length; start += sliceLength) {
          arrival.queue.push(event.bytes.subarray(start, start + sliceLength));
        }
        break;
      case 'progress':
        this.state.progress = event.fraction;
        return;
      case 'recording-cost':
        this.state.recordingCost = event.cost;
        return;
      case 'paused':
        this.state.pause = event.pause;
        return;
      case 'resumed':
        this.state.pause = undefined;
        return;
      case 'breakpoint-logs':
      case 'compared':
      case 'not-compared':
      case 'driver-changed':
        return;
      case 'end':
        this.state.pause = undefined;
        arrival.finished = true;
        break;
      case 'failed':
        this.state.pause = undefined;
        arrival.finished = true;
        arrival.failure = event.message;
        break;
    }
    this.pump();
  }

  private pump(): void {
    if (this.pumping) return;
    const arrival = this.arrival;
    if (arrival === undefined) return;
    const until = this.pacing.now() + sliceTime;
    let grown = 0;
    for (;;) {
      const bytes = arrival.queue.shift();
      if (bytes === undefined) break;
      const pushed = arrival.model.push(bytes);
      if (!pushed.ok) {
        this.refuse(arrival, pushed.error.message);
        return;
      }
      grown += pushed.value;
      if (this.pacing.now() >= until) break;
    }
    this.showGrown(arrival, grown);
    if (arrival.queue.length > 0) {
      this.pumping = true;
      this.pacing.nextTurn(() => {
        this.pumping = false;
        this.pump();
      });
    } else if (arrival.finished) this.finish(arrival);
  }

  /** Puts an arrival on the screen once its header is there. */
  private showGrown(arrival: Arrival, grown: number): void {
    if (this.state.model !== arrival.model) {
      if (arrival.model.store === undefined) return;
      this.state.model = arrival.model;
      this.state.name = arrival.name;
      this.state.origin = arrival.origin;
      this.state.token = arrival.token;
      this.state.ending = undefined;
      this.state.generation++;
      this.notices.clear('engine');
      this.notices.clear('refused');
    } else if (grown === 0) return;
    this.state.version++;
  }

  private refuse(arrival: Arrival, message: string): void {
    this.arrival = undefined;
    this.state.phase = arrival.phaseBefore;
    this.state.progress = undefined;
    this.notices.show('error', 'refused', arrival.name === '' ? message : `${arrival.name}: ${message}`);
  }

  private finish(arrival: Arrival): void {
    this.arrival = undefined;
    const ending = arrival.model.close();
    if (!ending.ok) {
      const { failure } = arrival;
      if (failure === undefined) this.refuse(arrival, ending.error.message);
      else {
        this.state.phase = arrival.phaseBefore;
        this.notices.show('error', 'engine', failure);
      }
      return;
    }
    this.state.phase = 'ready';
    this.state.progress = undefined;
    this.state.ending = ending.value;
    this.state.version++;
    if (arrival.failure !== undefined) this.notices.show('error', 'engine', arrival.failure);
    if (ending.value.kind !== 'complete') this.notices.show('warning', 'trace', ending.value.message);
    const unknown = arrival.model.store?.unknownRecords ?? 0;
    if (unknown > 0) {
      this.notices.show(
        'note',
        'unknown',
        `${unknown} records of this trace are of kinds that this Chimneysweep does not know; they are left out.`,
      );
    }
  }
}
