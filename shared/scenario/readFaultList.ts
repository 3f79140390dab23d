/** Reads a file of faults: a list in YAML, or the member `faults` of a mapping. What is wrong has line and column. */
import { fail, succeed, type Result } from '../base/result';
import { closest, didYouMean } from '../expression/suggestions';
import { faultKinds, faultsSchema, type Fault } from './faults';
import { expressionProblem, fieldsOf } from './readFault';
import { readYamlTree, type YamlProblem, type YamlTree } from './yamlTree';

function sentence(message: string): string {
  const upper = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.?]$/.test(upper) ? upper : `${upper}.`;
}

/** The kind that a fault of the file has, where it has one that there is. */
function kindAt(list: unknown, index: PropertyKey | undefined): (typeof faultKinds)[number] | undefined {
  const one: unknown = Array.isArray(list) && typeof index === 'number' ? list[index] : undefined;
  const kind = typeof one === 'object' && one !== null && 'kind' in one ? one.kind : undefined;
  return faultKinds.find((known) => known === kind);
}

/** All faults of a file; every problem is answered, in the order of their places. */
export function readFaultList(text: string): Result<readonly Fault[], readonly YamlProblem[]> {
  const tree = readYamlTree(text);
  if (!tree.ok) return tree;
  const { value } = tree.value;
  const isNamed = typeof value === 'object' && value !== null && 'faults' in value;
  const list: unknown = isNamed ? value.faults : value;
  const base = isNamed ? ['faults'] : [];
  const parsed = faultsSchema.safeParse(list ?? []);
  if (!parsed.success) return fail(sorted(problemsOf(parsed.error.issues, list, base, tree.value)));
  const wrong = parsed.data.flatMap((fault, index) => {
    const problem = expressionProblem(fault);
    return problem === undefined
      ? []
      : [{ ...tree.value.place([...base, index, 'when']), message: sentence(problem) }];
  });
  return wrong.length > 0 ? fail(sorted(wrong)) : succeed(parsed.data);
}

type Issues = NonNullable<ReturnType<typeof faultsSchema.safeParse>['error']>['issues'];

function problemsOf(
  issues: Issues,
  list: unknown,
  base: readonly PropertyKey[],
  tree: YamlTree,
): YamlProblem[] {
  return issues.flatMap((issue): YamlProblem[] => {
    const path = [...base, ...issue.path];
    const kind = kindAt(list, issue.path[0]);
    if (issue.code === 'unrecognized_keys' && kind !== undefined)
      return issue.keys.map((key) => {
        const meant = closest(key, fieldsOf(kind));
        const advice = meant.length > 0 ? didYouMean(meant).trim() : `It has: ${fieldsOf(kind).join(', ')}.`;
        return { ...tree.place([...path, key], true), message: `${kind} has no field "${key}". ${advice}` };
      });
    const name = issue.path.length === 2 ? `"${String(issue.path[1])}" ` : '';
    return [{ ...tree.place(path), message: sentence(`${name}${issue.message}`) }];
  });
}

function sorted(problems: YamlProblem[]): YamlProblem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}
