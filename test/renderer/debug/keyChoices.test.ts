import { expect, test } from 'vitest';
import { bindingOf, type PressedKey } from '../../../renderer/commands/keys';
import { CommandRegistry, type Command } from '../../../renderer/commands/registry';
import { KeyChoices } from '../../../renderer/debug/keyChoices';
import type { ChoiceStorage } from '../../../renderer/stores/storage';

function press(code: string, held: Partial<PressedKey> = {}): PressedKey {
  return { code, key: '', ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held };
}

function storage(stored: Record<string, string> = {}): ChoiceStorage & { readonly stored: typeof stored } {
  return {
    stored,
    getItem: (key) => stored[key] ?? null,
    setItem: (key, value) => (stored[key] = value),
  };
}

function make(kept = storage()): { registry: CommandRegistry; keys: KeyChoices } {
  const registry = new CommandRegistry();
  const command = (id: string, code: string): Command => ({
    id,
    title: id,
    group: 'Debug',
    keys: [{ code }],
    run: () => undefined,
  });
  registry.register(command('over', 'F10'), command('into', 'F11'));
  return { registry, keys: new KeyChoices(registry, kept) };
}

test('a chosen key gives its command, and the key before no longer does', () => {
  const { registry, keys } = make();
  keys.choose('over', [{ code: 'KeyO', alt: true }]);
  expect(registry.commandFor(press('KeyO', { altKey: true }), false)?.id).toBe('over');
  expect(registry.commandFor(press('F10'), false)).toBeUndefined();
  expect(keys.words('over')).toEqual(['Alt+O']);
  expect(keys.isChosen('into')).toBe(false);
});

test('choices outlive the window, and a reset gives a command its own keys back', () => {
  const kept = storage();
  make(kept).keys.choose('over', [{ code: 'F7' }]);
  const { registry, keys } = make(kept);
  expect(registry.commandFor(press('F7'), false)?.id).toBe('over');
  keys.reset('over');
  expect(registry.commandFor(press('F10'), false)?.id).toBe('over');
  expect(keys.isChanged.value).toBe(false);
  expect(make(kept).keys.words('over')).toEqual(['F10']);
});

test.each(['{', '{"over":[{"code":1}]}', '{"over":[{}]}', '{"over":[{"code":"F7","key":"?"}]}', '[]'])(
  'stored choices that make no sense, %s, leave the keys as they are',
  (text) => {
    expect(make(storage({ 'chimneysweep.keys': text })).keys.words('over')).toEqual(['F10']);
  },
);

test('a command hears which others have the same keys', () => {
  const { keys } = make();
  expect(keys.others('over', { code: 'F11' }).map(({ id }) => id)).toEqual(['into']);
  keys.choose('over', [{ code: 'F11' }]);
  expect(keys.others('into', { code: 'F11' }).map(({ id }) => id)).toEqual(['over']);
  expect(keys.others('into', { code: 'F11', shift: true })).toEqual([]);
});

test('a key press becomes a binding by its place; keys that are only held do not', () => {
  expect(bindingOf(press('KeyZ', { key: 'y', ctrlKey: true, shiftKey: true }))).toEqual({
    code: 'KeyZ',
    control: true,
    shift: true,
  });
  expect(bindingOf(press('ShiftLeft', { shiftKey: true }))).toBeUndefined();
});

test('function keys work while typing, for they type nothing', () => {
  const { registry, keys } = make();
  keys.choose('into', [{ code: 'KeyI' }]);
  expect(registry.commandFor(press('F10'), true)?.id).toBe('over');
  expect(registry.commandFor(press('KeyI'), true)).toBeUndefined();
});
