/** A thread that walks seeds: takes them one at a time and answers what each has found. */
import { parentPort, workerData } from 'node:worker_threads';
import { implementedRules } from '../../shared/rules/rules';
import { runCheckedSoak } from '../emulator/mutants/runSoak';
import { silentProbe } from '../emulator/observe/silentProbe';
import { soak, type SoakResult, type SoakSettings } from '../emulator/soak/soakRun';
import { checkTransparency, type TransparencyResult } from '../emulator/transparency/transparencyRun';

/** What a thread answers for each seed, by its task. */
export interface SeedResults {
  readonly soak: SoakResult;
  /** The same under the eyes of all rules. */
  readonly 'checked-soak': SoakResult;
  readonly transparency: TransparencyResult;
}

/** What can be done with seeds. */
export type SeedTask = keyof SeedResults;

/** What the thread is made with; tells it from threads of others. */
export interface SeedWorkerData<Task extends SeedTask = SeedTask> {
  readonly task: Task;
  readonly connections: number;
}

/** Whether this thread is one that walks seeds. */
export function isSeedWorker(): boolean {
  const task = (workerData as SeedWorkerData | null)?.task;
  return task !== undefined && Object.hasOwn(walks, task);
}

/** How a seed is walked. */
const walks: { readonly [Task in SeedTask]: (settings: SoakSettings) => SeedResults[Task] } = {
  soak: (settings) => soak(silentProbe(), settings),
  'checked-soak': checkedSoak,
  transparency: checkTransparency,
};

/** What the rules find, and what rules failed, stands behind what the soak itself finds. */
function checkedSoak(settings: SoakSettings): SoakResult {
  const { checker, result } = runCheckedSoak(implementedRules, settings);
  const failed = checker
    .coverage()
    .flatMap(({ rule, failure }) =>
      failure === undefined ? [] : [`${rule} could not be checked: ${failure}`],
    );
  const broken = checker.findings.map(
    ({ rule, events, found, expected }) =>
      `${rule} at events ${events.join(', ')}: ${found}; expected: ${expected}`,
  );
  return { ...result, findings: [...result.findings, ...failed, ...broken] };
}

/** Serves the thread's seeds. */
export function serveSeeds(): void {
  const { task, connections } = workerData as SeedWorkerData;
  parentPort?.on('message', (seed: number) => {
    parentPort?.postMessage(walks[task]({ seed, connections }));
  });
}
