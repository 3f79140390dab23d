/** Rules of the area "intermediate" (IMD): drivers between the host stack and an offload target pass requests, completions and data on. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { dataRules } from './intermediate/data';
import { registrationRules } from './intermediate/registration';
import { treeRules } from './intermediate/trees';

/** See the file's head. */
export const intermediateRules: readonly Rule[] = [...registrationRules, ...treeRules, ...dataRules];

/** Rules of the area that records can't decide, each with the reason. */
export const intermediateUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'IMD-018':
    'Traces have no records of memory: when a call entry was freed, and whether an address in ImReserved was allocated anew, shows nowhere.',
};
