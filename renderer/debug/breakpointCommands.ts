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

/** See the file's head. */
export function breakpointCommands(workspace: Workspace): Command[] {
  const { trace, platform, stepper } = workspace;
  return [
    {
      id: 'resume',
      title: 'Let a paused run go on',
      group: 'Debug',
      keys: [{ code: 'F5' }],
      available: () => trace.state.pause !== undefined,
      run: () => {
        stepper.letGo();
        void platform.controlRecording({ kind: 'resume' });
      },
    },
  ];
}
