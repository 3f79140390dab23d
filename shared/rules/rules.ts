/** Every rule that the checker implements. */
import type { RuleId } from './catalogue';
import type { Rule } from './engine/rule';
import { registrationRules } from './areas/registration';
import { initializationRules } from './areas/initialization';
import { capabilitiesRules } from './areas/capabilities';
import { contextRules } from './areas/context';
import { treeRules } from './areas/tree';
import { initiateRules } from './areas/initiate';
import { updateRules } from './areas/update';
import { queryRules } from './areas/query';
import { invalidateRules } from './areas/invalidate';
import { terminateRules } from './areas/terminate';
import { sendRules } from './areas/send';
import { receiveRules } from './areas/receive';
import { indicateRules } from './areas/indicate';
import { forwardRules } from './areas/forward';
import { disconnectRules } from './areas/disconnect';
import { eventsRules } from './areas/events';
import { reachabilityRules } from './areas/reachability';
import { timersRules } from './areas/timers';
import { timestampsRules } from './areas/timestamps';
import { wireRules } from './areas/wire';
import { vlanPriorityRules } from './areas/vlanPriority';
import { rssRules } from './areas/rss';
import { statisticsRules } from './areas/statistics';
import { intermediateRules } from './areas/intermediate';
import { statusPowerRules } from './areas/statusPower';

/** In the order of the catalogue's areas. */
export const implementedRules: readonly Rule[] = [
  ...registrationRules,
  ...initializationRules,
  ...capabilitiesRules,
  ...contextRules,
  ...treeRules,
  ...initiateRules,
  ...updateRules,
  ...queryRules,
  ...invalidateRules,
  ...terminateRules,
  ...sendRules,
  ...receiveRules,
  ...indicateRules,
  ...forwardRules,
  ...disconnectRules,
  ...eventsRules,
  ...reachabilityRules,
  ...timersRules,
  ...timestampsRules,
  ...wireRules,
  ...vlanPriorityRules,
  ...rssRules,
  ...statisticsRules,
  ...intermediateRules,
  ...statusPowerRules,
];

const byId = new Map(implementedRules.map((one) => [one.id, one]));

/** The implementation of a rule; undefined if there is none. */
export function implementationOf(id: RuleId): Rule | undefined {
  return byId.get(id);
}
