/** Whom each crossing of the door in a test file belongs to. */
import { coverableItems } from '../../../shared/analysis/ddiItems';
import type { DdiTestClaim } from '../../../shared/analysis/ddiTestClaims';
import { DdiUse } from '../../../shared/analysis/ddiUse';
import type { Observation } from './observations';

/** The part of vitest's tasks that counts here; a task at the top of a file has no suite, or one without a name. */
export interface NamedTask {
  readonly name: string;
  readonly suite?: NamedTask | undefined;
}

/** The suites around a task, outermost first. */
function suitesAround(task: Pick<NamedTask, 'suite'>): NamedTask[] {
  const suites: NamedTask[] = [];
  for (let { suite } = task; suite !== undefined && suite.name !== ''; { suite } = suite)
    suites.unshift(suite);
  return suites;
}

/**
 * What runs while tests are collected belongs to the describe around it, or to the file; what runs between tests, in a beforeAll,
 * belongs to the outermost describe that begins with the next test.
 */
export class Attribution {
  private readonly owners = new Map<
    string,
    Pick<DdiTestClaim, 'kind' | 'titles'> & { readonly use: DdiUse }
  >();
  private collecting = true;
  private inTest: DdiUse | undefined;
  private betweenTests: DdiUse | undefined;
  private readonly entered = new Set<NamedTask>();

  /** What is used now is to be noted here. `collector` answers what is being collected; it is not asked later. */
  now(collector: () => Pick<NamedTask, 'suite'>): DdiUse {
    if (this.inTest !== undefined) return this.inTest;
    if (this.collecting) return this.ofSuite(suitesAround(collector()));
    return (this.betweenTests ??= new DdiUse());
  }

  /** Collection has ended; the first test or hook comes next. */
  endCollection(): void {
    this.collecting = false;
  }

  /** A test begins, its beforeEach included. */
  enterTest(test: NamedTask): void {
    const suites = suitesAround(test);
    this.settleBetweenTests(suites);
    for (const suite of suites) this.entered.add(suite);
    this.inTest = this.of('test', [...suites.map(({ name }) => name), test.name]);
  }

  /** A test has ended. */
  leaveTest(): void {
    this.inTest = undefined;
  }

  /** Everything so far, for whoever has used something. */
  observations(): Observation[] {
    this.settleBetweenTests([]);
    return [...this.owners.values()]
      .map(({ kind, titles, use }): Observation => {
        const items = coverableItems.flatMap((item, index) => (use.uses(item) ? [index] : []));
        return { kind, titles, items };
      })
      .filter(({ items }) => items.length > 0);
  }

  private settleBetweenTests(suites: readonly NamedTask[]): void {
    if (this.betweenTests === undefined) return;
    const outermostNew = suites.findIndex((suite) => !this.entered.has(suite));
    this.ofSuite(suites.slice(0, outermostNew + 1)).absorb(this.betweenTests);
    this.betweenTests = undefined;
  }

  private ofSuite(suites: readonly NamedTask[]): DdiUse {
    const titles = suites.map(({ name }) => name);
    return this.of(titles.length === 0 ? 'module' : 'suite', titles);
  }

  private of(kind: DdiTestClaim['kind'], titles: readonly string[]): DdiUse {
    const key = JSON.stringify([kind, ...titles]);
    let owner = this.owners.get(key);
    if (owner === undefined) {
      owner = { kind, titles, use: new DdiUse() };
      this.owners.set(key, owner);
    }
    return owner.use;
  }
}

/** That of the test file that runs; every file has a world of its own. */
export const attribution = new Attribution();
