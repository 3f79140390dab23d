/** Rules of the area "tree" (TRE): block lists, how they hang together, and how they travel. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { completionRules } from './tree/completion';
import { conversionRules } from './tree/conversion';
import { requestRules } from './tree/requests';
import { shapeRules } from './tree/shape';
import { typeRules } from './tree/types';
import { untouchedRules } from './tree/untouched';

/** See the file's head. */
export const treeRules: readonly Rule[] = [
  ...typeRules,
  ...shapeRules,
  ...requestRules,
  ...conversionRules,
  ...completionRules,
  ...untouchedRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const treeUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
