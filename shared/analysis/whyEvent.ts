/**
 * Why an event happened, back to what came from outside, in sentences. Besides the causes that records name it knows what they can't: that a
 * retransmission, a smaller congestion window and a count of retransmissions come from a loss.
 */
import { offloadStateVariable } from '../ddi/offloadState';
import { readFaultNote } from '../scenario/faultNotes';
import type { FaultKind } from '../scenario/faults';
import { fateDelivers } from '../trace/frameFates';
import type {
  EventId,
  FrameRecord,
  NoteRecord,
  StateChangeRecord,
  TraceRecord,
  VirtualTime,
} from '../trace/records';
import type { UnknownRecord } from '../trace/rowDecoder';
import { readTimerCounterName, timerExpired } from '../trace/timerCounter';
import { causeOf } from './causalChain';
import { connectionFramesOf } from './connectionFrames';
import type { TraceModel } from './traceModel';
import { lossBehind, type LostFrame } from './whyLoss';
import {
  callText,
  componentName,
  frameText,
  lengthText,
  objectName,
  ownerText,
  variableName,
  variableText,
} from './whyText';

/** What a step is. `hand-over`: a value that came with an initiate or a terminate. `wait`: time that a timer, a queue or hardware took. */
export type WhyStepKind =
  | 'value'
  | 'hand-over'
  | 'change'
  | 'owner'
  | 'call'
  | 'return'
  | 'frame'
  | 'loss'
  | 'wait'
  | 'note'
  | 'other';

/** One step of an explanation, the effect before its cause. */
export interface WhyStep {
  readonly event: EventId;
  readonly time: VirtualTime;
  readonly kind: WhyStepKind;
  /** A sentence. */
  readonly text: string;
}

/**
 * What came from outside. `peer-packet`: a frame that the peer sent. `application-call`, `host-call`: a call, or a decision that a note tells,
 * that nothing recorded led to. `fault`: an injected fault. `wire`: the wire lost a frame. `scenario`: something else that nothing recorded led
 * to: the beginning of the run, or what the scenario does to hardware. `unknown`: what led to it is not in the trace.
 */
export type WhyOriginKind =
  'peer-packet' | 'application-call' | 'host-call' | 'fault' | 'wire' | 'scenario' | 'unknown';

/** Where an explanation ends. */
export interface WhyOrigin {
  readonly kind: WhyOriginKind;
  readonly event: EventId;
  /** A sentence. */
  readonly text: string;
}

/** An explanation. */
export interface WhyChain {
  /** From what was asked about to the origin. */
  readonly steps: readonly WhyStep[];
  readonly origin: WhyOrigin;
}

/** Steps after which a chain counts as endless: no trace makes it so, but damage might. */
const mostSteps = 10_000;

/** Records before an event among which a note of the same moment is looked for. */
const mostNotes = 64;

/** What happens so soon after a note that nothing led to is what the note tells, ns: the door costs its time. */
const sameMoment = 1000;

const variables = {
  una: offloadStateVariable('tcp', 'delegated', 'SndUna')!.index,
  congestionWindow: offloadStateVariable('tcp', 'delegated', 'CWnd')!.index,
  threshold: offloadStateVariable('tcp', 'delegated', 'SsThresh')!.index,
  retransmissions: offloadStateVariable('tcp', 'delegated', 'Retransmit.Count')!.index,
} as const;

/** Faults through which frames get lost. */
const losingFaults: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'wire',
  'link-down',
  'surprise-removal',
  'power-down',
  'media-change',
  'peer-silence',
]);

/** Builds one explanation. */
export class WhyBuilder {
  readonly steps: WhyStep[] = [];

  constructor(private readonly model: TraceModel) {}

  /** Adds a step. */
  add(event: EventId, kind: WhyStepKind, text: string): void {
    this.steps.push({ event, time: this.model.store!.time(event), kind, text });
  }

  /** Goes from an event back to its origin. `variable`: of a change of state, the one that is asked about. */
  from(event: EventId, variable?: number): WhyChain {
    const { store } = this.model;
    let at = event;
    for (let step = 0; step < mostSteps; step++) {
      const record = store!.record(at);
      if (record.kind === 'unknown') return this.end('unknown', at, 'What led to it is not in the trace.');
      const outside = this.tell(at, record, at === event ? variable : undefined);
      if (outside !== undefined) return outside;
      const cause = causeOf(record);
      if (cause === undefined) return this.uncaused(at, record);
      if (cause >= at || cause < 0 || store!.isLost(cause))
        return this.end('unknown', at, 'What led to it is not in the trace.');
      this.tellWait(at, record, cause);
      at = cause;
    }
    return this.end('unknown', at, 'The chain is too long to follow.');
  }

  /** Tells what an event is; answers the end of the chain if it ends there. */
  private tell(event: EventId, record: TraceRecord, variable: number | undefined): WhyChain | undefined {
    const { model } = this;
    switch (record.kind) {
      case 'state-change': {
        const lost = this.lossOfChange(event, record, variable);
        if (variable === undefined) this.add(event, 'change', this.changeText(record));
        return lost === undefined ? undefined : this.endOfLoss(event, lost);
      }
      case 'ownership':
        this.add(event, 'owner', ownerText(model, record.object, record.owner));
        this.tellNotes(event, record.cause);
        return undefined;
      case 'relink':
        this.add(event, 'owner', `${objectName(model, record.object)} depends on another object.`);
        return undefined;
      case 'call':
        this.add(event, 'call', callText(model, record));
        return model.store!.components[record.caller]?.role === 'application'
          ? this.end('application-call', event, `The application calls ${record.functionName}.`)
          : undefined;
      case 'return':
        this.add(event, 'return', 'The call returns.');
        return undefined;
      case 'frame':
        return this.tellFrame(event, record);
      case 'frame-fate':
        this.add(
          event,
          fateDelivers(record.fate) ? 'frame' : 'loss',
          fateDelivers(record.fate)
            ? `The frame reaches ${componentName(model, record.receiver)}.`
            : `The frame gets lost on its way to ${componentName(model, record.receiver)} (${record.fate}).`,
        );
        return fateDelivers(record.fate) ? undefined : this.endAtWire(event);
      case 'note': {
        this.add(event, 'note', `${componentName(model, record.component)}: ${record.text}.`);
        return readFaultNote(record.text) !== undefined
          ? this.end('fault', event, `${record.text}.`)
          : undefined;
      }
      case 'finding':
        this.add(event, 'other', `Rule ${record.rule} is broken: ${record.text}`);
        return undefined;
      case 'component':
      case 'connection':
      case 'state-object':
      case 'end':
      case 'counter':
      case 'annotation':
      case 'loss':
        this.add(event, 'other', `A record of kind ${record.kind}.`);
        return undefined;
    }
  }

  private tellFrame(event: EventId, record: FrameRecord): WhyChain | undefined {
    const { model } = this;
    const frame = model.frames.at(event);
    const what = frameText(model, event, record);
    const sender = componentName(model, record.sender);
    this.add(event, 'frame', `${sender} ${frame?.forwarded === true ? 'passes on' : 'sends'} ${what}.`);
    // A switch passes on what somebody else has sent.
    if (frame?.forwarded === true) return undefined;
    if (record.path === 'peer') return this.end('peer-packet', event, `${sender} sends ${what}.`);
    if (!record.retransmission || record.connection === undefined) return undefined;
    const header = frame === undefined ? undefined : connectionFramesOf(model).header(frame);
    const lost =
      header === undefined ? undefined : lossBehind(model, record.connection, event, header.sequence);
    if (lost === undefined) return undefined;
    if (this.isCountedRetransmission(event, record)) this.tellTimer(event, record.cause);
    else if (record.cause !== undefined) this.tellAnswer(record.cause);
    return this.endOfLoss(event, lost);
  }

  /** Whether a repeated frame goes with a higher count of retransmissions that has the same cause: the timer has expired. */
  private isCountedRetransmission(event: EventId, { cause }: FrameRecord): boolean {
    const { store } = this.model;
    const until = Math.min(store!.length, event + mostNotes);
    for (let at = Math.max(0, event - mostNotes); at < until; at++) {
      if (store!.kind(at) !== 'state-change') continue;
      const record = store!.record(at);
      if (record.kind !== 'state-change' || record.cause !== cause) continue;
      if (record.changes.some(({ variable, value }) => variable === variables.retransmissions && value !== 0))
        return true;
    }
    return false;
  }

  /** What was lost, if a change of state is an answer to a loss. */
  private lossOfChange(
    event: EventId,
    record: StateChangeRecord,
    asked: number | undefined,
  ): LostFrame | undefined {
    const { model } = this;
    const connection = model.store!.stateObjects[record.object]?.connection;
    if (connection === undefined) return undefined;
    const isAnswer = record.changes.some(({ variable, value }) => {
      if (asked !== undefined && variable !== asked) return false;
      const before = model.states.writeAt(record.object, variable, event - 1)?.value;
      if (typeof value !== 'number' || typeof before !== 'number') return false;
      if (variable === variables.retransmissions) return value > before;
      return (variable === variables.congestionWindow || variable === variables.threshold) && value < before;
    });
    if (!isAnswer) return undefined;
    const una = model.states.writeAt(record.object, variables.una, event)?.value;
    if (typeof una !== 'number') return undefined;
    // The repetition may have been sent by the same run of the engine: the loss lies before it.
    const lost = lossBehind(model, connection, this.beginOfRun(event, connection), una);
    if (lost !== undefined && asked === undefined) return lost;
    if (lost !== undefined) this.tellTrigger(event, record.cause);
    return lost;
  }

  /** The first frame that this side sent at the time of an event, or the event. */
  private beginOfRun(event: EventId, connection: number): EventId {
    const frames = connectionFramesOf(this.model);
    const all = frames.of(connection);
    const time = this.model.store!.time(event);
    let first = event;
    for (let at = frames.countBy(connection, event) - 1; at >= 0 && all[at]!.sent === time; at--)
      if (all[at]!.path !== 'peer') first = all[at]!.event;
    return first;
  }

  /** The packet or the timer by which a loss was noticed. */
  private tellTrigger(event: EventId, cause: EventId | undefined): void {
    if (cause === undefined) return;
    if (this.hasWaited(event, cause)) this.tellTimer(event, cause);
    else this.tellAnswer(cause);
  }

  /** A packet of the peer that tells of a gap. */
  private tellAnswer(cause: EventId): void {
    const { model } = this;
    let at: EventId | undefined = cause;
    for (let step = 0; at !== undefined && step < mostNotes; step++) {
      const record: TraceRecord | UnknownRecord = model.store!.record(at);
      if (record.kind === 'unknown') return;
      if (record.kind === 'frame' && record.path === 'peer' && model.frames.at(at)?.forwarded !== true) {
        this.add(at, 'frame', `The peer had sent ${frameText(model, at, record)}, which tells of a gap.`);
        return;
      }
      at = causeOf(record);
    }
  }

  private tellTimer(event: EventId, cause: EventId | undefined): void {
    if (cause === undefined || !this.hasWaited(event, cause)) return;
    this.add(
      cause,
      'wait',
      `The retransmission timer has expired ${lengthText(this.waited(event, cause))} after it was started here.`,
    );
  }

  private endOfLoss(event: EventId, { frame, what, fate }: LostFrame): WhyChain {
    const { model } = this;
    const record = model.store!.record(frame.event);
    const told = record.kind === 'frame' ? frameText(model, frame.event, record) : 'a frame';
    this.add(
      frame.event,
      'loss',
      what === 'data'
        ? `No acknowledgment had come, since ${componentName(model, frame.sender)} had sent ${told} and it was lost.`
        : `The bytes had arrived, but the acknowledgment had not: ${told} of ${componentName(model, frame.sender)} was lost.`,
    );
    return this.endAtWire(fate === event ? frame.event : fate);
  }

  /** A frame is lost: by a fault if one disturbs the wire, and else as the scenario's links do. */
  private endAtWire(fate: EventId): WhyChain {
    const { model } = this;
    const { notes } = model.notes;
    for (let at = notes.length - 1; at >= 0; at--) {
      const { event, text } = notes[at]!;
      const fault = event > fate ? undefined : readFaultNote(text);
      if (fault === undefined || !losingFaults.has(fault.kind)) continue;
      return this.end('fault', event, `${text}.`);
    }
    const { loss } = model.store!.header.settings;
    const record = model.store!.record(fate);
    const fateText = record.kind === 'frame-fate' && record.fate !== 'lost' ? ` (${record.fate})` : '';
    const share = typeof loss === 'number' && loss > 0 ? ` It loses a share of ${loss} of all frames.` : '';
    return this.end('wire', fate, `The wire of the scenario lost it${fateText}.${share}`);
  }

  /** Nothing that was recorded led to an event. */
  private uncaused(event: EventId, record: TraceRecord): WhyChain {
    const { model } = this;
    const { store } = model;
    const note = this.decisionAt(event);
    if (note !== undefined) {
      const told = store!.record(note);
      const isFault = told.kind === 'note' && readFaultNote(told.text) !== undefined;
      if (told.kind === 'note') {
        if (note !== event) this.add(note, 'note', `${componentName(model, told.component)}: ${told.text}.`);
        return this.end(isFault ? 'fault' : this.whoDecides(record, told), note, `${told.text}.`);
      }
    }
    if (record.kind === 'call' && store!.components[record.caller]?.role === 'host-stack')
      return this.end('host-call', event, `The host stack calls ${record.functionName} of its own accord.`);
    return this.end(
      'scenario',
      event,
      `Nothing that was recorded led to it: the scenario “${store!.header.title}” did.`,
    );
  }

  /** Who has decided what a note says, by what follows from it: a call that is not the host stack's is what the scenario does to something. */
  private whoDecides(record: TraceRecord, note: NoteRecord): WhyOriginKind {
    const { components } = this.model.store!;
    if (record.kind === 'call' && components[record.caller]?.role !== 'host-stack') return 'scenario';
    const isApplications =
      components[note.component]?.role === 'application' || note.text.startsWith('The application ');
    return isApplications ? 'application-call' : 'host-call';
  }

  /** What the one whose doing an event is says about it: notes of the same moment with the same cause. */
  private tellNotes(event: EventId, cause: EventId | undefined): void {
    const { store } = this.model;
    if (cause === undefined) return;
    const time = store!.time(event);
    for (let at = event - 1; at > cause && event - at < mostNotes && !store!.isLost(at); at--) {
      if (store!.time(at) !== time) return;
      const record = store!.record(at);
      if (record.kind !== 'note' || record.cause !== cause) continue;
      this.add(at, 'note', `${componentName(this.model, record.component)}: ${record.text}.`);
      return;
    }
  }

  /** The first of the notes without a cause that were made right before an event, or itself. */
  private decisionAt(event: EventId): EventId | undefined {
    const { store } = this.model;
    const time = store!.time(event);
    let found: EventId | undefined;
    for (let at = event; at >= 0 && event - at < mostNotes; at--) {
      if (store!.isLost(at) || time - store!.time(at) > sameMoment) break;
      const record = store!.record(at);
      if (record.kind === 'note' && record.cause === undefined) found = at;
    }
    return found;
  }

  /** A sentence about time that passed between what led to an event and the event. */
  private tellWait(event: EventId, record: TraceRecord, cause: EventId): void {
    if (record.kind === 'return' || record.kind === 'frame-fate' || !this.hasWaited(event, cause)) return;
    if (record.kind === 'call' && record.parent === cause) return;
    const timer = this.expiredTimer(event);
    const length = lengthText(this.waited(event, cause));
    this.add(
      event,
      'wait',
      timer === undefined
        ? `That was ${length} later: a timer, a queue or hardware took the time.`
        : `That was ${length} later, when the ${timer} expired.`,
    );
  }

  /** Name of the recorded timer that expired at the moment of an event, right before it. */
  private expiredTimer(event: EventId): string | undefined {
    const { store } = this.model;
    const time = store!.time(event);
    for (let at = event - 1; at >= 0 && event - at < mostNotes && store!.time(at) === time; at--) {
      const record = store!.record(at);
      if (record.kind === 'counter' && record.value === timerExpired)
        return readTimerCounterName(record.name)?.timer;
    }
    return undefined;
  }

  private hasWaited(event: EventId, cause: EventId): boolean {
    return this.waited(event, cause) > 0;
  }

  /** Time from what led to an event to the event: from the arrival of a frame, from the return of a call if it came before. */
  private waited(event: EventId, cause: EventId): VirtualTime {
    const time = this.model.store!.time(event);
    const frame = this.model.frames.at(cause);
    if (frame?.fateTime !== undefined && frame.fateTime <= time) return time - frame.fateTime;
    const call = this.model.calls.at(cause);
    if (call !== undefined) return call.end === undefined || call.end >= time ? 0 : time - call.end;
    return time - this.model.store!.time(cause);
  }

  private changeText(record: StateChangeRecord): string {
    const { model } = this;
    const told = record.changes
      .slice(0, 4)
      .map(
        ({ variable, value }) =>
          `${variableName(model, record.object, variable)} to ${variableText(model, record.object, variable, value)}`,
      );
    const more = record.changes.length - told.length;
    const others = more > 0 ? ` and ${more} more` : '';
    return `${componentName(model, record.writer)} sets ${told.join(', ')}${others} of ${objectName(model, record.object)}.`;
  }

  private end(kind: WhyOriginKind, event: EventId, text: string): WhyChain {
    return { steps: this.steps, origin: { kind, event, text } };
  }
}

/** Why an event happened: the chain back to its origin. The event must be in the trace. */
export function whyEvent(model: TraceModel, event: EventId): WhyChain {
  return new WhyBuilder(model).from(event);
}
