/** Rules of the area "disconnect" (DSC): graceful and abortive close by the local side. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { disconnectCompletionRules } from './disconnect/completions';
import { disconnectRequestRules } from './disconnect/requests';
import { disconnectWireRules } from './disconnect/wire';

/** See the file's head. */
export const disconnectRules: readonly Rule[] = [
  ...disconnectRequestRules,
  ...disconnectWireRules,
  ...disconnectCompletionRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const disconnectUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'DSC-030':
    'A trace records neither the allocation nor the release of what a driver keeps in a NET_BUFFER_LIST.',
};
