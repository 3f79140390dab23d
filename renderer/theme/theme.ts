/** Light, dark, or as the system has it. */
import { computed, ref, watch, type ComputedRef, type Ref } from 'vue';
import { z } from 'zod';
import { readChoice, writeChoice } from '../stores/storage';

/** What the user chose. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const order: readonly ThemeChoice[] = ['system', 'light', 'dark'];

/** The theme of the window. */
export interface Theme {
  readonly choice: Ref<ThemeChoice>;
  /** What is shown now. */
  readonly shown: ComputedRef<'light' | 'dark'>;
  /** Grows when any colour may have changed: the canvases read their colours again. */
  readonly version: Ref<number>;
  /** system, light, dark, and around. */
  next(): void;
}

/** Reads the stored choice, follows the system and marks the document. */
export function createTheme(): Theme {
  const choice = ref(readChoice<ThemeChoice>('theme', z.enum(['system', 'light', 'dark']), 'system'));
  const darkSystem = window.matchMedia('(prefers-color-scheme: dark)');
  const forcedColors = window.matchMedia('(forced-colors: active)');
  const systemIsDark = ref(darkSystem.matches);
  const version = ref(0);
  darkSystem.addEventListener('change', () => (systemIsDark.value = darkSystem.matches));
  forcedColors.addEventListener('change', () => version.value++);
  const shown = computed(() =>
    choice.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : choice.value,
  );
  watch(
    shown,
    () => {
      document.documentElement.dataset['theme'] = shown.value;
      version.value++;
    },
    { immediate: true, flush: 'sync' },
  );
  return {
    choice,
    shown,
    version,
    next() {
      choice.value = order[(order.indexOf(choice.value) + 1) % order.length]!;
      writeChoice('theme', choice.value);
    },
  };
}
