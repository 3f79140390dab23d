/** A definition with what was asked for besides it, on the command line or in the window: what a run really depends on. */
import type { ChimneyRequest } from '../contract/chimneyRequest';
import type { LinkRequest } from '../contract/linkRequest';
import type { ScenarioDefinition } from './definition';
import type { Fault } from './faults';

/** What may be asked for besides; what is undefined is as the definition has it. */
export interface ScenarioWishes {
  /** Probability that a frame is lost, each direction. */
  readonly loss?: number | undefined;
  readonly link?: LinkRequest | undefined;
  readonly ipVersions?: ScenarioDefinition['topology']['ipVersions'] | undefined;
  readonly chimney?: ChimneyRequest | undefined;
  /** Faults besides the definition's. */
  readonly faults?: readonly Fault[] | undefined;
  /** Bytes that are carried. */
  readonly bytes?: number | undefined;
}

/** What a link does to frames only where its number is not 0. */
const impairments: readonly string[] = ['duplicate', 'reorder', 'corrupt', 'jitter'];

/** See the file's head. An impairment of 0 is none: a run that was asked for it is the run that was not. */
export function effectiveDefinition(
  definition: ScenarioDefinition,
  { loss, link = {}, ipVersions, chimney, faults = [], bytes }: ScenarioWishes,
): ScenarioDefinition {
  const { topology, workload, policy } = definition;
  const { bitsPerSecond, delay, queueBytes, ...others } = link;
  const asked = { rate: bitsPerSecond, delay, queue: queueBytes, ...others, loss };
  const given = Object.fromEntries(
    Object.entries(asked)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value === 0 && impairments.includes(name) ? undefined : value]),
  );
  return {
    ...definition,
    topology: {
      ...topology,
      ipVersions: ipVersions ?? topology.ipVersions,
      link: { ...topology.link, ...given },
    },
    faults: [...definition.faults, ...faults],
    workload: { ...workload, bytes: bytes ?? workload.bytes },
    policy: chimney === undefined ? policy : { ...policy, chimney },
  };
}
