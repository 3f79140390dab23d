/** Everything that a run depends on: with equal settings, two runs record the same trace, byte for byte. */
import type { HostCostSettings } from '../../../shared/analysis/hostCostModel';
import type { ChimneyRequest } from '../../../shared/contract/chimneyRequest';
import type { LinkRequest } from '../../../shared/contract/linkRequest';
import type { ScenarioDefinition } from '../../../shared/scenario/definition';
import type { Fault } from '../../../shared/scenario/faults';
import { noImpairments, type Impairments } from '../wire/impairments';
import type { DirectionSettings } from '../wire/link';
import type { DriverModules } from './moduleDriver';
import type { IpVersions } from './topology';

/** See the file's head. */
export interface ScenarioSettings {
  /** Its name: one of the library's, unless there is a definition. */
  readonly scenario: string;
  /** What happens; undefined: as the library has it. */
  readonly definition?: ScenarioDefinition | undefined;
  readonly seed: number;
  /** Probability that a frame is lost, each direction. */
  readonly loss: number;
  /** What else the links do; undefined: as the scenario has it. */
  readonly link?: LinkRequest | undefined;
  /** IP versions of the paths; undefined: IPv4. */
  readonly ipVersions?: IpVersions | undefined;
  /** Bytes to carry. */
  readonly file: Uint8Array;
  /** Seed from which the file was made up; undefined: it is somebody's. It changes no run, only what its trace says. */
  readonly fileSeed?: number | undefined;
  /** What the host offloads by itself; undefined: the scenario decides. */
  readonly chimney?: ChimneyRequest | undefined;
  /** What networking costs the host's processors; undefined: a server of 2004. It changes no run, only what is reckoned from it. */
  readonly hostCost?: HostCostSettings | undefined;
  /** Driver modules in the places of built-in drivers. */
  readonly drivers?: DriverModules;
  /** What goes wrong on purpose besides the faults of the definition. */
  readonly faults?: readonly Fault[] | undefined;
}

/** The link of all built-in scenarios: gigabit Ethernet over a short distance. */
export const gigabitLink = {
  bitsPerSecond: 1_000_000_000,
  delay: 50_000,
  queueBytes: 512 * 1024,
} as const;

/** The links of a run: gigabit Ethernet, with what was asked for. */
export function requestedLink(request: LinkRequest = {}): Omit<DirectionSettings, 'loss'> {
  const { bitsPerSecond, delay, queueBytes, burstLoss, ...rest } = request;
  const impairments: Impairments = {
    ...noImpairments,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    burstLoss: burstLoss === undefined ? undefined : { ...burstLoss, lossInGood: 0, lossInBad: 1 },
  };
  return {
    bitsPerSecond: bitsPerSecond ?? gigabitLink.bitsPerSecond,
    delay: delay ?? gigabitLink.delay,
    queueBytes: queueBytes ?? gigabitLink.queueBytes,
    impairments,
  };
}
