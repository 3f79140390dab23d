import { expect, test } from 'vitest';
import { isSingleKey, keyText, matchesKey, type PressedKey } from '../../../renderer/commands/keys';
import { CommandRegistry, type Command } from '../../../renderer/commands/registry';

const key = (code: string, typed: string, held: Partial<PressedKey> = {}): PressedKey => ({
  code,
  key: typed,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

function command(id: string, keys: Command['keys'], more: Partial<Command> = {}): Command & { ran: number } {
  const made = {
    id,
    title: id,
    group: 'Time' as const,
    keys,
    ran: 0,
    run() {
      made.ran++;
    },
    ...more,
  };
  return made;
}

test('letters match by their place, signs by what they type', () => {
  expect(matchesKey({ code: 'KeyW' }, key('KeyW', 'z'))).toBe(true);
  expect(matchesKey({ code: 'KeyW' }, key('KeyW', 'W', { shiftKey: true }))).toBe(false);
  expect(matchesKey({ key: '[' }, key('Digit8', '[', { altKey: true }))).toBe(true);
  expect(matchesKey({ code: 'KeyO', control: true }, key('KeyO', 'o', { metaKey: true }))).toBe(true);
  expect(matchesKey({ code: 'KeyO' }, key('KeyO', 'o', { ctrlKey: true }))).toBe(false);
  expect(matchesKey({ code: 'ArrowLeft', alt: true }, key('ArrowLeft', 'ArrowLeft'))).toBe(false);
});

test('bindings read as people write them', () => {
  expect(keyText({ code: 'KeyP', control: true, shift: true })).toBe('Ctrl+Shift+P');
  expect(keyText({ code: 'ArrowLeft', alt: true })).toBe('Alt+←');
  expect(keyText({ key: '?' })).toBe('?');
  expect(keyText({ code: 'KeyW' }, new Map([['KeyW', 'z']]))).toBe('Z');
  expect(keyText({ code: 'Digit0' })).toBe('0');
});

test('single keys are letters, digits, signs and Space', () => {
  expect([{ code: 'KeyW' }, { code: 'Digit1' }, { key: '?' }, { code: 'Space' }].every(isSingleKey)).toBe(
    true,
  );
  expect([{ code: 'KeyW', control: true }, { code: 'Escape' }, { code: 'ArrowLeft' }].some(isSingleKey)).toBe(
    false,
  );
});

test('commands run by id and by key, unless they cannot be done now', () => {
  const registry = new CommandRegistry();
  const zoom = command('zoom', [{ code: 'KeyW' }]);
  const save = command('save', [{ code: 'KeyS', control: true }], { available: () => false });
  registry.register(zoom, save);
  expect(registry.run('zoom')).toBe(true);
  expect(registry.run('save')).toBe(false);
  expect(registry.run('nothing')).toBe(false);
  expect(zoom.ran).toBe(1);
  expect(save.ran).toBe(0);
  expect(registry.commandFor(key('KeyW', 'w'), false)?.id).toBe('zoom');
  expect(registry.commandFor(key('KeyS', 's', { ctrlKey: true }), false)).toBeUndefined();
});

test('single keys do not fire while typing or when they are switched off', () => {
  const registry = new CommandRegistry();
  registry.register(command('zoom', [{ code: 'KeyW' }]), command('open', [{ code: 'KeyO', control: true }]));
  expect(registry.commandFor(key('KeyW', 'w'), true)).toBeUndefined();
  expect(registry.commandFor(key('KeyO', 'o', { ctrlKey: true }), true)?.id).toBe('open');
  registry.singleKeys = false;
  expect(registry.commandFor(key('KeyW', 'w'), false)).toBeUndefined();
  expect(registry.commandFor(key('KeyO', 'o', { ctrlKey: true }), false)?.id).toBe('open');
});

test('two commands cannot have one id', () => {
  const registry = new CommandRegistry();
  registry.register(command('zoom', []));
  expect(() => registry.register(command('zoom', []))).toThrow('zoom exists already');
});
