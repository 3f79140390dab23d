/** Rules of the area "terminate" (TRM): uploading, its preconditions, data in flight, returned state, hardware failure. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { receivedDataRules } from './terminate/data';
import { outstandingRules } from './terminate/outstanding';
import { terminateRequestRules } from './terminate/requests';
import { handOverWireRules } from './terminate/wire';

/** See the file's head. */
export const terminateRules: readonly Rule[] = [
  ...terminateRequestRules,
  ...outstandingRules,
  ...receivedDataRules,
  ...handOverWireRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const terminateUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'TRM-024': 'What the host stack hands to its application is no call of NDIS, and no record shows it.',
};
