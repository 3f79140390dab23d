/** Rules of the area "receive" (RCV): posted receives, their completion, and the delivery algorithm. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { receiveCompletionRules } from './receive/completions';
import { deliveryRules } from './receive/delivery';
import { receiveModeRules } from './receive/modes';
import { receivedInOrder } from './receive/stream';
import { receiveRequestRules } from './receive/requests';

/** See the file's head. */
export const receiveRules: readonly Rule[] = [
  ...receiveRequestRules,
  ...receiveCompletionRules,
  ...receiveModeRules,
  ...deliveryRules,
  receivedInOrder,
];

/** Rules of the area that records can't decide, each with the reason. */
export const receiveUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
