/** The commands of the window and what they do. */
import type { MenuCommand } from '../../shared/contract/desktopBridge';
import { demonstrationScenario } from '../../shared/contract/scenarios';
import type { RecordingRequest } from '../../shared/contract/recording';
import { askWhy, showFinding, type Workspace } from '../app/workspace';
import { rememberRequest } from '../app/driverReload';
import { breakingEvent, markTime } from '../stores/findingsView';
import type { BottomTab } from '../stores/layoutChoices';
import { breakpointCommands } from '../debug/breakpointCommands';
import { scenarioCommands } from '../scenario/scenarioCommands';
import { stepCommands } from '../debug/stepCommands';
import { scopeOf } from '../timeline/bufferRows';
import { alongChain, neighbourInLane, neighbourMilestone } from '../timeline/navigation';
import { panBy, zoomAround } from '../timeline/viewport';
import type { Command } from './registry';

const zoomStep = 0.7;
const panStep = 0.2;

/** Starts a recording; a refusal becomes a notice. */
export async function record(workspace: Workspace, request: RecordingRequest): Promise<void> {
  workspace.notices.clear('engine');
  rememberRequest(workspace, request);
  const { breakOnFinding, breakSeverity } = workspace.layout;
  const started = await workspace.platform.startRecording(
    breakOnFinding ? { ...request, breakOnFinding: breakSeverity } : request,
  );
  if (!started.ok) workspace.notices.show('error', 'engine', started.error.message);
}

async function openTrace(workspace: Workspace): Promise<void> {
  const opened = await workspace.platform.openTrace();
  if (!opened.ok) workspace.notices.show('error', 'refused', opened.error.message);
}

async function saveTrace(workspace: Workspace): Promise<void> {
  const saved = await workspace.platform.saveTrace();
  if (!saved.ok) workspace.notices.show('error', 'saved', saved.error.message);
  else if (saved.value !== null) workspace.notices.show('note', 'saved', `Saved as ${saved.value.name}.`);
}

/** Lets the user choose a driver module, and opens the scenario dialog with it. */
async function runWithDriver(workspace: Workspace): Promise<void> {
  const chosen = await workspace.platform.chooseDriverModule();
  if (!chosen.ok) workspace.notices.show('error', 'refused', chosen.error.message);
  else if (chosen.value !== null) {
    workspace.driverModule.value = chosen.value;
    workspace.dialog.value = 'scenarios';
  }
}

function traceCommands(workspace: Workspace): Command[] {
  const { platform, trace, layout } = workspace;
  const idle = (): boolean => trace.state.phase === 'empty' || trace.state.phase === 'ready';
  const canRecord = (): boolean => platform.abilities.record && idle();
  return [
    {
      id: 'open-trace',
      title: 'Open a trace…',
      group: 'Trace',
      keys: [{ code: 'KeyO', control: true }],
      available: idle,
      run: () => void openTrace(workspace),
    },
    {
      id: 'save-trace',
      title: 'Save the recording…',
      group: 'Trace',
      keys: [{ code: 'KeyS', control: true }],
      available: () => platform.abilities.save && trace.canSave,
      run: () => void saveTrace(workspace),
    },
    {
      id: 'record',
      title: 'Record the demonstration',
      group: 'Trace',
      keys: [{ code: 'KeyR', control: true, shift: true }],
      available: canRecord,
      run: () => void record(workspace, { scenario: demonstrationScenario, seed: 1 }),
    },
    {
      id: 'stop',
      title: 'Stop recording',
      group: 'Debug',
      keys: [
        { code: 'Period', control: true },
        { code: 'F5', shift: true },
      ],
      available: () => trace.state.phase === 'live',
      run: () => void platform.stopRecording(),
    },
    {
      id: 'pause',
      title: 'Pause the run',
      group: 'Debug',
      keys: [{ code: 'F6' }, { code: 'Pause' }, { code: 'Pause', control: true, alt: true }],
      available: () => trace.state.phase === 'live' && trace.state.pause === undefined,
      run: () => void platform.controlRecording({ kind: 'pause' }),
    },
    {
      id: 'break-on-finding',
      title: 'Break on finding: pause a run where a rule is broken, on or off',
      group: 'Debug',
      keys: [{ code: 'KeyB' }],
      available: () => platform.abilities.record,
      run: () => {
        layout.breakOnFinding = !layout.breakOnFinding;
        workspace.spoken.value = `Break on finding is ${layout.breakOnFinding ? 'on' : 'off'}`;
      },
    },
    {
      id: 'run-changed-drivers',
      title: 'Run again at once when the driver module has changed, on or off',
      group: 'Trace',
      keys: [],
      available: () => platform.abilities.record,
      run: () => {
        layout.runChangedDrivers = !layout.runChangedDrivers;
        const word = layout.runChangedDrivers ? 'on' : 'off';
        workspace.spoken.value = `Running changed drivers at once is ${word}`;
      },
    },
    {
      id: 'choose-scenario',
      title: 'Choose a scenario…',
      group: 'Trace',
      keys: [{ code: 'KeyN', control: true }],
      available: canRecord,
      run: () => (workspace.dialog.value = 'scenarios'),
    },
    {
      id: 'run-with-driver',
      title: 'Run with a driver module…',
      group: 'Trace',
      keys: [],
      available: canRecord,
      run: () => void runWithDriver(workspace),
    },
  ];
}

function timeCommands(workspace: Workspace, hasTrace: () => boolean): Command[] {
  const { view } = workspace;
  const zoom = (factor: number): void => {
    const { from, until } = view.range.value;
    const cursor = view.cursor.value.time;
    const anchor = cursor >= from && cursor <= until ? cursor : (from + until) / 2;
    view.show(zoomAround(view.range.value, anchor, factor, view.lastTime));
  };
  const pan = (fraction: number): void => view.show(panBy(view.range.value, fraction, view.lastTime));
  const make = (id: string, title: string, keys: Command['keys'], run: () => void): Command => ({
    id,
    title,
    group: 'Time',
    keys,
    available: hasTrace,
    run,
  });
  return [
    make('zoom-in', 'Zoom in', [{ code: 'KeyW' }], () => zoom(zoomStep)),
    make('zoom-out', 'Zoom out', [{ code: 'KeyS' }], () => zoom(1 / zoomStep)),
    make('pan-left', 'Earlier', [{ code: 'KeyA' }], () => pan(-panStep)),
    make('pan-right', 'Later', [{ code: 'KeyD' }], () => pan(panStep)),
    make('zoom-selection', 'Fit the selection, then everything', [{ code: 'KeyF' }], () =>
      view.fitSelection(),
    ),
    make('zoom-fit', 'Show the whole trace', [{ code: 'Digit0' }, { code: 'Home' }], () => view.showAll()),
    {
      id: 'follow',
      title: 'Follow the recording, on or off',
      group: 'Time',
      keys: [{ code: 'Space' }],
      available: () => workspace.trace.state.phase === 'live',
      run: () => {
        view.following.value = !view.following.value;
        view.grow();
      },
    },
  ];
}

function selectionCommands(workspace: Workspace, hasTrace: () => boolean): Command[] {
  const { view } = workspace;
  const go = (find: (event: number | undefined) => number | undefined): void => {
    const event = find(view.selection.value);
    if (event !== undefined) view.select(event);
  };
  const inLane = (step: -1 | 1): void => {
    const { model } = workspace.trace.state;
    const index = workspace.laneIndex.value;
    if (model !== undefined && index !== undefined) go((event) => neighbourInLane(model, index, event, step));
  };
  const chain = (step: -1 | 1): void => {
    const { model } = workspace.trace.state;
    if (model !== undefined)
      go((event) => (event === undefined ? undefined : alongChain(model, event, step)));
  };
  const milestone = (step: -1 | 1): void => {
    const { model } = workspace.trace.state;
    if (model !== undefined) go(() => neighbourMilestone(model, view.cursor.value.event, step));
  };
  const finding = (step: -1 | 1): void => {
    const { findings } = workspace;
    const { hidden, chosen } = findings;
    const { model } = workspace.trace.state;
    if (model === undefined) return;
    const { value: from } = chosen;
    const isThere = from !== undefined && view.selection.value === breakingEvent(from);
    const next = findings
      .inTime()
      .next(isThere ? markTime(model, from) : view.cursor.value.time, step, hidden.value);
    if (next !== undefined) showFinding(workspace, next);
  };
  const make = (id: string, title: string, keys: Command['keys'], run: () => void): Command => ({
    id,
    title,
    group: 'Selection',
    keys,
    available: hasTrace,
    run,
  });
  return [
    make('next-in-lane', 'Next in this lane', [{ code: 'ArrowRight' }, { key: '.' }], () => inLane(1)),
    make('previous-in-lane', 'Previous in this lane', [{ code: 'ArrowLeft' }, { key: ',' }], () =>
      inLane(-1),
    ),
    make('follow-completion', 'Forward: to the completion', [{ key: ']' }], () => chain(1)),
    make('follow-request', 'Back: to the request, cause or caller', [{ key: '[' }], () => chain(-1)),
    make('next-milestone', 'Next milestone', [{ code: 'KeyN' }], () => milestone(1)),
    make('previous-milestone', 'Previous milestone', [{ code: 'KeyP' }], () => milestone(-1)),
    make('next-finding', 'Next finding', [{ code: 'F8' }], () => finding(1)),
    make('previous-finding', 'Previous finding', [{ code: 'F8', shift: true }], () => finding(-1)),
    make('back', 'Where I was before', [{ code: 'ArrowLeft', alt: true }], () => view.travel(-1)),
    make('forth', 'Where I was after', [{ code: 'ArrowRight', alt: true }], () => view.travel(1)),
    make('clear-selection', 'Clear the selection', [{ code: 'Escape' }], () => view.clearSelection()),
  ];
}

function windowCommands(workspace: Workspace, hasTrace: () => boolean): Command[] {
  const tab = (id: BottomTab, title: string, keys: Command['keys']): Command => ({
    id: `show-${id}`,
    title,
    group: 'Window',
    keys,
    available: hasTrace,
    run: () => (workspace.layout.bottomTab = id),
  });
  return [
    tab('throughput', 'Show the throughput', [{ code: 'Digit1' }]),
    tab('calls', 'Show the calls as a table', [{ code: 'KeyT' }, { code: 'Digit2' }]),
    tab('milestones', 'Show the milestones', [{ code: 'Digit3' }]),
    tab('host-cpu', "Show the use of the host's processors", [{ code: 'Digit4' }]),
    tab('statistics', 'Show the statistics of handlers', [{ code: 'Digit5' }]),
    tab('findings', 'Show the findings: broken rules of the specification', [{ code: 'Digit6' }]),
    tab('pending', 'Show what is pending at the cursor', [{ code: 'Digit7' }]),
    tab('breakpoints', 'Show the breakpoints', [{ code: 'Digit8' }]),
    tab('why', 'Show why something is so', [{ code: 'Digit9' }]),
    {
      id: 'ownership-lanes',
      title: 'Owners of the selected list or of the lists of the connection, as lanes and as a table',
      group: 'Debug',
      keys: [{ code: 'KeyO' }],
      available: hasTrace,
      run: () => {
        const { model } = workspace.trace.state;
        const event = workspace.view.selection.value ?? workspace.view.cursor.value.event;
        const scope = model === undefined || event < 0 ? undefined : scopeOf(model, event);
        if (scope !== undefined) workspace.bufferLane.scope.value = scope;
        else workspace.spoken.value = 'Select a call that passes a list, or one of a connection.';
        workspace.layout.bottomTab = 'lists';
      },
    },
    {
      id: 'by-hand',
      title: 'Do something by hand in a paused run',
      group: 'Debug',
      keys: [{ code: 'KeyH' }],
      available: hasTrace,
      run: () => {
        workspace.layout.bottomTab = 'by-hand';
        requestAnimationFrame(() =>
          document.querySelector<HTMLElement>('.by-hand input[name="by-hand-kind"]:checked')?.focus(),
        );
      },
    },
    {
      id: 'why',
      title: 'Why did the selected event happen?',
      group: 'Debug',
      keys: [{ code: 'KeyY' }],
      available: () => workspace.view.selection.value !== undefined,
      run: () => {
        const event = workspace.view.selection.value;
        if (event !== undefined) askWhy(workspace, { kind: 'event', event });
      },
    },
    {
      id: 'filter-calls',
      title: 'Filter the calls',
      group: 'Window',
      keys: [{ key: '/' }, { code: 'KeyF', control: true }],
      available: hasTrace,
      run: () => {
        workspace.layout.bottomTab = 'calls';
        requestAnimationFrame(() => document.querySelector<HTMLInputElement>('#calls-filter')?.focus());
      },
    },
    {
      id: 'choose-keys',
      title: 'Choose keys…',
      group: 'Window',
      keys: [],
      run: () => (workspace.dialog.value = 'keys'),
    },
    {
      id: 'toggle-theme',
      title: 'Theme: system, light, dark',
      group: 'Window',
      keys: [{ code: 'KeyL', control: true, shift: true }],
      run: () => workspace.theme.next(),
    },
    {
      id: 'command-palette',
      title: 'Find a command…',
      group: 'Window',
      keys: [{ code: 'KeyP', control: true, shift: true }],
      run: () => (workspace.dialog.value = 'palette'),
    },
    {
      id: 'show-help',
      title: 'Keyboard and help',
      group: 'Window',
      keys: [{ key: '?' }, { code: 'F1' }],
      run: () => (workspace.dialog.value = 'help'),
    },
  ];
}

/** What a scenario editor leaves of the other commands: those of the window, and the end of a run. */
const besidesEditor: ReadonlySet<string> = new Set([
  'toggle-theme',
  'command-palette',
  'show-help',
  'choose-keys',
  'stop',
]);

/** What acts on a trace has nothing to act on while the editor stands in front of it. */
function unlessEditing({ scenarioEditor }: Workspace, command: Command): Command {
  if (besidesEditor.has(command.id)) return command;
  return { ...command, available: () => !scenarioEditor.isOpen.value && command.available?.() !== false };
}

/** Registers everything. Ids of the native menu are among them, which the compiler checks. */
export function registerAppCommands(workspace: Workspace): void {
  const hasTrace = (): boolean => workspace.trace.state.model !== undefined;
  workspace.commands.register(
    ...scenarioCommands(workspace),
    ...[
      ...traceCommands(workspace),
      ...stepCommands(workspace),
      ...breakpointCommands(workspace),
      ...timeCommands(workspace, hasTrace),
      ...selectionCommands(workspace, hasTrace),
      ...windowCommands(workspace, hasTrace),
    ].map((command) => unlessEditing(workspace, command)),
  );
  workspace.platform.onMenuCommand((command: MenuCommand) => void workspace.commands.run(command));
}
