/** What an administrator configures of a team of adapters. */
export interface TeamSettings {
  /** Name of the virtual miniport that the team presents. */
  readonly adapterName: string;
  /** Names of the adapters that belong to the team; the first that is usable begins. */
  readonly members: readonly string[];
  /**
   * `failover`: one member carries everything as long as it can, the others stand by. `load-balancing`: each neighbor's traffic goes through the
   * member that its Ethernet address falls to, as with a static link aggregation on the switch.
   */
  readonly mode: 'failover' | 'load-balancing';
  /** Whether chimney functions are registered on both edges; without them NDIS keeps chimney offload away (IMD-002). */
  readonly chimney: boolean;
  /** Sends that there is memory for at a time (IMD-025). */
  readonly sendEntries: number;
}

/** A team for failover with memory for everything. */
export const defaultTeamSettings: Omit<TeamSettings, 'adapterName' | 'members'> = {
  mode: 'failover',
  chimney: true,
  sendEntries: Infinity,
};
