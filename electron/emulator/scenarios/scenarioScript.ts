/** What the first connection of a scenario goes through besides its plan: steps, one after the other, each at its moment. */
import type { HostConnection } from '../host/hostConnection';
import type { Machine } from '../machine/machine';
import type { Stream } from './stream';
import type { ScenarioTopology } from './topology';

/** What a step may look at and touch. */
export interface ScriptScene {
  readonly stream: Stream;
  readonly connection: HostConnection;
  readonly topology: ScenarioTopology;
}

/** A step: when its moment has come, and what happens then, at PASSIVE_LEVEL. */
export interface ScriptStep {
  /** Asked between events, once `after` ns have passed since the step before. */
  readonly isDue: (scene: ScriptScene) => boolean;
  readonly act: (scene: ScriptScene) => void;
  /** Virtual ns. */
  readonly after: number;
}

/** See the file's head. */
export class ScenarioScript {
  private readonly steps: ScriptStep[];
  private notBefore = 0;
  private acting = false;

  constructor(
    private readonly machine: Machine,
    steps: readonly ScriptStep[],
  ) {
    this.steps = [...steps];
    this.notBefore = this.steps[0]?.after ?? 0;
  }

  /** Looks whether the next step is due; called between events. */
  direct(scene: ScriptScene): void {
    const { machine } = this;
    const step = this.steps[0];
    if (step === undefined || this.acting || machine.now < this.notBefore || !step.isDue(scene)) return;
    this.acting = true;
    machine.queueWorkItem(0, () => {
      this.acting = false;
      this.steps.shift();
      this.notBefore = machine.now + (this.steps[0]?.after ?? 0);
      step.act(scene);
    });
  }
}
