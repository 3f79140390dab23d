/** Why a run stands still, in words. Pure. */
import type { RunPause } from '../../shared/contract/runControl';
import { ruleHeading } from '../../shared/rules/catalogue';
import { countOf } from '../format/quantity';

/** What stands behind the instant. */
export function pauseWords(pause: RunPause): string {
  switch (pause.cause) {
    case 'asked':
      return 'as you asked';
    case 'step':
      return 'at the end of the step';
    case 'breakpoint':
      return pause.breakpoints.length === 1
        ? 'at a breakpoint'
        : `at ${countOf(pause.breakpoints.length, 'breakpoint')}`;
    case 'finding':
      break;
  }
  const others = pause.count - 1;
  const rule = `${pause.rule} ${ruleHeading(pause.rule).title}: ${pause.found}`;
  return others > 0 ? `${rule}, and ${countOf(others, 'more finding')}` : rule;
}
