/** Runs a seed of the soak under the eyes of the rules: nobody is bad in it, and no rule may find anything. */
import { RuleChecker } from '../../../shared/rules/engine/checker';
import type { Rule } from '../../../shared/rules/engine/rule';
import { checkingProbe } from '../observe/checkingProbe';
import { silentProbe } from '../observe/silentProbe';
import { SoakRun, type SoakResult, type SoakSettings } from '../soak/soakRun';

/** Bytes of each frame that rules see; as in a recording by default. */
const snapLength = 64;

/** Events of the emulator at a time. */
const slice = 100_000;

/** Runs to the end. */
export function runCheckedSoak(
  rules: readonly Rule[],
  settings: SoakSettings,
): { readonly checker: RuleChecker; readonly result: SoakResult } {
  const checker = new RuleChecker(rules);
  const run = new SoakRun(checkingProbe(silentProbe(), checker, snapLength), settings);
  while (run.advance(slice));
  const result = run.result();
  checker.onRecord({ kind: 'end', report: '{}' }, 0, result.virtualTime);
  checker.finish();
  return { checker, result };
}
