/** The lists whose owners are shown: which ones the user has chosen, their lives, and the rows of the timeline that show them. */
import { shallowRef, watch, type ShallowRef } from 'vue';
import type { BufferLife } from '../../shared/analysis/bufferOwnership';
import type { OpenTrace } from '../stores/openTrace';
import { bufferRows, livesOf, type BufferScope } from './bufferRows';
import type { BufferLane } from './lanes';

/** Lives up to which rows are made anew with every part of a recording that arrives; beyond, when it stands still or has ended. */
const mostLiveLives = 2000;

/** See the file's head. */
export class BufferLaneChoice {
  /** What is shown; undefined: nothing. */
  readonly scope: ShallowRef<BufferScope | undefined> = shallowRef();
  /** The lives that are shown, in the order in which they began. */
  readonly lives: ShallowRef<readonly BufferLife[] | undefined> = shallowRef();
  readonly lane: ShallowRef<BufferLane | undefined> = shallowRef();
  private generation = -1;

  constructor(trace: OpenTrace) {
    watch(
      () => [this.scope.value, trace.state.version, trace.state.pause, trace.state.phase] as const,
      ([scope], [before]) => {
        const { model, generation, phase, pause } = trace.state;
        if (generation !== this.generation && scope === before) {
          this.generation = generation;
          this.scope.value = undefined;
        }
        this.generation = generation;
        if (model?.store === undefined || this.scope.value === undefined) {
          this.lives.value = this.lane.value = undefined;
          return;
        }
        const isRunning = phase === 'live' && pause === undefined && scope === before;
        if (isRunning && (this.lives.value?.length ?? 0) > mostLiveLives) return;
        const lives = livesOf(model, this.scope.value);
        this.lives.value = lives;
        this.lane.value = { scope: this.scope.value, rows: bufferRows(model, lives) };
      },
      { flush: 'sync' },
    );
  }
}
