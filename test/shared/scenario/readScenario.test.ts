import { describe, expect, it } from 'vitest';
import {
  readScenario,
  scenarioProblemText,
  type ScenarioProblem,
} from '../../../shared/scenario/readScenario';

/** A scenario with further lines behind its first two. */
function withLines(...lines: string[]): string {
  return ['scenario: mine', 'title: Mine', ...lines].join('\n');
}

function problemsOf(text: string): readonly ScenarioProblem[] {
  const read = readScenario(text);
  if (read.ok) throw new Error('the scenario was taken');
  return read.error;
}

function definitionOf(text: string) {
  const read = readScenario(text);
  if (!read.ok) throw new Error(read.error.map((problem) => scenarioProblemText('test', problem)).join('\n'));
  return read.value;
}

describe('a scenario file', () => {
  it('needs a name and a title, and is otherwise as usual', () => {
    const { topology, workload, policy, steps } = definitionOf(withLines());
    expect(topology).toMatchObject({ processors: 4, neighbors: 1, paths: 1, ipVersions: 'ipv4' });
    expect(workload).toMatchObject({ connections: 1, bytes: 2 * 1024 * 1024, halfway: 'nothing' });
    expect(policy.offload).toBe('each');
    expect(steps).toEqual([]);
  });

  it('has quantities as texts with units, in the base unit once they are read', () => {
    const { topology, workload } = definitionOf(
      withLines(
        'topology:',
        '  link: { rate: 100Mbit/s, delay: 1.5ms, queue: 64KiB, loss: 1/8 }',
        'workload: { bytes: 3MB, connectInterval: 20 }',
      ),
    );
    expect(topology.link).toMatchObject({
      rate: 100_000_000,
      delay: 1_500_000,
      queue: 65_536,
      loss: 0.125,
    });
    expect(workload).toMatchObject({ bytes: 3_000_000, connectInterval: 20 });
  });

  it('may be JSON', () => {
    expect(definitionOf('{"scenario": "mine", "title": "Mine"}').title).toBe('Mine');
  });

  it('says what is missing, at the mapping that lacks it', () => {
    expect(problemsOf('title: Mine')).toMatchObject([
      { line: 1, column: 1, path: 'scenario', message: '"scenario" is missing.' },
    ]);
  });

  it('says which name is unknown, where, and what was meant', () => {
    expect(problemsOf(withLines('workload:', '  bytes: 1MiB', '  conections: 3'))).toEqual([
      {
        line: 5,
        column: 3,
        path: 'workload.conections',
        message: '"conections" is unknown here.',
        advice: 'Did you mean `connections`?',
      },
    ]);
  });

  it('says which name is unknown in a step, by the names of that step', () => {
    const [problem] = problemsOf(withLines('steps:', '  - do: query', '    layer: tcp', '    variable: all'));
    expect(problem).toMatchObject({ line: 6, column: 5, path: 'steps[0].variable' });
    expect(problem?.advice).toContain('`variables`');
  });

  it('says that a step does something that there is not', () => {
    const [problem] = problemsOf(withLines('steps:', '  - do: explode'));
    expect(problem).toMatchObject({ line: 4, column: 9, path: 'steps[0].do' });
    expect(problem?.message).toContain('docs/scenarios.md');
  });

  it('says which quantity is wrong, and how one is written', () => {
    const [problem] = problemsOf(withLines('workload: { bytes: much }'));
    expect(problem).toMatchObject({ line: 3, column: 20, path: 'workload.bytes' });
    expect(problem?.message).toBe('Must be a size such as 2MiB, or a number of bytes.');
  });

  it('says which quantity is out of its bounds', () => {
    const [problem] = problemsOf(withLines('workload: { bytes: 8GiB }'));
    expect(problem?.message).toContain('from 0 to 536870912 bytes');
  });

  it('tells all that is wrong, in the order of the lines', () => {
    const problems = problemsOf(withLines('topology:', '  processors: 65', '  paths: 0', 'steps: none'));
    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [4, 'topology.processors'],
      [5, 'topology.paths'],
      [6, 'steps'],
    ]);
  });

  it('says that a step speaks of an adapter that the scenario has not', () => {
    expect(problemsOf(withLines('steps:', '  - { do: hang, adapter: 2 }'))).toMatchObject([
      {
        line: 4,
        column: 26,
        path: 'steps[0].adapter',
        message: 'There is no adapter 2: the scenario has 1.',
      },
    ]);
  });

  it('says that a rule does not exist', () => {
    const [problem] = problemsOf(withLines('expectations: { findings: [ABC-001] }'));
    expect(problem).toMatchObject({ line: 3, column: 28, path: 'expectations.findings[0]' });
  });

  it('says at which character an expression is wrong', () => {
    const [problem] = problemsOf(withLines('expectations:', '  events:', "    - where: 'bytes >'"));
    expect(problem).toMatchObject({ line: 5, column: 14, path: 'expectations.events[0].where' });
    expect(problem?.message).toContain('at its character 7');
  });

  it('is told as one line with file, line and column', () => {
    const [problem] = problemsOf('title: Mine');
    expect(scenarioProblemText('mine.yaml', problem!)).toBe(
      'mine.yaml:1:1: scenario: "scenario" is missing. Add it here.',
    );
  });
});

describe('text that is hostile', () => {
  it('is refused for a slip of the syntax, with its line', () => {
    expect(problemsOf('scenario: mine\ntitle: [')[0]).toMatchObject({ line: 2, path: '' });
  });

  it('is refused where a key occurs twice', () => {
    expect(problemsOf('scenario: mine\nscenario: yours')).toMatchObject([
      { line: 2, column: 1, message: 'The key "scenario" occurs twice.' },
    ]);
  });

  it('is refused where it has aliases, and so can be no bomb', () => {
    const bomb = ['a: &a [x, x]', 'b: &b [*a, *a]', 'c: &c [*b, *b]'];
    expect(problemsOf(bomb.join('\n'))[0]).toMatchObject({
      line: 2,
      column: 8,
      message: 'Aliases are not taken. Write the value out.',
    });
  });

  it.each(['- ', '[', '{a: ', '? '])('is refused where it is nested deep by %j', (piece) => {
    expect(problemsOf(piece.repeat(20_000)).length).toBeGreaterThan(0);
  });

  it('is refused where it is nested deeper than any scenario', () => {
    const nested = `steps: ${'['.repeat(40)}${']'.repeat(40)}`;
    expect(problemsOf(nested)[0]?.message).toContain('nested deeper than 32 levels');
  });

  it.each(['1e999', '.inf', '.nan', '-1', '99999999999999999999', '0x1fffffffffffffffff'])(
    'is refused for the number %s',
    (number) => {
      expect(problemsOf(withLines(`workload: { bytes: ${number} }`))).toMatchObject([
        { line: 3, path: 'workload.bytes' },
      ]);
    },
  );

  it('is refused for a key of the language that is no name', () => {
    expect(problemsOf('__proto__: { scenario: x }')[0]?.message).toBe(
      'The key of a member must be a simple name.',
    );
  });

  it('is refused for its length', () => {
    expect(problemsOf(' '.repeat(256 * 1024 + 1))[0]?.message).toContain('longer than 262144 characters');
  });

  it('is refused for the number of its values', () => {
    expect(problemsOf(`[${'1,'.repeat(110_000)}]`)[0]?.message).toContain('more than 100000 values');
  });

  it('is refused for a second document', () => {
    expect(problemsOf('scenario: mine\n---\nscenario: yours')[0]?.line).toBe(2);
  });

  it('is refused for a tag that is unknown', () => {
    expect(problemsOf('scenario: !!js/function "x"')[0]?.line).toBe(1);
  });
});
