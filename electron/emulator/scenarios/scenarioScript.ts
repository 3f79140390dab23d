/** What happens in a scenario besides its workload: its steps, one after the other, each at its moment. */
import type { ScenarioStep } from '../../../shared/scenario/steps';
import type { HostConnection } from '../host/hostConnection';
import type { Machine } from '../machine/machine';
import { holds } from './stepConditions';
import { takeStep } from './stepActions';
import type { Stream } from './stream';
import type { ScenarioTopology } from './topology';

/** What a step may look at and touch. */
export interface ScriptScene {
  readonly stream: Stream;
  readonly connection: HostConnection;
  readonly topology: ScenarioTopology;
  readonly machine: Machine;
}

/** See the file's head. */
export class ScenarioScript {
  private next = 0;
  private notBefore: number;
  /** Steps whose moment has come and that have not been taken. */
  private underWay = 0;

  constructor(
    private readonly machine: Machine,
    private readonly steps: readonly ScenarioStep[],
    private readonly streams: readonly Stream[],
    private readonly topology: ScenarioTopology,
  ) {
    this.notBefore = steps[0]?.when === undefined ? 0 : steps[0].after;
  }

  /** Looks whether the next step is due; called between events. */
  direct(): void {
    const { machine, steps } = this;
    const step = steps[this.next];
    if (step === undefined || this.underWay > 0 || machine.now < this.notBefore) return;
    const scene = this.sceneOf(step);
    if (scene === undefined || (step.when !== undefined && !holds(step.when, scene, machine))) return;
    let delay = step.when === undefined ? step.after : 0;
    this.queue(step, scene, delay);
    // Steps that name nothing but a time have their moment now: it counts from this one's.
    for (;;) {
      const follower = steps[this.next];
      if (follower === undefined || follower.when !== undefined) return;
      delay += follower.after;
      this.queue(follower, this.sceneOf(follower) ?? scene, delay);
    }
  }

  private sceneOf({ connection: number }: ScenarioStep): ScriptScene | undefined {
    const stream = this.streams[number - 1];
    const connection = stream?.connection;
    if (stream === undefined || connection === undefined) return undefined;
    return { stream, connection, topology: this.topology, machine: this.machine };
  }

  private queue(step: ScenarioStep, scene: ScriptScene, delay: number): void {
    const { machine } = this;
    this.next++;
    this.underWay++;
    const act = (): void => {
      this.underWay--;
      this.notBefore = machine.now + (this.steps[this.next]?.after ?? 0);
      takeStep(step, scene);
    };
    if (step.irql === 'DISPATCH_LEVEL') machine.queueDeferredCall(delay, act);
    else machine.queueWorkItem(delay, act);
  }
}
