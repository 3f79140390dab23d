/** Files of faults. */
import { describe, expect, it } from 'vitest';
import { readFaultList } from '../../../shared/scenario/readFaultList';

function problemsOf(text: string): string[] {
  const read = readFaultList(text);
  if (read.ok) throw new Error('it was read');
  return read.error.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

describe('a file of faults', () => {
  it('is a list in YAML', () => {
    expect(readFaultList('- kind: link-down\n  at: 2ms\n  for: 1s\n')).toEqual({
      ok: true,
      value: [{ kind: 'link-down', at: 2_000_000, for: 1_000_000_000, adapter: 1 }],
    });
  });

  it('may be the member of a mapping, as in a scenario', () => {
    const read = readFaultList('faults:\n  - { kind: reset, at: 1ms }\n');
    expect(read.ok && read.value).toEqual([{ kind: 'reset', at: 1_000_000, adapter: 1 }]);
  });

  it('says with line and column what is wrong, all of it', () => {
    const text = [
      '- kind: link-down',
      '  fro: 2ms',
      '- kind: gremlin',
      '- kind: partial',
      '  take: few',
      '',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      '2:3: link-down has no field "fro". Did you mean `for`?',
      '3:9: "kind" must have a kind of fault: docs/faults.md lists them.',
      '5:9: "take" must be a whole number from 0 to 10000.',
    ]);
  });

  it('says where an expression is wrong', () => {
    expect(problemsOf('- kind: reset\n  when: "bytes >"\n')[0]).toMatch(
      /^2:9: The expression is wrong at its character/,
    );
  });

  it('is refused where it is no YAML', () => {
    expect(problemsOf('- kind: [')[0]).toMatch(/^1:/);
  });
});
