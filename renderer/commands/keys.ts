/** Key bindings: letters and digits by their place on the keyboard, signs by what they type. Pure. */

/** One way to give a command by keyboard. */
export interface KeyBinding {
  /** `KeyboardEvent.code` for letters, digits and named keys, such as `KeyW` or `ArrowLeft`. */
  readonly code?: string;
  /** `KeyboardEvent.key` for signs, such as `?` or `[`: their place differs from keyboard to keyboard. */
  readonly key?: string;
  /** Control, or Command on a Mac. */
  readonly control?: boolean;
  readonly shift?: boolean;
  readonly alt?: boolean;
}

/** What a binding is compared with; `KeyboardEvent` has it. */
export interface PressedKey {
  readonly code: string;
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Whether a key press is the binding's. Signs may need Shift or AltGr to be typed, so only Control counts for them. */
export function matchesKey(binding: KeyBinding, pressed: PressedKey): boolean {
  if ((binding.control ?? false) !== (pressed.ctrlKey || pressed.metaKey)) return false;
  if (binding.key !== undefined) return pressed.key === binding.key;
  return (
    binding.code === pressed.code &&
    (binding.shift ?? false) === pressed.shiftKey &&
    (binding.alt ?? false) === pressed.altKey
  );
}

/** Whether a binding is a single character: those can be switched off and never fire while typing. */
export function isSingleKey(binding: KeyBinding): boolean {
  if (binding.control === true || binding.alt === true) return false;
  return binding.key !== undefined || /^(Key|Digit|Space)/.test(binding.code ?? '');
}

/** Whether a binding is one of F1 to F24, which type nothing. */
export function isFunctionKey(binding: KeyBinding): boolean {
  return /^F\d+$/.test(binding.code ?? '');
}

/** Whether two bindings are the same keys. */
export function sameBinding(one: KeyBinding, other: KeyBinding): boolean {
  const held = ({ control = false, shift = false, alt = false }: KeyBinding): number =>
    Number(control) + 2 * Number(shift) + 4 * Number(alt);
  return one.code === other.code && one.key === other.key && held(one) === held(other);
}

const modifiers = /^(Control|Shift|Alt|Meta|OS)(Left|Right)?$/;

/** The binding of a key press, by the place of the key; undefined as long as only keys like Shift are held. */
export function bindingOf(pressed: PressedKey): KeyBinding | undefined {
  if (pressed.code === '' || modifiers.test(pressed.code)) return undefined;
  return {
    code: pressed.code,
    ...(pressed.ctrlKey || pressed.metaKey ? { control: true } : {}),
    ...(pressed.shiftKey ? { shift: true } : {}),
    ...(pressed.altKey ? { alt: true } : {}),
  };
}

const names: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  Space: 'Space',
  Home: 'Home',
};

/** The binding in words for people: `Ctrl+Shift+P`. `layout` maps codes to what the user's keyboard types there. */
export function keyText(binding: KeyBinding, layout?: ReadonlyMap<string, string>): string {
  const parts: string[] = [];
  if (binding.control === true) parts.push('Ctrl');
  if (binding.alt === true) parts.push('Alt');
  if (binding.shift === true) parts.push('Shift');
  const code = binding.code ?? '';
  parts.push(
    binding.key ?? names[code] ?? layout?.get(code)?.toUpperCase() ?? code.replace(/^(Key|Digit)/, ''),
  );
  return parts.join('+');
}
