/** Changes one value of a scenario by its path, as `steps[0].mtu=1280`. */
import { fail, succeed, type Result } from '../../shared/base/result';
import { readYamlTree } from '../../shared/scenario/yamlTree';

/** A copy of `json` in which the value at a path is another one; `change` is `path=value`, the value written as in YAML. */
export function changedAt(json: unknown, change: string): Result<unknown, string> {
  const match = /^([A-Za-z][\w.[\]]*)=(.*)$/s.exec(change);
  if (match === null) return fail(`${change} is no change. Write it as workload.bytes=1MiB.`);
  const keys = match[1]!.split(/[.[\]]+/).filter((key) => key !== '');
  const value = readYamlTree(match[2]!);
  if (!value.ok) return fail(`The value of ${match[1]!} can't be read: ${value.error[0]?.message ?? ''}`);
  const copy: unknown = structuredClone(json);
  let at = copy as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) {
    if (key === '__proto__' || key === 'constructor') return fail(`${key} is no name of a scenario.`);
    at[key] ??= {};
    const next = at[key];
    if (typeof next !== 'object' || next === null)
      return fail(`${match[1]!} leads through ${key}, which has no members.`);
    at = next as Record<string, unknown>;
  }
  at[keys.at(-1)!] = value.value.value;
  return succeed(copy);
}
