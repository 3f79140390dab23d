/** All commands of the window. Buttons, menu, keyboard, palette and help go through here, so that none of them goes stale. */
import { isFunctionKey, isSingleKey, matchesKey, type KeyBinding, type PressedKey } from './keys';

/** Where the help lists a command. */
export type CommandGroup = 'Trace' | 'Scenario' | 'Debug' | 'Time' | 'Selection' | 'Window';

/** Something that a user can do. */
export interface Command {
  /** Stable id, for example `open-trace`. */
  readonly id: string;
  readonly title: string;
  readonly group: CommandGroup;
  /** As they are until the user chooses others: {@link CommandRegistry.keysOf} has those. */
  readonly keys: readonly KeyBinding[];
  run(): void;
  /** Whether it can be done now; always, when absent. */
  available?(): boolean;
}

/** See the file's head. */
export class CommandRegistry {
  private readonly commands = new Map<string, Command>();
  /** Whether single letters and signs are shortcuts (WCAG 2.1.4 wants a switch). */
  singleKeys = true;
  /** By the id of a command: the keys that the user has chosen for it. */
  chosenKeys: Readonly<Record<string, readonly KeyBinding[]>> = {};

  register(...commands: readonly Command[]): void {
    for (const command of commands) {
      if (this.commands.has(command.id)) throw new Error(`command ${command.id} exists already`);
      this.commands.set(command.id, command);
    }
  }

  /** All commands in the order of registration. */
  get all(): readonly Command[] {
    return [...this.commands.values()];
  }

  get(id: string): Command | undefined {
    return this.commands.get(id);
  }

  /** The keys that give a command: those that the user has chosen, else its own. */
  keysOf(id: string): readonly KeyBinding[] {
    return this.chosenKeys[id] ?? this.commands.get(id)?.keys ?? [];
  }

  /** Runs a command if there is one of that id and it can be done now; answers whether it ran. */
  run(id: string): boolean {
    const command = this.commands.get(id);
    if (command === undefined || command.available?.() === false) return false;
    command.run();
    return true;
  }

  /** The command that a key press gives. `typing`: the focus is where letters are text. */
  commandFor(pressed: PressedKey, typing: boolean): Command | undefined {
    for (const command of this.commands.values()) {
      for (const binding of this.keysOf(command.id)) {
        const single = isSingleKey(binding);
        if (single && (typing || !this.singleKeys)) continue;
        if (typing && binding.control !== true && !isFunctionKey(binding)) continue;
        if (matchesKey(binding, pressed) && command.available?.() !== false) return command;
      }
    }
    return undefined;
  }
}
