/** Rules of the area "timestamps" (TMS): one clock of a connection over all hand-overs (section 10 of the data digest). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { clockRules } from './timestamps/clock';
import { echoRules } from './timestamps/echoes';
import { handOverRules } from './timestamps/handOvers';

/** See the file's head. */
export const timestampsRules: readonly Rule[] = [...clockRules, ...handOverRules, ...echoRules];

/** Rules of the area that records can't decide, each with the reason. */
export const timestampsUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
