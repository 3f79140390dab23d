/** Rules of the area "initialization" (INZ): MiniportInitializeEx, its attributes, and the table of NDIS's entry points. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { attributeRules } from './initialization/attributes';
import { entryPointRules } from './initialization/entryPoints';
import { receivePoolRules } from './initialization/receivePools';

/** See the file's head. */
export const initializationRules: readonly Rule[] = [
  ...attributeRules,
  ...entryPointRules,
  ...receivePoolRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const initializationUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
