/** Commands about breakpoints. */
import type { BreakpointTrigger } from '../../shared/debug/breakpoints';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId } from '../../shared/trace/records';
import { offloadStateVariables } from '../../shared/ddi/offloadState';
import type { Workspace } from '../app/workspace';
import type { Command } from '../commands/registry';
import { triggerText, triggerTitles } from './breakpointWords';

/** What a breakpoint on an event would look at; undefined for events that name nothing which could come again. */
export function triggerOf(model: TraceModel, event: EventId): BreakpointTrigger | undefined {
  const record = model.store?.record(event);
  if (record === undefined) return undefined;
  if (record.kind === 'call') return { kind: 'handler', name: record.functionName };
  if (record.kind === 'return') {
    const name = model.calls.at(record.call)?.functionName;
    return name === undefined ? undefined : { kind: 'handler', name };
  }
  if (record.kind !== 'state-change') return undefined;
  const layer = model.store?.stateObjects[record.object]?.layer;
  const [change] = record.changes;
  const variable =
    layer === undefined || change === undefined ? undefined : offloadStateVariables(layer)[change.variable];
  return variable === undefined ? undefined : { kind: 'field', name: variable.name, object: record.object };
}

/** Adds a breakpoint or takes it away, and says so. */
export function toggleBreakpoint({ breakpoints, spoken }: Workspace, on: BreakpointTrigger): void {
  const words = `${triggerTitles[on.kind]} ${triggerText(on)}`;
  spoken.value = breakpoints.toggle(on) ? `Breakpoint set: ${words}` : `Breakpoint taken away: ${words}`;
}

/** Goes to the next hit, or the one before. */
function goToHit({ breakpointSearch, view, spoken }: Workspace, by: -1 | 1): void {
  const { event } = view.cursor.value;
  if (by < 0) {
    const stop = breakpointSearch.before(event);
    if (stop === undefined) spoken.value = 'No breakpoint is hit before this event.';
    else view.select(stop.record);
    return;
  }
  breakpointSearch.after(event, (stop) => {
    if (stop === undefined) spoken.value = 'No breakpoint is hit behind this event.';
    else view.select(stop.record);
  });
}

/** See the file's head. */
export function breakpointCommands(workspace: Workspace): Command[] {
  const { trace, view, platform, stepper, breakpoints } = workspace;
  const hasTrace = (): boolean => trace.state.model !== undefined;
  const isSet = (): boolean => hasTrace() && breakpoints.active.value > 0;
  return [
    {
      id: 'resume',
      title: 'Go on: a paused run, or in a file to the next hit of a breakpoint',
      group: 'Debug',
      keys: [{ code: 'F5' }],
      available: () => trace.state.pause !== undefined || (trace.state.phase === 'ready' && isSet()),
      run: () => {
        if (trace.state.pause === undefined) goToHit(workspace, 1);
        else {
          stepper.letGo();
          void platform.controlRecording({ kind: 'resume' });
        }
      },
    },
    {
      id: 'resume-backward',
      title: 'Go back to the hit of a breakpoint before',
      group: 'Debug',
      keys: [{ code: 'F5', control: true }],
      available: isSet,
      run: () => goToHit(workspace, -1),
    },
    {
      id: 'next-hit',
      title: 'Next hit of a breakpoint in what is recorded',
      group: 'Debug',
      keys: [],
      available: isSet,
      run: () => goToHit(workspace, 1),
    },
    {
      id: 'toggle-breakpoint',
      title: 'Breakpoint at the selected handler or state variable, on or off',
      group: 'Debug',
      keys: [{ code: 'F9' }],
      available: hasTrace,
      run: () => {
        const { model } = trace.state;
        const event = view.selection.value;
        const on = model === undefined || event === undefined ? undefined : triggerOf(model, event);
        if (on === undefined) workspace.spoken.value = 'Select a call or a change of state to break on it.';
        else toggleBreakpoint(workspace, on);
      },
    },
  ];
}
