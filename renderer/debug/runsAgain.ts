/** The run of a trace made again, and what came of comparing the two. */
import { shallowReactive, watch } from 'vue';
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';
import type { RunComparison, RunSide } from '../../shared/contract/runComparison';
import { readRecordedRun, type RecordedRun } from '../../shared/scenario/recordedRun';
import type { EventId } from '../../shared/trace/records';
import type { Platform } from '../platform/platform';
import type { Notices } from '../stores/notices';
import type { OpenTrace } from '../stores/openTrace';
import type { View } from '../stores/view';

/** Where things stand. `waiting`: a run is made, or two are compared. */
export type RunsAgainState =
  | { readonly kind: 'none' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'compared'; readonly comparison: RunComparison }
  | { readonly kind: 'failed'; readonly message: string };

/** What a comparison came to, in a sentence. */
export function comparisonWords({ same, wantsSame, why }: RunComparison): string {
  if (same === 'bytes') return 'The same trace, byte for byte.';
  if (same === 'runs') return 'The same run: the files differ, but nothing that happened in them.';
  return wantsSame
    ? `The runs part, though nothing was changed. ${why ?? ''}`.trim()
    : 'The runs part where the change shows first.';
}

/** See the file's head. */
export class RunsAgain {
  readonly state: { now: RunsAgainState } = shallowReactive({ now: { kind: 'none' } });
  /** What is selected as soon as its trace is shown. */
  private awaited: { readonly trace: string; readonly event: EventId } | undefined;

  constructor(
    private readonly platform: Platform,
    private readonly trace: OpenTrace,
    private readonly view: View,
    private readonly notices: Notices,
    /** Brings the difference into sight. */
    private readonly show: () => void,
  ) {
    watch(
      () => [trace.state.phase, trace.state.token] as const,
      ([phase, token]) => {
        const { awaited } = this;
        if (phase !== 'ready' || awaited === undefined || awaited.trace !== token) return;
        this.awaited = undefined;
        view.select(awaited.event);
      },
      { flush: 'sync' },
    );
  }

  /** The run that the shown trace carries; a text says why it can't be made again. */
  get carried(): RecordedRun | string {
    const { model, token, phase } = this.trace.state;
    if (!this.platform.abilities.record) return 'Only the desktop application can run scenarios.';
    if (model?.store === undefined || phase !== 'ready') return 'There is no whole trace to run again.';
    const recorded = readRecordedRun(model.store.header);
    if (!recorded.ok) return recorded.error;
    return token === undefined
      ? 'This trace came without its file. Open the file by Ctrl+O, and run it again then.'
      : recorded.value;
  }

  /** Makes the run of the shown trace again. */
  async again(further: { readonly fileToken?: string; readonly driverToken?: string } = {}): Promise<void> {
    const { carried } = this;
    const { token, model } = this.trace.state;
    if (typeof carried === 'string' || token === undefined) {
      this.notices.show('warning', 'again', typeof carried === 'string' ? carried : '');
      return;
    }
    if ('sha256' in carried.file && further.fileToken === undefined) {
      const named = model?.store?.header.settings['file'];
      this.notices.show(
        'note',
        'again',
        `The run carried a file that the trace knows by its digest only: ${String(named ?? 'a file')}. Choose it to run again.`,
        [{ words: 'Choose the file…', run: () => void this.withFile() }],
      );
      return;
    }
    await this.begin(this.platform.runAgain({ trace: token, ...further }));
  }

  /** A run whose trace is to be compared has been asked for. */
  async begin(started: ReturnType<Platform['runAgain']>): Promise<boolean> {
    this.notices.clear('again');
    const result = await started;
    if (result.ok) this.state.now = { kind: 'waiting' };
    else this.notices.show('error', 'again', result.error.message);
    return result.ok;
  }

  /** Hears of what comes from the main process. */
  take(event: TraceStreamEvent): void {
    switch (event.kind) {
      case 'compared':
        this.compared(event.comparison);
        return;
      case 'not-compared':
        this.state.now = { kind: 'failed', message: event.message };
        this.notices.show('error', 'again', event.message);
        return;
      case 'failed':
        if (this.state.now.kind === 'waiting') this.state.now = { kind: 'none' };
        return;
      default:
    }
  }

  /** Shows a record of one of the two runs, whose trace is opened if another one is shown. */
  async go(side: RunSide, event: EventId): Promise<void> {
    const { now } = this.state;
    if (now.kind !== 'compared') return;
    const { trace } = now.comparison[side];
    if (this.trace.state.token === trace) {
      this.view.select(event);
      return;
    }
    this.awaited = { trace, event };
    await this.open(side);
  }

  /** Opens the trace of one of the two runs. */
  async open(side: RunSide): Promise<void> {
    const { now } = this.state;
    if (now.kind !== 'compared') return;
    const opened = await this.platform.showTrace(now.comparison[side].trace);
    if (!opened.ok) this.notices.show('error', 'again', opened.error.message);
  }

  private compared(comparison: RunComparison): void {
    this.state.now = { kind: 'compared', comparison };
    const words = comparisonWords(comparison);
    if (comparison.same === 'no') {
      this.show();
      if (comparison.wantsSame) this.notices.show('warning', 'again', words);
      const first = comparison.rows.find(({ isFirst }) => isFirst)?.right;
      if (first !== undefined) void this.go('right', first.event);
    } else this.notices.show('note', 'again', words);
  }

  private async withFile(): Promise<void> {
    const chosen = await this.platform.chooseFileToSend();
    if (!chosen.ok) this.notices.show('error', 'again', chosen.error.message);
    else if (chosen.value !== null) await this.again({ fileToken: chosen.value.token });
  }
}
