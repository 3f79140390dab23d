/**
 * The rules of the specification over the shown trace: checked in short slices behind the reading, so that the window stays live, and going on
 * while the trace grows. The rules themselves are loaded when the first trace is there.
 */
import { shallowReactive } from 'vue';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { RuleCoverage } from '../../shared/rules/engine/checker';
import type { Finding } from '../../shared/rules/engine/finding';
import type { StoreCheck } from '../../shared/rules/engine/storeCheck';
import { windowPacing, type Pacing } from './pacing';

/** What is known so far. Shallow: nothing in it is changed in place. */
export interface CheckedTrace {
  /** In order of time. */
  findings: readonly Finding[];
  /** What each rule had to do. */
  coverage: readonly RuleCoverage[];
  /** Share of the trace that has been checked, 0 to 1; 1 when all that is there has been. */
  progress: number;
  /** Whether the user has stopped it. */
  stopped: boolean;
}

/** Longest stretch of checking before the window gets a turn, ms. */
const sliceTime = 8;

/** Time between two lists of what has been found so far, ms. */
const betweenLists = 300;

interface RunningCheck {
  readonly model: TraceModel;
  readonly check: StoreCheck;
  readonly findings: readonly Finding[];
  readonly coverage: () => readonly RuleCoverage[];
}

/** See the file's head. */
export class RuleCheck {
  readonly state: CheckedTrace = shallowReactive({ findings: [], coverage: [], progress: 1, stopped: false });
  private running: RunningCheck | undefined;
  private wanted: TraceModel | undefined;
  private complete = false;
  private waiting = false;
  private listed = 0;

  constructor(private readonly pacing: Pacing = windowPacing) {}

  /** Another trace is shown. */
  async start(model: TraceModel): Promise<void> {
    this.wanted = model;
    this.running = undefined;
    this.complete = false;
    Object.assign(this.state, { findings: [], coverage: [], progress: 0, stopped: false });
    const [{ RuleChecker }, { StoreCheck }, { implementedRules }] = await Promise.all([
      import('../../shared/rules/engine/checker'),
      import('../../shared/rules/engine/storeCheck'),
      import('../../shared/rules/rules'),
    ]);
    const { store } = model;
    if (this.wanted !== model || store === undefined) return;
    const checker = new RuleChecker(implementedRules);
    this.running = {
      model,
      check: new StoreCheck(store, checker),
      findings: checker.findings,
      coverage: () => checker.coverage(),
    };
    this.run();
  }

  /** The trace has grown; `complete`: no more of it comes. */
  grow(complete: boolean): void {
    this.complete = complete;
    this.run();
  }

  /** The user has seen enough, or wants the rest after all. */
  setStopped(stopped: boolean): void {
    this.state.stopped = stopped;
    this.run();
  }

  private run(): void {
    const { running } = this;
    if (running === undefined || this.waiting || this.state.stopped) return;
    const until = this.pacing.now() + sliceTime;
    const goesOn = running.check.advance(() => this.pacing.now() >= until);
    if (!goesOn && this.complete) running.check.finish();
    const now = this.pacing.now();
    if (!goesOn || now - this.listed >= betweenLists) {
      this.listed = now;
      this.list(running, !goesOn);
    }
    if (!goesOn) return;
    this.waiting = true;
    this.pacing.nextTurn(() => {
      this.waiting = false;
      this.run();
    });
  }

  private list({ model, check, findings, coverage }: RunningCheck, isAll: boolean): void {
    if (findings.length !== this.state.findings.length || isAll) this.state.findings = [...findings];
    this.state.coverage = coverage();
    this.state.progress = isAll ? 1 : check.checked / Math.max(1, model.store?.length ?? 1);
  }
}
