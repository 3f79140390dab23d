/**
 * Has a run that stands still do something by hand: it goes on until that is done, and further until the first call that comes of it, where it
 * stands still again and the call is selected.
 */
import { ref, watch, type Ref } from 'vue';
import { readHandNote } from '../../shared/contract/handNote';
import type { LiveEdit } from '../../shared/contract/liveEdit';
import type { RunControl, RunPause } from '../../shared/contract/runControl';
import type { StopCondition } from '../../shared/debug/stopCondition';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId } from '../../shared/trace/records';
import type { OpenTrace } from '../stores/openTrace';
import type { View } from '../stores/view';

/** How far one thing has come that is done by hand. */
type Progress =
  | { readonly at: 'nothing' }
  /** The run goes on to the note that tells it. */
  | { readonly at: 'note'; readonly edit: LiveEdit }
  /** The run goes on to what comes of it. */
  | { readonly at: 'outcome'; readonly edit: LiveEdit; readonly note: EventId };

/** Until where a run goes on behind the note of something done by hand. */
export function outcomeOf(model: TraceModel, edit: LiveEdit, note: EventId): StopCondition {
  const host = model.store?.components.find(({ role }) => role === 'host-stack')?.id;
  // What the peer sends comes as a frame first: what the host stack is told is what it was sent for.
  if (edit.kind === 'indicate')
    return {
      kind: 'handler',
      connection: edit.connection,
      ...(host === undefined ? {} : { driver: host }),
    };
  return { kind: 'outcome', note };
}

/** See the file's head. */
export class HandEdits {
  /** What came of the last one, in words; undefined before the first. */
  readonly told: Ref<string | undefined> = ref();
  private progress: Progress = { at: 'nothing' };
  /** Where the run stood when it was last sent on. */
  private left: RunPause | undefined;

  constructor(
    private readonly trace: OpenTrace,
    private readonly view: View,
    private readonly control: (wish: RunControl) => void,
    private readonly speak: (words: string) => void,
  ) {
    watch(
      () => [trace.state.pause, trace.state.version, trace.state.phase] as const,
      () => {
        this.goOn();
      },
      { flush: 'sync' },
    );
  }

  /** Whether the run goes on only until something done by hand is done. */
  get isBusy(): boolean {
    return this.progress.at !== 'nothing';
  }

  /** Has it done; nothing where no run stands still. */
  do(edit: LiveEdit): void {
    if (this.trace.state.pause === undefined || this.isBusy) return;
    this.progress = { at: 'note', edit };
    this.control({ kind: 'edit', edit });
    this.sendOn({ kind: 'by-hand' });
  }

  private sendOn(until: StopCondition): void {
    this.left = this.trace.state.pause;
    this.control({ kind: 'step', until });
  }

  private goOn(): void {
    const { progress } = this;
    const { pause, phase, model } = this.trace.state;
    if (progress.at === 'nothing') return;
    if (phase !== 'live') {
      this.end('The run has ended.');
      return;
    }
    const store = model?.store;
    if (pause === undefined || pause === this.left || store === undefined || pause.event >= store.length)
      return;
    if (pause.cause !== 'step') {
      this.end('The run has stopped before that for another reason.');
      return;
    }
    if (progress.at === 'note') {
      const record = store.record(pause.event);
      const note = record.kind === 'note' ? readHandNote(record.text) : undefined;
      if (note === undefined) return;
      if (note.isRefused) {
        this.end(`Not done: ${note.what}.`);
        return;
      }
      this.progress = { at: 'outcome', edit: progress.edit, note: pause.event };
      this.sendOn(outcomeOf(model!, progress.edit, pause.event));
      return;
    }
    const call = model!.calls.at(pause.event);
    if (call === undefined) {
      this.view.select(progress.note);
      this.end('Done; no call has come of it yet.');
    } else this.end(`Done: ${call.functionName}.`);
  }

  private end(words: string): void {
    this.progress = { at: 'nothing' };
    this.told.value = words;
    this.speak(words);
  }
}
