/**
 * Rules that the catalogue holds for decidable by trace or wire, and that the checker doesn't decide, each with the reason: what
 * the records lack, or what nobody outside a driver can know.
 */
import type { RuleId } from './catalogue';
import { registrationUndecided } from './areas/registration';
import { initializationUndecided } from './areas/initialization';
import { capabilitiesUndecided } from './areas/capabilities';
import { contextUndecided } from './areas/context';
import { treeUndecided } from './areas/tree';
import { initiateUndecided } from './areas/initiate';
import { updateUndecided } from './areas/update';
import { queryUndecided } from './areas/query';
import { invalidateUndecided } from './areas/invalidate';
import { terminateUndecided } from './areas/terminate';
import { sendUndecided } from './areas/send';
import { receiveUndecided } from './areas/receive';
import { indicateUndecided } from './areas/indicate';
import { forwardUndecided } from './areas/forward';
import { disconnectUndecided } from './areas/disconnect';
import { eventsUndecided } from './areas/events';
import { reachabilityUndecided } from './areas/reachability';
import { timersUndecided } from './areas/timers';
import { timestampsUndecided } from './areas/timestamps';
import { wireUndecided } from './areas/wire';
import { vlanPriorityUndecided } from './areas/vlanPriority';
import { rssUndecided } from './areas/rss';
import { statisticsUndecided } from './areas/statistics';
import { intermediateUndecided } from './areas/intermediate';
import { statusPowerUndecided } from './areas/statusPower';

/** See the file's head. */
export const undecidedRules: Readonly<Partial<Record<RuleId, string>>> = {
  ...registrationUndecided,
  ...initializationUndecided,
  ...capabilitiesUndecided,
  ...contextUndecided,
  ...treeUndecided,
  ...initiateUndecided,
  ...updateUndecided,
  ...queryUndecided,
  ...invalidateUndecided,
  ...terminateUndecided,
  ...sendUndecided,
  ...receiveUndecided,
  ...indicateUndecided,
  ...forwardUndecided,
  ...disconnectUndecided,
  ...eventsUndecided,
  ...reachabilityUndecided,
  ...timersUndecided,
  ...timestampsUndecided,
  ...wireUndecided,
  ...vlanPriorityUndecided,
  ...rssUndecided,
  ...statisticsUndecided,
  ...intermediateUndecided,
  ...statusPowerUndecided,
};
