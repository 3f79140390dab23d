/** What a host on a real wire serves: HTTP, and the small services of every Internet host. */
import { startService, type ServiceName } from '../services/hostServices';
import type { ServiceStart } from './wiredHost';

const names: readonly ServiceName[] = ['http', 'echo', 'discard', 'chargen', 'source'];

/** Starts all of them on their conventional ports. */
export const everyService: ServiceStart = (host, accepted) => {
  for (const name of names) startService(host, name, undefined, accepted);
};
