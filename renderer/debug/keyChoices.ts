/** Keys that the user has chosen for commands, kept over restarts. A command without a choice has its own keys. */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { z } from 'zod';
import { keyText, sameBinding, type KeyBinding } from '../commands/keys';
import type { Command, CommandRegistry } from '../commands/registry';
import { readChoice, writeChoice, type ChoiceStorage } from '../stores/storage';

const bindingSchema: z.ZodType<KeyBinding> = z
  .object({
    code: z.string().max(40).optional(),
    key: z.string().max(40).optional(),
    control: z.boolean().optional(),
    shift: z.boolean().optional(),
    alt: z.boolean().optional(),
  })
  .strict()
  .refine(({ code, key }) => (code === undefined) !== (key === undefined))
  .transform(({ code, key, control, shift, alt }): KeyBinding => ({
    ...(code === undefined ? {} : { code }),
    ...(key === undefined ? {} : { key }),
    ...(control === true ? { control } : {}),
    ...(shift === true ? { shift } : {}),
    ...(alt === true ? { alt } : {}),
  }));

/** Most keys that one command can have. */
const mostKeys = 4;

const schema = z.record(z.string().max(100), z.array(bindingSchema).max(mostKeys));

type Choices = Readonly<Record<string, readonly KeyBinding[]>>;

/** See the file's head. */
export class KeyChoices {
  readonly choices: ShallowRef<Choices>;
  /** What the user's keyboard types at each place, as soon as it is known. */
  readonly keyboard: Ref<ReadonlyMap<string, string> | undefined> = ref();
  readonly isChanged: ComputedRef<boolean>;

  constructor(
    private readonly commands: CommandRegistry,
    storage?: ChoiceStorage,
  ) {
    this.choices = shallowRef(readChoice<Choices>('keys', schema, {}, storage));
    this.isChanged = computed(() => Object.keys(this.choices.value).length > 0);
    watch(
      this.choices,
      (choices) => {
        commands.chosenKeys = choices;
      },
      { immediate: true, flush: 'sync' },
    );
    watch(this.choices, (choices) => writeChoice('keys', choices, storage), { flush: 'sync' });
  }

  /** Whether a command's keys are not its own. */
  isChosen(id: string): boolean {
    return this.choices.value[id] !== undefined;
  }

  /** The keys that give a command. */
  keysOf(id: string): readonly KeyBinding[] {
    return this.choices.value[id] ?? this.commands.get(id)?.keys ?? [];
  }

  /** Makes these the keys of a command: none is a choice, too. */
  choose(id: string, keys: readonly KeyBinding[]): void {
    this.choices.value = { ...this.choices.value, [id]: keys.slice(0, mostKeys) };
  }

  /** Gives a command its own keys back; without an id all of them. */
  reset(id?: string): void {
    this.choices.value =
      id === undefined
        ? {}
        : Object.fromEntries(Object.entries(this.choices.value).filter(([other]) => other !== id));
  }

  /** Commands besides this one that have a binding. Some commands share keys and are never available together. */
  others(id: string, binding: KeyBinding): readonly Command[] {
    return this.commands.all.filter(
      (command) => command.id !== id && this.keysOf(command.id).some((one) => sameBinding(one, binding)),
    );
  }

  /** The keys of a command in words, empty if it has none: `F5`. */
  words(id: string): readonly string[] {
    return this.keysOf(id).map((binding) => keyText(binding, this.keyboard.value));
  }

  /** Words with the first key of a command behind them, as tooltips have it: `Step over (F10)`. */
  hint(text: string, id: string): string {
    const [first] = this.words(id);
    return first === undefined ? text : `${text} (${first})`;
  }
}
