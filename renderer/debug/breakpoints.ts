/** The breakpoints of the user: kept over restarts, and told to the run under way. */
import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import {
  breakpointListSchema,
  mostBreakpoints,
  type Breakpoint,
  type BreakpointTrigger,
} from '../../shared/debug/breakpoints';
import { readChoice, writeChoice, type ChoiceStorage } from '../stores/storage';
import { sameTrigger } from './breakpointWords';

/** See the file's head. */
export class Breakpoints {
  readonly list: ShallowRef<readonly Breakpoint[]>;
  /** How many are enabled and stop. */
  readonly active: ComputedRef<number>;

  constructor(storage?: ChoiceStorage) {
    this.list = shallowRef(
      readChoice<readonly Breakpoint[]>('breakpoints', breakpointListSchema, [], storage),
    );
    this.active = computed(
      () => this.list.value.filter(({ enabled, log }) => enabled && log === undefined).length,
    );
    watch(this.list, (list) => writeChoice('breakpoints', list, storage), { flush: 'sync' });
  }

  /** Adds one behind the others; undefined where there are too many. */
  add(on: BreakpointTrigger, more: Partial<Omit<Breakpoint, 'id' | 'on'>> = {}): Breakpoint | undefined {
    const list = this.list.value;
    if (list.length >= mostBreakpoints) return undefined;
    const taken = new Set(list.map(({ id }) => id));
    let number = list.length + 1;
    while (taken.has(`b${number}`)) number++;
    const made: Breakpoint = { id: `b${number}`, on, enabled: true, ...more };
    this.list.value = [...list, made];
    return made;
  }

  /** Puts another in the place of the one with its id. */
  replace(one: Breakpoint): void {
    this.list.value = this.list.value.map((other) => (other.id === one.id ? one : other));
  }

  remove(id: string): void {
    this.list.value = this.list.value.filter((one) => one.id !== id);
  }

  clear(): void {
    this.list.value = [];
  }

  /** Adds a breakpoint on this, or takes away those that there are; answers whether there is one now. */
  toggle(on: BreakpointTrigger): boolean {
    const kept = this.list.value.filter((one) => !sameTrigger(one.on, on));
    if (kept.length === this.list.value.length) return this.add(on) !== undefined;
    this.list.value = kept;
    return false;
  }
}
