/** Rules of the area "registration" (REG): SetOptions, NdisSetOptionalHandlers and what is registered with it. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { handlerStructureRules } from './registration/handlerStructures';
import { registrationCallRules } from './registration/registrationCalls';
import { registrationResultRules } from './registration/registrationResults';

/** See the file's head. */
export const registrationRules: readonly Rule[] = [
  ...registrationCallRules,
  ...handlerStructureRules,
  ...registrationResultRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const registrationUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'REG-006':
    'No function of filter drivers is in the catalogue, so that a trace shows neither FilterSetOptions nor FilterSetModuleOptions around a registration.',
};
