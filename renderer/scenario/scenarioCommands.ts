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
  if (againFrom.value !== undefined) {
    const { trace } = againFrom.value;
    const { driverModule, runsAgain } = workspace;
    const driver = driverModule.value === undefined ? {} : { driverToken: driverModule.value.token };
    if (await runsAgain.begin(platform.runAgain({ ...request, ...driver, trace })))
      scenarioEditor.isOpen.value = false;
    return;
  }
  const started = await platform.runScenario(request);
  if (started.ok) scenarioEditor.isOpen.value = false;
  else notices.show('error', 'scenario', started.error.message);
}

/** Opens the editor on the scenario that the shown trace carries. */
function changeRun({ runsAgain, scenarioEditor, trace, notices }: Workspace): void {
  const { carried } = runsAgain;
  const { token, name, model } = trace.state;
  if (typeof carried === 'string' || token === undefined) {
    notices.show('warning', 'again', typeof carried === 'string' ? carried : 'There is no trace.');
    return;
  }
  scenarioEditor.loadDefinition(carried.definition);
  scenarioEditor.againFrom.value = { trace: token, name };
  scenarioEditor.seedText.value = String(model?.store?.header.seed ?? 1);
  scenarioEditor.isOpen.value = true;
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
    make(
      'run-again',
      'Run again: make the run of this trace once more, and compare the two',
      [{ code: 'F5', control: true, shift: true }],
      () => {
        const { driverModule } = workspace;
        const driver = driverModule.value === undefined ? {} : { driverToken: driverModule.value.token };
        void workspace.runsAgain.again(driver);
      },
      () => platform.abilities.record && !isOpen() && trace.state.phase === 'ready',
    ),
    make(
      'run-again-changed',
      'Run again with a change…',
      [{ code: 'F5', control: true, alt: true }],
      () => changeRun(workspace),
      () => platform.abilities.record && !isOpen() && trace.state.phase === 'ready',
    ),
    make(
      'show-difference',
      'Show where two runs part',
      [{ code: 'KeyD', shift: true }],
      () => (workspace.layout.bottomTab = 'difference'),
      () => !isOpen() && trace.state.model !== undefined,
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
    make(
      'save-scenario',
      'Save the scenario…',
      [{ code: 'KeyS', control: true }],
      () => void saveScenario(workspace, false),
    ),
    make(
      'save-scenario-as',
      'Save the scenario as…',
      [{ code: 'KeyS', control: true, shift: true }],
      () => void saveScenario(workspace, true),
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
