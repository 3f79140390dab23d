import { describe, expect, test } from 'vitest';
import { insertMember } from '../../../renderer/scenario/insertMember';
import { ScenarioEditor } from '../../../renderer/scenario/scenarioEditor';
import { selectedFacts } from '../../../renderer/scenario/selectedFacts';
import { TextHistory } from '../../../renderer/scenario/textHistory';
import { yamlTokens } from '../../../renderer/scenario/yamlHighlight';
import { readScenario } from '../../../shared/scenario/readScenario';
import { yamlOutline } from '../../../shared/scenario/yamlOutline';

const text = 'scenario: one\ntitle: One\ntopology:\n  team:\n    adapters: 2\nworkload:\n  bytes: 1MiB\n';

function editorWith(content: string): { editor: ScenarioEditor; waiting: (() => void)[] } {
  const waiting: (() => void)[] = [];
  const editor = new ScenarioEditor((work) => {
    waiting.push(work);
    return () => {
      const at = waiting.indexOf(work);
      if (at >= 0) waiting.splice(at, 1);
    };
  });
  editor.load(content, 'one.yaml', { token: 'file' });
  return { editor, waiting };
}

function at(offset: number): { start: number; end: number } {
  return { start: offset, end: offset };
}

describe('the scenario editor', () => {
  test('a problem has line and column, and the diagram stays as it was', () => {
    const { editor } = editorWith(text);
    expect(editor.meaning.value.isSound).toBe(true);
    editor.type(text.replace('adapters: 2', 'adapters: 20'), at(0));
    expect(editor.meaning.value.problems[0]).toMatchObject({ line: 5, column: 15 });
    expect(editor.meaning.value.isSound).toBe(false);
    expect(editor.diagram.value?.elements.some(({ id }) => id === 'adapter-2')).toBe(true);
  });

  test('the caret selects the thing that its line is about', () => {
    const { editor } = editorWith(text);
    editor.moveCaret(at(text.indexOf('adapters')));
    expect(editor.selected.value).toEqual({ path: ['topology', 'team', 'adapters'], element: 'driver-1' });
  });

  test('a thing of the diagram puts the caret at its lines, or around where they would be', () => {
    const { editor } = editorWith(text);
    const elements = editor.diagram.value!.elements;
    editor.selectElement(
      elements.find(({ id }) => id === 'workload')!,
      false,
    );
    expect(editor.edited.value.caret).toEqual(at(text.indexOf('workload')));
    editor.selectElement(
      elements.find(({ id }) => id === 'link')!,
      true,
    );
    expect(editor.edited.value.caret).toEqual(at(text.indexOf('topology')));
    expect(editor.caretWish.value.takesFocus).toBe(true);
  });

  test('problems are gone through in their order, round the end', () => {
    const { editor } = editorWith('scenario: one\ntitle: One\nworkload:\n  bytes: x\n  connections: 0\n');
    const [first, second] = editor.meaning.value.problems;
    expect(editor.problemFrom(1)).toBe(first);
    editor.showProblem(first!);
    expect(editor.problemFrom(1)).toBe(second);
    editor.showProblem(second!);
    expect(editor.problemFrom(1)).toBe(first);
    expect(editor.problemFrom(-1)).toBe(first);
  });

  test('undo takes back what was typed in one go, and brings back a text that another one replaced', () => {
    const { editor } = editorWith(text);
    editor.type(`${text}#`, at(text.length + 1), 'insertText');
    editor.type(`${text}# a`, at(text.length + 3), 'insertText');
    expect(editor.isChanged.value).toBe(true);
    editor.loadLibrary('failover');
    expect(editor.edited.value).toMatchObject({ name: 'failover.yaml', token: undefined });
    editor.undo();
    expect(editor.edited.value).toMatchObject({ text: `${text}# a`, name: 'one.yaml', token: 'file' });
    editor.undo();
    expect(editor.edited.value.text).toBe(text);
    expect(editor.isChanged.value).toBe(false);
    editor.redo();
    expect(editor.edited.value.text).toBe(`${text}# a`);
  });

  test('a long text is read when typing rests, or when somebody acts on it', () => {
    const { editor, waiting } = editorWith(text);
    const long = `${text}${'# soot\n'.repeat(6000)}oops: 1\n`;
    editor.type(long, at(0));
    expect(editor.meaning.value.isSound).toBe(true);
    editor.settle();
    expect(editor.meaning.value.isSound).toBe(false);
    expect(waiting.length).toBeGreaterThan(0);
  });

  test('what is saved is unchanged until it is edited again', () => {
    const { editor } = editorWith(text);
    editor.type(`${text}#`, at(0));
    editor.savedAs({ token: 'other', name: 'other.yaml' }, `${text}#`);
    expect(editor.isChanged.value).toBe(false);
    expect(editor.edited.value.token).toBe('other');
  });
});

describe('members are written where they belong', () => {
  function written(path: readonly string[], content = text): string | undefined {
    return insertMember(content, yamlOutline(content), path)?.text;
  }

  test.each([
    [['workload', 'connections']],
    [['topology', 'link', 'delay']],
    [['topology', 'team', 'mode']],
    [['policy', 'offload']],
  ])('%j gives a scenario that is read', (path) => {
    const after = written(path);
    expect(after).toBeDefined();
    const read = readScenario(after!);
    expect(read.ok ? [] : read.error).toEqual([]);
  });

  test('what is written already, or stands on one line, is left alone', () => {
    expect(written(['workload', 'bytes'])).toBeUndefined();
    expect(written(['workload', 'connections'], 'workload: { bytes: 1MiB }\n')).toBeUndefined();
  });
});

test('facts tell what is written from what is as usual, and name what could be said', () => {
  const read = readScenario(text);
  if (!read.ok) throw new Error('the text is wrong');
  const facts = selectedFacts(read.value, yamlOutline(text), ['topology', 'team']);
  expect(facts.said.map(({ name, value, isWritten }) => [name, value, isWritten])).toEqual([
    ['adapters', '2', true],
    ['mode', 'failover', false],
    ['layers', '1', false],
  ]);
  expect(facts.possible.map(({ name }) => name)).toContain('chimney');
});

describe('undo and redo', () => {
  test('steps of one kind in a row are one, until there is a pause', () => {
    const history = new TextHistory('');
    for (const value of ['a', 'ab', 'abc']) history.change(value, 'typing');
    history.pause();
    history.change('abcd', 'typing');
    expect(history.undo()).toBe('abc');
    expect(history.undo()).toBe('');
    expect(history.undo()).toBeUndefined();
    expect(history.redo()).toBe('abc');
    history.change('x');
    expect(history.canRedo).toBe(false);
  });
});

describe('colours of YAML', () => {
  test.each([
    '  - do: wait   # a moment',
    '# all of it',
    'lookAt: "a: b # c"',
    '',
    '   plain words: not a key of ours maybe',
    '- 12',
    'when: { acknowledged: 1/4 }',
  ])('%s: the pieces are the line', (line) => {
    expect(
      yamlTokens(line)
        .map((token) => token.text)
        .join(''),
    ).toBe(line);
  });

  test('keys, numbers and remarks are told apart', () => {
    expect(yamlTokens('  delay: 50us # short').map(({ kind }) => kind)).toEqual([
      'mark',
      'key',
      'mark',
      'number',
      'comment',
    ]);
  });
});
