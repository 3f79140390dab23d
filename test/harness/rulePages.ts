/** The pages of docs/rules, made of the catalogue and of the code: a page for each rule, and an index. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { legalOddities, mutants } from '../../electron/emulator/mutants/mutants';
import {
  isDecidable,
  ruleAreas,
  ruleHeading,
  ruleIds,
  type RuleHeading,
  type RuleId,
} from '../../shared/rules/catalogue';
import { isOwnRule, ownRules, type OwnRuleId } from '../../shared/rules/ownRules';
import { implementationOf } from '../../shared/rules/rules';
import { ruleText } from '../../shared/rules/ruleTexts';
import { undecidedRules } from '../../shared/rules/undecided';

const root = path.resolve(import.meta.dirname, '../..');
const ownIds = Object.keys(ownRules) as OwnRuleId[];
const areasFolder = path.join(root, 'shared', 'rules', 'areas');

/** Sources of rules by the ids that they name, as paths from the root. */
function sourcesById(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(areasFolder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!entry.endsWith('.ts')) continue;
    const text = readFileSync(path.join(areasFolder, entry), 'utf8');
    for (const [, id] of text.matchAll(/'([A-Z]{3}-\d{3})'/g))
      if (!found.has(id!)) found.set(id!, `shared/rules/areas/${entry.replaceAll(path.sep, '/')}`);
  }
  return found;
}

const obliged: Readonly<Record<RuleHeading['obliges'], string>> = {
  'offload-target': 'the offload target',
  'host-stack': 'the host stack',
  ndis: 'NDIS',
  'intermediate-driver': 'the intermediate driver',
};

const decidedBy: Readonly<Record<RuleHeading['checkable'], string>> = {
  trace: 'recorded calls and their snapshots',
  wire: 'frames',
  'emulator-assert': 'the inside of the emulator only',
  'not-observable': 'nothing that could be observed',
};

/** What the checker does about a rule, in a few words. */
function stateOf(id: RuleId): string {
  const heading = ruleHeading(id);
  if (isOwnRule(id)) return 'decided while recording';
  if (implementationOf(id) !== undefined) return 'checked';
  if (undecidedRules[id] !== undefined) return 'records cannot decide it';
  if (heading.kind === 'may-not-flag')
    return legalOddities.some(({ shows }) => shows === id) ? 'legal, and shown not to be flagged' : 'legal';
  if (isDecidable(heading)) return 'not checked yet';
  return heading.checkable === 'emulator-assert' ? 'needs the inside of a driver' : 'not observable';
}

/** Angle brackets, stars and the like as they are, for text between Markdown. */
function plain(text: string): string {
  return text.replaceAll(/[<>*_`[\]|\\#]/g, String.raw`\$&`);
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

function pageOf(id: RuleId, sources: ReadonlyMap<string, string>): string {
  const { title, area, kind, tier, severity, obliges, checkable } = ruleHeading(id);
  const text = ruleText(id);
  const lines = [
    `# ${id}: ${plain(title)}`,
    '',
    `${kind === 'may-not-flag' ? 'legal, never flagged' : `${severity}${tier === null ? '' : `, tier ${tier}`}`}; area ${area}; binds ${isOwnRule(id) ? 'every driver module' : obliged[obliges]}; decided by ${decidedBy[checkable]}.`,
    '',
    plain(text.rule),
    '',
    '## How it is tested',
    '',
    plain(text.check),
  ];
  if (text.legal !== null) lines.push('', `Legal: ${code(text.legal)}`);
  if (text.illegal !== null) lines.push('', `Broken: ${code(text.illegal)}`);
  if (text.phase.length > 0) lines.push('', `It needs records of: ${text.phase.map(code).join(', ')}.`);
  lines.push('', '## In chimneysweep', '');
  const source = sources.get(id);
  const reason = undecidedRules[id];
  if (isOwnRule(id))
    lines.push(
      'A rule of ours, not of the catalogue: who records writes the finding into the trace, and a check passes it on.',
    );
  else if (implementationOf(id) !== undefined) {
    lines.push(`Checked${source === undefined ? '' : ` in [${source}](../../${source})`}.`);
    for (const { breaks, how } of mutants)
      if (breaks === id) lines.push('', `Proven by a bad driver: ${plain(how)}`);
  } else if (reason !== undefined) lines.push(`Records cannot decide it: ${plain(reason)}`);
  else lines.push(`${stateOf(id).replace(/^./, (first) => first.toUpperCase())}.`);
  for (const { shows, how } of legalOddities)
    if (shows === id) lines.push('', `Shown not to be flagged: ${plain(how)}`);
  if (text.source.length > 0) lines.push('', `From: ${text.source.map(code).join(', ')}.`);
  lines.push('');
  return lines.join('\n');
}

function indexPage(): string {
  const lines = [
    '# The rules',
    '',
    'Every rule of the catalogue with what the checker does about it ([how checking is used](../checking.md)). These pages are made of the catalogue and of the code:',
    '`UPDATE_DOCS=1 npx vitest run test/docs/rulePages.test.ts` writes them anew.',
  ];
  for (const area of ruleAreas) {
    lines.push('', `## ${area}`, '');
    for (const id of ruleIds) {
      const { area: its, title, severity, tier, kind } = ruleHeading(id);
      if (its !== area) continue;
      const grade = kind === 'may-not-flag' ? 'legal' : `${severity}${tier === null ? '' : `, tier ${tier}`}`;
      lines.push(`- [${id}](${id}.md) ${plain(title)} (${grade}; ${stateOf(id)})`);
    }
  }
  lines.push('', '## Of ours', '');
  for (const id of ownIds) {
    const { title, severity } = ruleHeading(id);
    lines.push(`- [${id}](${id}.md) ${plain(title)} (${severity}; ${stateOf(id)})`);
  }
  return `${lines.join('\n')}\n`;
}

/** Every page by its file name below docs/rules. */
export function rulePages(): ReadonlyMap<string, string> {
  const sources = sourcesById();
  return new Map([
    ['index.md', indexPage()],
    ...[...ruleIds, ...ownIds].map((id): [string, string] => [`${id}.md`, pageOf(id, sources)]),
  ]);
}
