/** Choices that outlive the window. What is stored is checked; what is broken or forbidden falls back to the default. */
import type { z } from 'zod';

const prefix = 'chimneysweep.';

/** Where choices are kept: the browser's localStorage or, in tests, anything alike. */
export interface ChoiceStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

function browserStorage(): ChoiceStorage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** A stored choice, or the fallback if there is none or it does not fit. */
export function readChoice<Value>(
  key: string,
  schema: z.ZodType<Value>,
  fallback: Value,
  storage: ChoiceStorage | undefined = browserStorage(),
): Value {
  try {
    const text = storage?.getItem(prefix + key);
    if (text === null || text === undefined) return fallback;
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : fallback;
  } catch {
    return fallback;
  }
}

/** Stores a choice; a full or forbidden storage is no reason to fail. */
export function writeChoice(
  key: string,
  value: unknown,
  storage: ChoiceStorage | undefined = browserStorage(),
): void {
  try {
    storage?.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // The choice then lasts as long as the window.
  }
}
