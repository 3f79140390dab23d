/** Lets a recording stand still, where somebody asks for it or a rule is broken, and knows why. Pausing is between events: what happens in the run, and its trace, are the same. */
import type { RuleSeverity } from '../../shared/rules/catalogue';
import { ruleSeverities, type RunControl, type RunPause } from '../../shared/contract/runControl';
import type { RuleChecker } from '../../shared/rules/engine/checker';
import type { Finding } from '../../shared/rules/engine/finding';

/** A run that can stand still; `Recording` is one. */
export interface PausableRun {
  /** Virtual time, ns. */
  readonly now: number;
  readonly isPaused: boolean;
  pause(): void;
  resume(): void;
}

/** See the file's head. */
export class RunPauses {
  private least: RuleSeverity | undefined;
  /** Findings of the step under way that are grave enough. */
  private found: Finding[] = [];
  private told = false;

  /**
   * @param checker looks at the run while it goes on; without one it pauses only where somebody asks
   * @param least severity from which on a finding pauses the run; undefined: none does
   */
  constructor(
    private readonly run: PausableRun,
    checker: RuleChecker | undefined,
    least: RuleSeverity | undefined,
  ) {
    this.least = least;
    if (checker !== undefined)
      checker.onFinding = (finding) => {
        this.onFinding(finding);
      };
  }

  /** Does what was asked. */
  control(control: RunControl): void {
    switch (control.kind) {
      case 'pause':
        this.run.pause();
        return;
      case 'resume':
        this.found = [];
        this.told = false;
        this.run.resume();
        return;
      case 'break-on':
        this.least = control.least ?? undefined;
    }
  }

  /** Why the run stands still, once for each time; undefined while it goes on. */
  takePause(): RunPause | undefined {
    if (!this.run.isPaused || this.told) return undefined;
    this.told = true;
    const { found } = this;
    const time = this.run.now;
    const gravest = ruleSeverities
      .map((severity) => found.find((finding) => finding.severity === severity))
      .find((finding) => finding !== undefined);
    if (gravest === undefined) return { cause: 'asked', time };
    const { rule, severity, found: text, events } = gravest;
    return { cause: 'finding', time, rule, severity, found: text, events, count: found.length };
  }

  private onFinding(finding: Finding): void {
    const { least } = this;
    if (least === undefined || ruleSeverities.indexOf(finding.severity) > ruleSeverities.indexOf(least))
      return;
    this.found.push(finding);
    this.run.pause();
  }
}
