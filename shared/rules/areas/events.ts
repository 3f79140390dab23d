/** Rules of the area "events" (EVT): TcpIndicateXxx, with which a target tells of the peer's FIN and RST, asks for uploads, and names its backlog. */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';
import { eventCallRules } from './events/eventCalls';
import { peerCloseRules } from './events/peerClose';
import { peerResetRules } from './events/peerReset';
import { sendBacklogRules } from './events/sendBacklog';
import { uploadRequestRules } from './events/uploadRequests';

/** See the file's head. */
export const eventsRules: readonly Rule[] = [
  ...eventCallRules,
  ...peerCloseRules,
  ...peerResetRules,
  ...uploadRequestRules,
  ...sendBacklogRules,
];

/** Rules of the area that records can't decide, each with the reason. */
export const eventsUndecided: Readonly<Partial<Record<RuleId, string>>> = {
  'EVT-026':
    'Traces have no records of memory: that a scatter/gather list or buffer could not be had shows nowhere, so a missing request cannot be told from work that needed none.',
};
