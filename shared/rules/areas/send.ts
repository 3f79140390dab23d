/** Rules of the area "send" (SND): MiniportTcpOffloadSend and its completion. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { sendCompletionRules } from './send/completions';
import { sendRequestRules } from './send/requests';
import { sendWireRules } from './send/wire';

/** See the file's head. */
export const sendRules: readonly Rule[] = [...sendRequestRules, ...sendCompletionRules, ...sendWireRules];

/** Rules of the area that records can't decide, each with the reason. */
export const sendUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'SND-011':
    'No member of a NET_BUFFER_LIST marks urgent data: a send with urgent bytes looks like any other when it is posted.',
  'SND-033': 'Records know the three levels up to DISPATCH_LEVEL, none above it.',
};
