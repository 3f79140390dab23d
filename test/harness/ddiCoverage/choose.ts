/** Chooses, from what the suites observed, the tests that are named for each thing of the DDI. */
import {
  coverableItems,
  coverageKinds,
  type CoverageItem,
  type CoverageKind,
} from '../../../shared/analysis/ddiItems';
import {
  claimText,
  mostTestsNamed,
  type DdiTestClaim,
  type DdiTestClaims,
} from '../../../shared/analysis/ddiTestClaims';
import type { Observation } from './observations';
import { rulesAbout } from './ruleFamilies';

/** What a test file reports. */
export interface ObservedFile {
  readonly file: string;
  /** Tests that have passed, each by its titles from the outermost describe inwards. */
  readonly tests: readonly (readonly string[])[];
  readonly observations: readonly Observation[];
}

/** How clearly titles say that the item is what a test is about; the lower, the clearer. */
const ranks = { namesItem: 0, firstRule: 1, anotherRule: 2, describeNamesItem: 3, silent: 4 } as const;

/** Somebody who exercises an item, and how well that can be seen. */
interface Candidate {
  readonly claim: DdiTestClaim;
  /** See {@link ranks}. */
  readonly rank: (typeof ranks)[keyof typeof ranks];
  /** Whether it makes the calls itself rather than looks at what its suite has made. */
  readonly isOwn: boolean;
  /** Things that ran under the same name: few of them make a test about this thing. */
  readonly uses: number;
}

const claimKinds: readonly DdiTestClaim['kind'][] = ['test', 'suite', 'module'];

/** Whether a title spells an item, statuses also without their prefix. */
function namesItem(title: string, { name, aliases = [] }: CoverageItem): boolean {
  return [name, ...aliases].some((spelling) =>
    new RegExp(`(?<!\\w)(${spelling}|${spelling.replace(/^NDIS_STATUS_/, '')})(?!\\w)`).test(title),
  );
}

function rankOf(
  titles: readonly string[],
  kind: DdiTestClaim['kind'],
  item: CoverageItem,
): Candidate['rank'] {
  const last = titles.at(-1);
  if (kind === 'test' && last !== undefined) {
    if (namesItem(last, item)) return ranks.namesItem;
    const rules = rulesAbout(last, item);
    if (rules !== 'none') return rules === 'first' ? ranks.firstRule : ranks.anotherRule;
  }
  const isNamed = titles.some((title) => namesItem(title, item) || rulesAbout(title, item) !== 'none');
  return isNamed ? ranks.describeNamesItem : ranks.silent;
}

function startsWith(titles: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((title, index) => titles[index] === title);
}

/** All that exercise an item; a test that looks at its suite's run counts if it names the item or a rule about it. */
function candidatesFor(item: CoverageItem, index: number, files: readonly ObservedFile[]): Candidate[] {
  const found: Candidate[] = [];
  for (const { file, tests, observations } of files) {
    for (const { kind, titles, items } of observations) {
      if (!items.includes(index)) continue;
      const below = tests.filter((test) => startsWith(test, titles));
      // A test that failed or was skipped shows nothing, nor does a suite without tests.
      if (below.length === 0) continue;
      const uses = items.length;
      const isOwn = kind === 'test';
      found.push({ claim: { kind, file, titles }, rank: rankOf(titles, kind, item), isOwn, uses });
      if (isOwn) continue;
      for (const test of below) {
        const rank = rankOf(test, 'test', item);
        if (rank > ranks.anotherRule) continue;
        found.push({ claim: { kind: 'test', file, titles: test }, rank, isOwn, uses });
      }
    }
  }
  return found;
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function compare(one: Candidate, other: Candidate): number {
  return (
    one.rank - other.rank ||
    Number(other.isOwn) - Number(one.isOwn) ||
    one.uses - other.uses ||
    claimKinds.indexOf(one.claim.kind) - claimKinds.indexOf(other.claim.kind) ||
    compareTexts(claimText(one.claim), claimText(other.claim))
  );
}

/** The first few, of as many different suites as there are. */
function fewOf(candidates: readonly Candidate[]): DdiTestClaim[] {
  const suites = new Set<string>();
  const others: Candidate[] = [];
  const chosen: Candidate[] = [];
  for (const candidate of candidates) {
    const { kind, file, titles } = candidate.claim;
    const suite = JSON.stringify([file, ...(kind === 'test' ? titles.slice(0, -1) : titles)]);
    (suites.has(suite) ? others : chosen).push(candidate);
    suites.add(suite);
  }
  const few = [...chosen, ...others].slice(0, mostTestsNamed).sort(compare);
  return few.map(({ claim }) => claim);
}

/** The best few for every item; the order of the files makes no difference. */
export function chooseTests(files: readonly ObservedFile[]): DdiTestClaims {
  const claims: Record<CoverageKind, Record<string, DdiTestClaim[]>> = {
    function: {},
    structure: {},
    status: {},
    oid: {},
    event: {},
  };
  coverableItems.forEach((item, index) => {
    const candidates = new Map<string, Candidate>();
    for (const candidate of candidatesFor(item, index, files).sort(compare)) {
      const text = claimText(candidate.claim);
      if (!candidates.has(text)) candidates.set(text, candidate);
    }
    if (candidates.size > 0) claims[item.kind][item.name] = fewOf([...candidates.values()]);
  });
  return claims;
}

/** The files that claims name. */
export function claimedFiles(claims: DdiTestClaims): Set<string> {
  return new Set(coverageKinds.flatMap((kind) => Object.values(claims[kind]).flat()).map(({ file }) => file));
}

/** A sentence for each claim that does not hold in a run of all the files that are named. */
export function brokenClaims(claims: DdiTestClaims, files: readonly ObservedFile[]): string[] {
  const broken: string[] = [];
  for (const kind of coverageKinds) {
    for (const [name, claimed] of Object.entries(claims[kind])) {
      const index = coverableItems.findIndex((item) => item.kind === kind && item.name === name);
      if (index < 0) {
        broken.push(`${name} is no ${kind} that can be covered.`);
        continue;
      }
      const candidates = candidatesFor(coverableItems[index]!, index, files);
      if (candidates.length === 0) {
        broken.push(`No test exercises ${name} any more.`);
        continue;
      }
      const holds = new Set(candidates.map(({ claim }) => claimText(claim)));
      for (const claim of claimed) {
        if (!holds.has(claimText(claim)))
          broken.push(`${claimText(claim)} does not exercise ${name} any more.`);
      }
    }
  }
  return broken;
}
