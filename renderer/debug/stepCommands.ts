/**
 * The steps as commands. Function keys are those of Visual Studio and WinDbg, where Control turns a step round; its letters, for which
 * those have no keys, are turned round by Shift.
 */
import type { Direction, Step } from '../../shared/debug/step';
import type { Workspace } from '../app/workspace';
import type { KeyBinding } from '../commands/keys';
import type { Command } from '../commands/registry';
import type { IconName } from '../widgets/icons';
import { stepWords } from './stepWords';

/** A step that has a command. */
export interface StepCommand {
  readonly id: string;
  readonly step: Step;
  readonly keys: readonly KeyBinding[];
  /** On its button; undefined for those that have none. */
  readonly icon: IconName | undefined;
}

type Kind = Exclude<Step['kind'], 'cursor'>;

function command(
  kind: Kind,
  direction: Direction,
  icon: IconName | undefined,
  ...keys: readonly KeyBinding[]
): StepCommand {
  const id = kind === 'request' ? 'step-request' : `step-${kind}-${direction}`;
  return { id, step: { kind, direction }, keys, icon };
}

/** Every step, the way back beside the way on. */
export const stepCommandList: readonly StepCommand[] = [
  command('over', 'backward', 'stepOverBack', { code: 'F10', control: true, shift: true }),
  command('into', 'backward', 'stepIntoBack', { code: 'F11', control: true }),
  command('out', 'backward', 'stepOutBack', { code: 'F11', control: true, shift: true }),
  command('over', 'forward', 'stepOver', { code: 'F10' }),
  command('into', 'forward', 'stepInto', { code: 'F11' }),
  command('out', 'forward', 'stepOut', { code: 'F11', shift: true }),
  command('event', 'backward', 'back', { code: 'KeyE', shift: true }),
  command('event', 'forward', 'forth', { code: 'KeyE' }),
  command('call', 'backward', undefined, { code: 'KeyJ', shift: true }),
  command('call', 'forward', undefined, { code: 'KeyJ' }),
  command('request', 'backward', undefined, { code: 'KeyC', shift: true }),
  command('completion', 'forward', undefined, { code: 'KeyC' }),
  command('connection', 'backward', undefined, { code: 'KeyV', shift: true }),
  command('connection', 'forward', undefined, { code: 'KeyV' }),
  command('driver', 'backward', undefined, { code: 'KeyR', shift: true }),
  command('driver', 'forward', undefined, { code: 'KeyR' }),
];

/** The steps and the ways to a given event. */
export function stepCommands(workspace: Workspace): Command[] {
  const { trace, view, stepper } = workspace;
  const hasTrace = (): boolean => trace.state.model !== undefined;
  return [
    ...stepCommandList.map(({ id, step, keys }): Command => ({
      id,
      title: stepWords(step).title,
      group: 'Debug',
      keys,
      available: hasTrace,
      run: () => void stepper.step(step),
    })),
    {
      id: 'run-to-cursor',
      title: 'Run to the cursor of the timeline',
      group: 'Debug',
      keys: [{ code: 'F10', control: true }],
      available: hasTrace,
      run: () => void stepper.step({ kind: 'cursor', event: Math.max(0, view.cursor.value.event) }),
    },
    {
      id: 'run-to-event',
      title: 'Run to an event by its number…',
      group: 'Debug',
      keys: [{ code: 'KeyG', control: true }],
      available: hasTrace,
      run: () => {
        const field = document.querySelector<HTMLInputElement>('#debug-event');
        field?.focus();
        field?.select();
      },
    },
  ];
}
