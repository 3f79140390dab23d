/** Reads a scenario from its file: YAML, or JSON, which is YAML as well. What is wrong has line, column and path. */
import { z } from 'zod';
import { fail, succeed, type Result } from '../base/result';
import { checkExpression } from '../expression/check';
import { closest, didYouMean } from '../expression/suggestions';
import { isRuleId } from '../rules/catalogue';
import { scenarioDefinitionSchema, type ScenarioDefinition } from './definition';
import { namesAt } from './schemaNames';
import { readYamlTree, type TreePath, type YamlTree } from './yamlTree';

/** Something wrong with a scenario. */
export interface ScenarioProblem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Where in the scenario, as `steps[2].when`; empty for the whole. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it; absent where the message says it all. */
  readonly advice?: string;
}

/** `steps[2].when` */
function pathText(path: TreePath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

/** What somebody may have meant, as advice. */
function meant(name: string, candidates: readonly string[]): { advice?: string } {
  const suggestions = closest(name, candidates);
  if (suggestions.length > 0) return { advice: didYouMean(suggestions).trim() };
  return candidates.length === 0 ? {} : { advice: `There are: ${candidates.join(', ')}.` };
}

/** Problems that an issue of the schema stands for. */
function problemsOf(issue: z.core.$ZodIssue, tree: YamlTree): ScenarioProblem[] {
  const path = issue.path;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      ...tree.place([...path, key], true),
      path: pathText([...path, key]),
      message: `"${key}" is unknown here.`,
      ...meant(key, namesAt(tree.value, path)),
    }));
  }
  if (issue.code === 'invalid_type' && issue.input === undefined && isMissing(tree.value, path)) {
    const owner = path.slice(0, -1);
    return [
      {
        ...tree.place(owner),
        path: pathText(path),
        message: `"${String(path.at(-1))}" is missing.`,
        advice: 'Add it here.',
      },
    ];
  }
  return [{ ...tree.place(path), path: pathText(path), message: sentence(issue.message) }];
}

function isMissing(value: unknown, path: TreePath): boolean {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return true;
    at = (at as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return false;
}

function sentence(message: string): string {
  const text = message.startsWith('Invalid input: ') ? message.slice('Invalid input: '.length) : message;
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return upper.endsWith('.') ? upper : `${upper}.`;
}

/** What the schema can't know: rules of the catalogue, and what is wrong with expressions. */
function* problemsBeyond(
  { expectations, faults }: ScenarioDefinition,
  tree: YamlTree,
): Generator<ScenarioProblem> {
  for (const [index, id] of (expectations.findings ?? []).entries()) {
    const path = ['expectations', 'findings', index];
    if (!isRuleId(id))
      yield {
        ...tree.place(path),
        path: pathText(path),
        message: `There is no rule ${id}.`,
        advice: 'docs/rules lists them.',
      };
  }
  for (const [index, { where }] of expectations.events.entries())
    yield* expressionProblems(where, ['expectations', 'events', index, 'where'], tree);
  for (const [index, { when }] of faults.entries())
    if (when !== undefined) yield* expressionProblems(when, ['faults', index, 'when'], tree);
}

function* expressionProblems(text: string, path: TreePath, tree: YamlTree): Generator<ScenarioProblem> {
  const checked = checkExpression(text);
  if (checked.ok) return;
  for (const { start, message } of checked.error)
    yield {
      ...tree.place(path),
      path: pathText(path),
      message: `The expression is wrong at its character ${start + 1}: ${sentence(message)}`,
      advice: 'docs/expressions.md is the language.',
    };
}

/** Reads the text of a scenario. All problems are answered together, in the order of their places. */
export function readScenario(text: string): Result<ScenarioDefinition, readonly ScenarioProblem[]> {
  const tree = readYamlTree(text);
  if (!tree.ok) return fail(tree.error.map((problem) => ({ ...problem, path: '' })));
  const parsed = scenarioDefinitionSchema.safeParse(tree.value.value, { reportInput: true });
  const problems = parsed.success
    ? [...problemsBeyond(parsed.data, tree.value)]
    : parsed.error.issues.flatMap((issue) => problemsOf(issue, tree.value));
  if (parsed.success && problems.length === 0) return succeed(parsed.data);
  return fail(problems.sort((a, b) => a.line - b.line || a.column - b.column));
}

/** A problem as one line: `link-loss.yaml:12:5: steps[2].when: ...`. */
export function scenarioProblemText(file: string, problem: ScenarioProblem): string {
  const { line, column, path, message, advice } = problem;
  return [
    `${file}:${line}:${column}:`,
    ...(path === '' ? [] : [`${path}:`]),
    message,
    ...(advice === undefined ? [] : [advice]),
  ].join(' ');
}
