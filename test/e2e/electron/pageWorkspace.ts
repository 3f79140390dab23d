/**
 * Looks into the page's own workspace: what is selected right after a key, before anything is drawn. A walk through a whole trace takes
 * hundreds of thousands of keys, and drawing each of them hours.
 */
import type { Page } from '@playwright/test';

/** What of the workspace tests look at. */
interface PageWorkspace {
  readonly view: { readonly selection: { readonly value: number | undefined } };
  readonly trace: { readonly state: { readonly generation: number } };
}

interface PageWindow {
  readonly chimneysweepWorkspace: PageWorkspace;
}

/** Makes the workspace of the page known to what is evaluated there. */
export async function findWorkspace(page: Page): Promise<void> {
  await page.evaluate(() => {
    const root = document.querySelector('#app') as unknown as {
      readonly __vue_app__: { readonly _context: { readonly provides: Readonly<Record<symbol, unknown>> } };
    };
    const { provides } = root.__vue_app__._context;
    const key = Object.getOwnPropertySymbols(provides).find(({ description }) => description === 'workspace');
    if (key === undefined) throw new Error('the page has no workspace');
    Object.assign(window, { chimneysweepWorkspace: provides[key] });
  });
}

/** Grows with every trace that is shown. */
export function traceGeneration(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as PageWindow).chimneysweepWorkspace.trace.state.generation);
}

/** A key as the page gets it. */
export interface PageKey {
  readonly code: string;
  readonly key: string;
  readonly shiftKey?: boolean;
}

/** Keys that are given between two pauses in which the page draws. */
const keysAtOnce = 20_000;

/** Gives a key until it moves the selection no further; answers what was selected after each. */
export async function walk(page: Page, key: PageKey): Promise<readonly number[]> {
  const visited: number[] = [];
  for (;;) {
    const part = await page.evaluate(
      ({ pressed, most }) => {
        const { view } = (window as unknown as PageWindow).chimneysweepWorkspace;
        const selected: number[] = [];
        let before = view.selection.value;
        for (let count = 0; count < most; count++) {
          window.dispatchEvent(new KeyboardEvent('keydown', { ...pressed, cancelable: true }));
          const now = view.selection.value;
          if (now === undefined || now === before) break;
          selected.push(now);
          before = now;
        }
        return selected;
      },
      { pressed: key, most: keysAtOnce },
    );
    for (const event of part) visited.push(event);
    if (part.length < keysAtOnce) return visited;
  }
}
