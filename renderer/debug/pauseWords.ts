/** Why a run stands still, in words. Pure. */
import type { RunPause } from '../../shared/contract/runControl';
import type { Breakpoint } from '../../shared/debug/breakpoints';
import { ruleHeading } from '../../shared/rules/catalogue';
import { countOf } from '../format/quantity';
import { breakpointText } from './breakpointWords';

/**
 * What stands behind the instant.
 * @param breakpoints those that are set
 */
export function pauseWords(pause: RunPause, breakpoints: readonly Breakpoint[]): string {
  if (pause.cause === 'asked') return 'as you asked';
  if (pause.cause === 'step') return 'at the end of the step';
  if (pause.cause === 'breakpoint') {
    const names = pause.breakpoints.map((id) => {
      const found = breakpoints.find((one) => one.id === id);
      return found === undefined ? id : breakpointText(found);
    });
    return `at a breakpoint: ${names.join('; ')}`;
  }
  const others = pause.count - 1;
  const rule = `${pause.rule} ${ruleHeading(pause.rule).title}: ${pause.found}`;
  return others > 0 ? `${rule}, and ${countOf(others, 'more finding')}` : rule;
}
