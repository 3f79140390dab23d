/** Rules of the area "indicate" (IND): receive indications, and the return of indicated lists. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { indicationRules } from './indicate/indications';
import { refusedDataRules } from './receive/stream';
import { returnRules } from './indicate/returns';

/** See the file's head. */
export const indicateRules: readonly Rule[] = [...indicationRules, ...returnRules, ...refusedDataRules];

/** Rules of the area that records can't decide, each with the reason. */
export const indicateUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'IND-013':
    'Who reads or writes the memory of a list is not recorded; where the client gives a refused list back, IND-014 decides.',
};
