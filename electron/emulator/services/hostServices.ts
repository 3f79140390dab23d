/** Services on the ports of an emulated host: what its peers talk to. */
import type { HostConnection } from '../host/hostConnection';
import type { HostStack } from '../host/hostStack';
import type { HostListener } from '../host/listener';
import { httpService } from './httpServer';
import { iperfService } from './iperfServer';
import type { Service, ServiceClock } from './serviceConnection';
import {
  characterGeneratorService,
  discardService,
  echoService,
  noTotals,
  sourceService,
  type ServiceTotals,
} from './simpleServices';

/** What a host can serve. */
export type ServiceName = 'echo' | 'discard' | 'chargen' | 'source' | 'http' | 'iperf3';

/** Ports that the services have by convention; a source has none (the first free one beside iperf's). */
export const servicePorts: Readonly<Record<ServiceName, number>> = {
  echo: 7,
  discard: 9,
  chargen: 19,
  http: 80,
  source: 5002,
  iperf3: 5201,
};

/** How long a connection of HTTP or iperf3 may be idle, virtual ns. */
const idleTime = 120_000_000_000;

/** A service at work. */
export interface RunningService {
  readonly name: ServiceName;
  readonly port: number;
  readonly listener: HostListener;
  readonly totals: ServiceTotals;
}

function clockOf(host: HostStack): ServiceClock {
  return {
    idleTime,
    now: () => host.kernel.now,
    allocateTimer: (routine) => host.kernel.allocateTimer(routine),
  };
}

function serviceOf(name: ServiceName, host: HostStack, totals: ServiceTotals): Service {
  switch (name) {
    case 'echo':
      return echoService(totals);
    case 'discard':
      return discardService(totals);
    case 'chargen':
      return characterGeneratorService(totals);
    case 'source':
      return sourceService(1, Infinity, totals);
    case 'http':
      return httpService(totals, clockOf(host));
    case 'iperf3':
      return iperfService(clockOf(host), totals);
  }
}

/**
 * Starts a service on a port, its conventional one if none is named; undefined if somebody listens there already. `accepted` hears of
 * every connection, before its service does.
 */
export function startService(
  host: HostStack,
  name: ServiceName,
  port = servicePorts[name],
  accepted: (connection: HostConnection) => void = () => undefined,
): RunningService | undefined {
  const totals = noTotals();
  const service = serviceOf(name, host, totals);
  const listener = host.listen(port, {}, (connection) => {
    accepted(connection);
    return service(connection);
  });
  return listener === undefined ? undefined : { name, port, listener, totals };
}
