/** Everything that the parts of the window share, made once and handed down. */
import { inject, ref, shallowRef, watch, type InjectionKey, type Ref, type ShallowRef } from 'vue';
import type { ChosenDriverModule } from '../../shared/contract/desktopBridge';
import type { Finding } from '../../shared/rules/engine/finding';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { checkBreakpoint } from '../../shared/debug/checkedBreakpoint';
import { Breakpoints } from '../debug/breakpoints';
import { BreakpointSearch } from '../debug/breakpointSearch';
import { RunsAgain } from '../debug/runsAgain';
import { ScenarioEditor } from '../scenario/scenarioEditor';
import { HandEdits } from '../debug/handEdits';
import { KeyChoices } from '../debug/keyChoices';
import { Stepper } from '../debug/stepper';
import type { WrittenFault } from '../../shared/scenario/faults';
import type { EventId } from '../../shared/trace/records';
import { CommandRegistry } from '../commands/registry';
import type { Platform } from '../platform/platform';
import { breakingEvent, FindingsView } from '../stores/findingsView';
import { createLayoutChoices, type LayoutChoices } from '../stores/layoutChoices';
import { followPauses } from '../stores/followPauses';
import { Notices } from '../stores/notices';
import { OpenTrace } from '../stores/openTrace';
import { RuleCheck } from '../stores/ruleCheck';
import { View } from '../stores/view';
import { createTheme, type Theme } from '../theme/theme';
import { FrameScheduler } from '../timeline/frameScheduler';
import { BufferLaneChoice } from '../timeline/bufferLaneChoice';
import { LaneIndex } from '../timeline/laneIndex';
import { CallFilter } from '../views/calls/callFilter';

/** The dialogs, of which at most one is open. */
export type DialogName = 'scenarios' | 'help' | 'palette' | 'keys';

/** A question for a reason: of an event, or of the value that a state variable has right after one. */
export type WhyQuestion =
  | { readonly kind: 'event'; readonly event: EventId }
  | { readonly kind: 'value'; readonly event: EventId; readonly object: number; readonly variable: number };

/** See the file's head. */
export interface Workspace {
  readonly platform: Platform;
  readonly notices: Notices;
  readonly trace: OpenTrace;
  readonly view: View;
  readonly theme: Theme;
  readonly layout: LayoutChoices;
  readonly commands: CommandRegistry;
  readonly keys: KeyChoices;
  readonly stepper: Stepper;
  /** What is done by hand while a run stands still. */
  readonly handEdits: HandEdits;
  readonly breakpoints: Breakpoints;
  /** Where they are hit in the shown trace. */
  readonly breakpointSearch: BreakpointSearch;
  readonly frames: FrameScheduler;
  /** Rows of the shown trace; replaced with the trace, updated with its version. */
  readonly laneIndex: ShallowRef<LaneIndex | undefined>;
  readonly callFilter: CallFilter;
  readonly ruleCheck: RuleCheck;
  readonly findings: FindingsView;
  readonly dialog: Ref<DialogName | undefined>;
  /** A file that waits to be sent by the scenario dialog. */
  readonly fileToSend: ShallowRef<
    { readonly token: string; readonly name: string; readonly bytes: number } | undefined
  >;
  /** A trusted driver module that the scenario dialog records with, until the user takes it out. */
  readonly driverModule: ShallowRef<ChosenDriverModule | undefined>;
  /** The lists whose owners the timeline shows. */
  readonly bufferLane: BufferLaneChoice;
  /** What is to go wrong on purpose in recordings that the scenario dialog starts, as it is written. */
  readonly faults: ShallowRef<readonly WrittenFault[]>;
  /** What the user has asked the reason of. */
  readonly why: ShallowRef<WhyQuestion | undefined>;
  readonly scenarioEditor: ScenarioEditor;
  readonly runsAgain: RunsAgain;
  /** What the live region says. */
  readonly spoken: Ref<string>;
}

const workspaceKey: InjectionKey<Workspace> = Symbol('workspace');

/** Makes the workspace of a window. */
export function createWorkspace(platform: Platform): Workspace {
  const notices = new Notices();
  const trace = new OpenTrace(notices);
  const view = new View(() => trace.state.model);
  const laneIndex = shallowRef<LaneIndex>();
  const why = shallowRef<WhyQuestion>();
  const commands = new CommandRegistry();
  const layout = createLayoutChoices();
  const ruleCheck = new RuleCheck();
  const findings = new FindingsView();
  watch(
    () => [trace.state.generation, trace.state.version] as const,
    ([generation], [before]) => {
      const { model } = trace.state;
      if (model === undefined) return;
      if (generation !== before) {
        laneIndex.value = new LaneIndex(model);
        view.reset();
        why.value = undefined;
        void ruleCheck.start(model);
      }
      laneIndex.value?.update();
      view.grow();
      ruleCheck.grow(trace.state.phase === 'ready');
    },
    { flush: 'sync' },
  );
  watch(
    () => ruleCheck.state.findings,
    (list) => findings.update(trace.state.model, list),
    { flush: 'sync' },
  );
  watch(
    () => [layout.breakOnFinding, layout.breakSeverity] as const,
    ([isOn, severity]) => void platform.controlRecording({ kind: 'break-on', least: isOn ? severity : null }),
  );
  const spoken = ref('');
  const stepper = new Stepper(
    trace,
    view,
    (condition) => void platform.controlRecording({ kind: 'step', until: condition }),
    (words) => (spoken.value = words),
  );
  watch(
    () => trace.state.phase,
    (phase) => {
      if (phase !== 'live') stepper.letGo();
    },
    { flush: 'sync' },
  );
  const handEdits = new HandEdits(
    trace,
    view,
    (wish) => void platform.controlRecording(wish),
    (words) => (spoken.value = words),
  );
  const callFilter = new CallFilter(trace);
  const breakpoints = new Breakpoints();
  const breakpointSearch = new BreakpointSearch();
  watch(
    () => [breakpoints.list.value, trace.state.generation, trace.state.phase] as const,
    ([list]) => {
      const { model } = trace.state;
      if (model === undefined) return;
      const vocabulary = callFilter.vocabulary();
      const sound = list.filter((one) => checkBreakpoint(one, vocabulary).ok);
      void breakpointSearch.start(model, sound, vocabulary);
    },
    { flush: 'sync' },
  );
  watch(
    () => [breakpoints.list.value, trace.state.phase === 'live'] as const,
    ([list, isLive], [before]) => {
      // A run begins without any: only who has set some, or takes away the last, has something to say.
      if (isLive && (list.length > 0 || before.length > 0))
        void platform.controlRecording({ kind: 'breakpoints', breakpoints: [...list] });
    },
    { flush: 'sync' },
  );
  watch(
    () => trace.state.version,
    () => breakpointSearch.grow(),
    { flush: 'sync' },
  );
  followPauses(
    trace,
    view,
    findings,
    () => (layout.bottomTab = 'findings'),
    () => stepper.isStepping || handEdits.isBusy,
  );
  watch(
    () => layout.singleKeys,
    (singleKeys) => (commands.singleKeys = singleKeys),
    { immediate: true },
  );
  return {
    platform,
    notices,
    trace,
    view,
    theme: createTheme(),
    layout,
    commands,
    keys: new KeyChoices(commands),
    stepper,
    handEdits,
    breakpoints,
    breakpointSearch,
    frames: new FrameScheduler(),
    laneIndex,
    callFilter,
    ruleCheck,
    findings,
    dialog: ref(),
    fileToSend: shallowRef(),
    driverModule: shallowRef(),
    faults: shallowRef([]),
    bufferLane: new BufferLaneChoice(trace),
    why,
    scenarioEditor: new ScenarioEditor(),
    runsAgain: new RunsAgain(platform, trace, view, notices, () => (layout.bottomTab = 'difference')),
    spoken,
  };
}

/** The workspace that a component stands in. */
export function useWorkspace(): Workspace {
  const workspace = inject(workspaceKey);
  if (workspace === undefined) throw new Error('this component needs a workspace around it');
  return workspace;
}

/** The shown trace; call it inside templates and computed values that should follow the trace's growth. */
export function shownModel(workspace: Workspace): TraceModel | undefined {
  // Reading the version is what makes a computed value follow it.
  return workspace.trace.state.version >= 0 ? workspace.trace.state.model : undefined;
}

/** Shows a finding's page, and selects the record that breaks the rule. */
export function showFinding(workspace: Workspace, finding: Finding): void {
  const event = breakingEvent(finding);
  workspace.findings.chosen.value = finding;
  workspace.layout.bottomTab = 'findings';
  if (event !== undefined) workspace.view.select(event);
}

/** Asks why something is so, and shows the answer. */
export function askWhy(workspace: Workspace, question: WhyQuestion): void {
  workspace.why.value = question;
  workspace.layout.bottomTab = 'why';
}

export { workspaceKey };
