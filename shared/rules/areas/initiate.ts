/** Rules of the area "initiate" (INI): what is offered, taken and refused, and what follows at once. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { answerRules } from './initiate/answers';
import { openOffloadRules } from './initiate/openOffload';
import { offeredStateRules } from './initiate/offeredState';
import { receivedDataRules } from './initiate/receivedData';
import { sendDataRules } from './initiate/sendData';

/** See the file's head. */
export const initiateRules: readonly Rule[] = [
  ...offeredStateRules,
  ...answerRules,
  ...openOffloadRules,
  ...sendDataRules,
  ...receivedDataRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const initiateUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'INI-025':
    'A trace records no memory that is freed, and the lists of BufferedData appear in no call after the completion.',
  'INI-027': 'A trace records no allocation that fails, so that the cause of a refusal is not known.',
};
