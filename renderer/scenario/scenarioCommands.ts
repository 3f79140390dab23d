/** The commands of the scenario editor. Those that share keys with commands of the trace hold while the editor is open. */
import { parseSeed } from '../app/scenarioForm';
import type { Workspace } from '../app/workspace';
import type { Command } from '../commands/registry';
import { newScenarioText } from './scenarioEditor';

/** Opens a scenario file that the user chooses. */
async function openScenario(workspace: Workspace): Promise<void> {
  const { platform, notices, scenarioEditor } = workspace;
  const opened = await platform.openScenario();
  if (!opened.ok) notices.show('error', 'scenario', opened.error.message);
  else if (opened.value !== null) {
    const { text, name, token } = opened.value;
    notices.clear('scenario');
    scenarioEditor.load(text, name, { token });
    scenarioEditor.isOpen.value = true;
  }
}

async function saveScenario(workspace: Workspace, asksWhere: boolean): Promise<void> {
  const { platform, notices, scenarioEditor } = workspace;
  const { text, name, token } = scenarioEditor.edited.value;
  const saved = await platform.saveScenario({
    text,
    name,
    ...(asksWhere || token === undefined ? {} : { token }),
  });
  if (!saved.ok) notices.show('error', 'scenario', saved.error.message);
  else if (saved.value !== null) {
    scenarioEditor.savedAs(saved.value, text);
    notices.clear('scenario');
    workspace.spoken.value = `Saved as ${saved.value.name}`;
  }
}

/** Records the scenario that is edited; the trace then takes the editor's place. */
export async function runScenario(workspace: Workspace): Promise<void> {
  const { platform, notices, scenarioEditor, layout } = workspace;
  scenarioEditor.settle();
  const seed = parseSeed(scenarioEditor.seedText.value);
  const [problem] = scenarioEditor.meaning.value.problems;
  if (problem !== undefined) {
    scenarioEditor.showProblem(problem);
    return;
  }
  if (seed === undefined) return;
  notices.clear('scenario');
  const { text } = scenarioEditor.edited.value;
  const { breakOnFinding, breakSeverity } = layout;
  const request = { text, seed, ...(breakOnFinding ? { breakOnFinding: breakSeverity } : {}) };
  const { againFrom } = scenarioEditor;
  const started =
    againFrom.value === undefined
      ? await platform.runScenario(request)
      : await platform.runAgain({ ...request, trace: againFrom.value.trace });
  if (started.ok) scenarioEditor.isOpen.value = false;
  else notices.show('error', 'scenario', started.error.message);
}

/** See the file's head. */
export function scenarioCommands(workspace: Workspace): Command[] {
  const { scenarioEditor: editor, platform, trace } = workspace;
  const isOpen = (): boolean => editor.isOpen.value;
  const isIdle = (): boolean => trace.state.phase === 'empty' || trace.state.phase === 'ready';
  const make = (
    id: string,
    title: string,
    keys: Command['keys'],
    run: () => void,
    available: () => boolean = isOpen,
  ): Command => ({ id, title, group: 'Scenario', keys, run, available });
  return [
    make(
      'edit-scenario',
      'Scenario editor',
      [{ code: 'KeyN', control: true, shift: true }],
      () => (editor.isOpen.value = true),
      () => platform.abilities.record && !isOpen(),
    ),
    make('new-scenario', 'New scenario', [{ code: 'KeyN', control: true }], () =>
      editor.load(newScenarioText, 'my-scenario.yaml'),
    ),
    make(
      'open-scenario',
      'Open a scenario file…',
      [{ code: 'KeyO', control: true }],
      () => void openScenario(workspace),
      () => platform.abilities.record && isOpen(),
    ),
    make('save-scenario', 'Save the scenario…', [{ code: 'KeyS', control: true }], () =>
      void saveScenario(workspace, false),
    ),
    make('save-scenario-as', 'Save the scenario as…', [{ code: 'KeyS', control: true, shift: true }], () =>
      void saveScenario(workspace, true),
    ),
    make(
      'run-scenario',
      'Record the scenario of the editor',
      [{ code: 'F5' }, { code: 'Enter', control: true }],
      () => void runScenario(workspace),
      () => platform.abilities.record && isOpen() && isIdle(),
    ),
    make('next-problem', 'Next problem of the scenario', [{ code: 'F8' }], () => {
      const problem = editor.problemFrom(1);
      if (problem !== undefined) editor.showProblem(problem);
    }),
    make('previous-problem', 'Previous problem of the scenario', [{ code: 'F8', shift: true }], () => {
      const problem = editor.problemFrom(-1);
      if (problem !== undefined) editor.showProblem(problem);
    }),
    make('close-scenario-editor', 'Close the scenario editor; its text stays', [{ code: 'Escape' }], () => {
      editor.isOpen.value = false;
    }),
  ];
}
