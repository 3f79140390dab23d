/** Where a run pauses by itself, the window goes there: the event is selected as soon as it has been read, the finding as soon as the window's own check has come to it. */
import { watch } from 'vue';
import type { RunPause } from '../../shared/contract/runControl';
import type { Finding } from '../../shared/rules/engine/finding';
import type { FindingsView } from './findingsView';
import type { OpenTrace } from './openTrace';
import type { View } from './view';

function isOf(pause: Extract<RunPause, { cause: 'finding' }>, { rule, found }: Finding): boolean {
  return rule === pause.rule && found === pause.found;
}

/**
 * @param showFindings brings the list of findings to the front
 * @param isStepping whether the run only goes on until a step is done
 */
export function followPauses(
  trace: OpenTrace,
  view: View,
  findings: FindingsView,
  showFindings: () => void,
  isStepping: () => boolean = () => false,
): void {
  let selected: RunPause | undefined;
  let chosen: RunPause | undefined;
  let wasFollowing = false;
  watch(
    () => [trace.state.pause, trace.state.version, findings.version.value] as const,
    ([pause]) => {
      if (pause === undefined) {
        if (isStepping()) return;
        // Who looked at the growing end goes on doing so.
        if (selected !== undefined && wasFollowing) {
          view.clearSelection();
          view.following.value = true;
          view.grow();
        }
        selected = chosen = undefined;
        return;
      }
      const event = pause.cause === 'finding' ? pause.events.at(-1) : pause.event;
      const length = trace.state.model?.store?.length ?? 0;
      // A pause that was asked for disturbs nobody who looks elsewhere.
      if (event === undefined || event >= length || pause.cause === 'asked') return;
      if (selected !== pause) {
        if (selected === undefined) wasFollowing = view.following.value;
        selected = pause;
        view.select(event);
        if (pause.cause === 'finding') showFindings();
      }
      if (pause.cause !== 'finding') return;
      if (chosen === pause) return;
      const finding = findings.ofEvent(event).find((one) => isOf(pause, one));
      if (finding === undefined) return;
      chosen = pause;
      findings.chosen.value = finding;
    },
    { flush: 'sync' },
  );
}
