/** Rules of the area "capabilities" (CAP): what adapters report, and what the host stack sets. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { parameterRules } from './capabilities/parameters';
import { reportRules } from './capabilities/reports';
import { tickRules } from './capabilities/ticks';

/** See the file's head. */
export const capabilitiesRules: readonly Rule[] = [...reportRules, ...parameterRules, ...tickRules];

/** Rules of the area that records can't decide, each with the reason. */
export const capabilitiesUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
