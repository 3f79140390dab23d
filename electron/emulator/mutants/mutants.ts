/** Every mutant, and every oddity that is legal. */
import type { LegalOddity, Mutant } from './mutant';
import { registrationMutants, registrationOddities } from './areas/registration';
import { initializationMutants, initializationOddities } from './areas/initialization';
import { capabilitiesMutants, capabilitiesOddities } from './areas/capabilities';
import { contextMutants, contextOddities } from './areas/context';
import { treeMutants, treeOddities } from './areas/tree';
import { initiateMutants, initiateOddities } from './areas/initiate';
import { updateMutants, updateOddities } from './areas/update';
import { queryMutants, queryOddities } from './areas/query';
import { invalidateMutants, invalidateOddities } from './areas/invalidate';
import { terminateMutants, terminateOddities } from './areas/terminate';
import { sendMutants, sendOddities } from './areas/send';
import { receiveMutants, receiveOddities } from './areas/receive';
import { indicateMutants, indicateOddities } from './areas/indicate';
import { forwardMutants, forwardOddities } from './areas/forward';
import { disconnectMutants, disconnectOddities } from './areas/disconnect';
import { eventsMutants, eventsOddities } from './areas/events';
import { reachabilityMutants, reachabilityOddities } from './areas/reachability';
import { timersMutants, timersOddities } from './areas/timers';
import { timestampsMutants, timestampsOddities } from './areas/timestamps';
import { wireMutants, wireOddities } from './areas/wire';
import { vlanPriorityMutants, vlanPriorityOddities } from './areas/vlanPriority';
import { rssMutants, rssOddities } from './areas/rss';
import { statisticsMutants, statisticsOddities } from './areas/statistics';
import { intermediateMutants, intermediateOddities } from './areas/intermediate';
import { statusPowerMutants, statusPowerOddities } from './areas/statusPower';

/** In the order of the catalogue's areas. */
export const mutants: readonly Mutant[] = [
  ...registrationMutants,
  ...initializationMutants,
  ...capabilitiesMutants,
  ...contextMutants,
  ...treeMutants,
  ...initiateMutants,
  ...updateMutants,
  ...queryMutants,
  ...invalidateMutants,
  ...terminateMutants,
  ...sendMutants,
  ...receiveMutants,
  ...indicateMutants,
  ...forwardMutants,
  ...disconnectMutants,
  ...eventsMutants,
  ...reachabilityMutants,
  ...timersMutants,
  ...timestampsMutants,
  ...wireMutants,
  ...vlanPriorityMutants,
  ...rssMutants,
  ...statisticsMutants,
  ...intermediateMutants,
  ...statusPowerMutants,
];

/** In the order of the catalogue's areas. */
export const legalOddities: readonly LegalOddity[] = [
  ...registrationOddities,
  ...initializationOddities,
  ...capabilitiesOddities,
  ...contextOddities,
  ...treeOddities,
  ...initiateOddities,
  ...updateOddities,
  ...queryOddities,
  ...invalidateOddities,
  ...terminateOddities,
  ...sendOddities,
  ...receiveOddities,
  ...indicateOddities,
  ...forwardOddities,
  ...disconnectOddities,
  ...eventsOddities,
  ...reachabilityOddities,
  ...timersOddities,
  ...timestampsOddities,
  ...wireOddities,
  ...vlanPriorityOddities,
  ...rssOddities,
  ...statisticsOddities,
  ...intermediateOddities,
  ...statusPowerOddities,
];
