/** What a host on a real wire serves: HTTP, iperf3, and the small services of every Internet host. */
import { startService, type ServiceName } from '../services/hostServices';
import type { ServiceStart } from './wiredHost';

const names: readonly ServiceName[] = ['http', 'echo', 'discard', 'chargen', 'source', 'iperf3'];

/** A port with what is served there. */
export interface ServedPort {
  readonly port: number;
  readonly name: ServiceName;
}

/** Whether a word names a service. */
export function isServiceName(word: string): word is ServiceName {
  return names.some((name) => name === word);
}

/** Starts all of them on their conventional ports, and some on further ones. */
export function everyService(further: readonly ServedPort[] = []): ServiceStart {
  return (host, accepted) => {
    for (const { port, name } of further) startService(host, name, port, accepted);
    for (const name of names) startService(host, name, undefined, accepted);
  };
}
