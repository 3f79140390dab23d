/** Measures how long the window takes from a key press to the frame that shows what came of it. */
import type { Page } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';

/** What was measured in one situation, ms. */
export interface InputLatency {
  readonly situation: string;
  readonly presses: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** Each key, the slowest first. */
  readonly byKey: readonly { readonly key: string; readonly median: number; readonly max: number }[];
  /** Processes that wanted a processor in the last minute, and processors: what else the machine did. */
  readonly load: number;
  readonly processors: number;
}

/** Keys that change what is shown: zoom, pan, tabs, steps along what is recorded. */
const keys = ['w', 'd', '2', 'ArrowRight', 's', 'a', '3', 'Shift+E', '1', 'e', '7', '.'] as const;

/** The time of one key press, ms. */
export interface PressSample {
  readonly key: string;
  readonly took: number;
}

/** Begins to take the time from each key press, as the browser has dated it, to the frame painted after it. */
export async function watchLatency(page: Page): Promise<void> {
  await page.evaluate(() => {
    const samples: PressSample[] = [];
    Object.assign(window, { inputLatencies: samples });
    window.addEventListener(
      'keydown',
      ({ key, timeStamp }) => {
        requestAnimationFrame(() => {
          // A message that is sent in the frame comes behind its painting.
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            samples.push({ key, took: performance.now() - timeStamp });
            port1.close();
          };
          port2.postMessage(null);
        });
      },
      { capture: true },
    );
  });
}

/** Presses keys until there are so many samples, or `goesOn` says no more. */
export async function pressKeys(
  page: Page,
  presses: number,
  goesOn: () => Promise<boolean>,
): Promise<PressSample[]> {
  await page.evaluate(
    () => ((window as unknown as { inputLatencies: PressSample[] }).inputLatencies.length = 0),
  );
  for (let press = 0; press < presses && (await goesOn()); press++)
    await page.keyboard.press(keys[press % keys.length]!);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
  return page.evaluate(() => (window as unknown as { inputLatencies: PressSample[] }).inputLatencies.slice());
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** What the samples come to. */
export function latencyOf(situation: string, samples: readonly PressSample[]): InputLatency {
  const sortedOf = (some: readonly PressSample[]): number[] =>
    some.map(({ took }) => took).sort((one, other) => one - other);
  const sorted = sortedOf(samples);
  const rounded = (value: number): number => Math.round(value * 10) / 10;
  const byKey = [...new Set(samples.map(({ key }) => key))]
    .map((key) => {
      const own = sortedOf(samples.filter((one) => one.key === key));
      return { key, median: rounded(quantile(own, 0.5)), max: rounded(own.at(-1) ?? NaN) };
    })
    .sort((one, other) => other.max - one.max);
  return {
    situation,
    presses: sorted.length,
    median: rounded(quantile(sorted, 0.5)),
    p99: rounded(quantile(sorted, 0.99)),
    max: rounded(sorted.at(-1) ?? NaN),
    byKey,
    load: rounded(loadavg()[0] ?? NaN),
    processors: availableParallelism(),
  };
}

/** Prints it, and leaves it in `test-results/input-latency/`. */
export function reportLatency(latency: InputLatency): void {
  const { situation, presses, median, p99, max, load, processors } = latency;
  console.log(
    `input latency, ${situation}: median ${median} ms, p99 ${p99} ms, max ${max} ms (${presses} presses; load ${load} on ${processors} processors)`,
  );
  const folder = path.resolve('test-results', 'input-latency');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, `${situation.replaceAll(/\W+/g, '-')}.json`),
    `${JSON.stringify(latency, null, 2)}\n`,
  );
}
