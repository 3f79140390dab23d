/**
 * Setup file of every test file: watches each crossing of the one door and notes who made it, without changing what the test
 * does. What runs while tests are collected belongs to the describe around it, or to the file; what a beforeAll runs belongs to
 * the outermost describe that begins with the next test.
 */
import { afterAll, afterEach, beforeAll, beforeEach, TestRunner } from 'vitest';
import { Door } from '../../../electron/emulator/ndis/door';
import { coverableItems } from '../../../shared/analysis/ddiItems';
import type { DdiTestClaim } from '../../../shared/analysis/ddiTestClaims';
import { DdiUse } from '../../../shared/analysis/ddiUse';
import { putObservations, type Observation } from './observations';

/** The part of vitest's tasks that counts here; a file has its path as name and is its own `file`. */
interface NamedTask {
  readonly name: string;
  readonly suite?: NamedTask | undefined;
}

interface Scope {
  readonly kind: DdiTestClaim['kind'];
  readonly titles: readonly string[];
  readonly use: DdiUse;
}

const scopes = new Map<string, Scope>();
let collecting = true;
let inTest: DdiUse | undefined;
/** Between tests: what hooks of a suite do that is not known yet. */
let betweenTests: DdiUse | undefined;
/** What the reporter sees of the file; known from its first test on. */
let fileMeta: object | undefined;
const enteredSuites = new Set<NamedTask>();

function use(kind: Scope['kind'], titles: readonly string[]): DdiUse {
  const key = JSON.stringify([kind, ...titles]);
  let scope = scopes.get(key);
  if (scope === undefined) {
    scope = { kind, titles, use: new DdiUse() };
    scopes.set(key, scope);
  }
  return scope.use;
}

/** The suites around a task, outermost first. */
function suitesAround(task: NamedTask): NamedTask[] {
  const suites: NamedTask[] = [];
  for (let suite = task.suite; suite !== undefined && suite.name !== ''; suite = suite.suite)
    suites.unshift(suite);
  return suites;
}

function suiteUse(suites: readonly NamedTask[]): DdiUse {
  const titles = suites.map(({ name }) => name);
  return use(titles.length === 0 ? 'module' : 'suite', titles);
}

/** Where what happens now belongs. */
function usedNow(): DdiUse {
  if (inTest !== undefined) return inTest;
  if (!collecting) return (betweenTests ??= new DdiUse());
  return suiteUse(suitesAround(TestRunner.getCurrentSuite()));
}

/** Gives what happened between tests to its owner. */
function settleBetweenTests(suites: readonly NamedTask[]): void {
  if (betweenTests === undefined) return;
  const outermostNew = suites.findIndex((suite) => !enteredSuites.has(suite));
  suiteUse(suites.slice(0, outermostNew + 1)).absorb(betweenTests);
  betweenTests = undefined;
}

const { cross } = Door.prototype;
Door.prototype.cross = function <Answer>(
  this: Door,
  crossing: Parameters<typeof cross>[0],
  body: (call: number) => Answer,
  describe: (answer: Answer) => ReturnType<Parameters<typeof cross>[2]>,
): Answer {
  const used = usedNow();
  used.call(crossing.functionName, crossing.arguments);
  return cross.call(this, crossing, body as (call: number) => unknown, (answer) => {
    const described = describe(answer as Answer);
    used.return(described.status, described.outputs ?? []);
    return described;
  }) as Answer;
};

beforeAll(() => {
  collecting = false;
});

beforeEach(({ task }) => {
  fileMeta = task.file.meta;
  const suites = suitesAround(task);
  settleBetweenTests(suites);
  for (const suite of suites) enteredSuites.add(suite);
  inTest = use('test', [...suites.map(({ name }) => name), task.name]);
});

afterEach(() => {
  inTest = undefined;
});

afterAll(() => {
  settleBetweenTests([]);
  const observations = [...scopes.values()]
    .map(({ kind, titles, use: used }): Observation => {
      const items = coverableItems.flatMap((item, index) => (used.uses(item) ? [index] : []));
      return { kind, titles, items };
    })
    .filter(({ items }) => items.length > 0);
  if (observations.length > 0 && fileMeta !== undefined) putObservations(fileMeta, observations);
});
