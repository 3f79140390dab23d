/**
 * The team that both edges share: its members, what is offloaded through them, and who takes what. It is the device context of the
 * virtual miniport.
 */
import {
  OpenIndications,
  type ConnectionOffload,
  type DRIVER_OBJECT,
  type NDIS_HANDLE,
  type NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
  type PVOID,
} from '../kit';
import { aggregationHash } from '../wire/linkAggregation';
import { LentLists } from './lentLists';
import { OffloadEntries } from './offloadEntry';
import type { TeamMember } from './teamMember';
import type { TeamSettings } from './teamSettings';

/** The virtual miniport of a team, once it is up. */
export interface VirtualMiniport {
  /** NdisMiniportHandle of MiniportInitializeEx. */
  readonly handle: NDIS_HANDLE;
  /** NDIS's entry points from NdisMGetOffloadHandlers; undefined without chimney. */
  readonly upcalls: NDIS_TCP_OFFLOAD_EVENT_HANDLERS | undefined;
}

/** See the file's head. */
export class Team implements PVOID {
  readonly address: number;
  readonly members: TeamMember[] = [];
  readonly entries = new OffloadEntries();
  /** Lists of the packet path and of offloaded connections that are with the drivers above. */
  readonly lentPackets = new LentLists();
  readonly lentReceives = new LentLists();
  /** The virtual miniport, from MiniportInitializeEx to MiniportHaltEx. */
  miniport: VirtualMiniport | undefined;
  /** Whether the virtual miniport is below full power. */
  asleep = false;
  /** Indications about the adapter or a neighbor. */
  readonly indications: OpenIndications;
  private usableMembers: readonly TeamMember[] = [];
  /** The member that carries everything in failover mode; it stays while it can. */
  private active: TeamMember | undefined;

  constructor(
    readonly driver: DRIVER_OBJECT,
    readonly settings: TeamSettings,
  ) {
    this.address = driver.kernel.allocate(0x100);
    this.indications = new OpenIndications(driver.kernel);
  }

  /** Members that packets can go through, in the configured order. */
  get usable(): readonly TeamMember[] {
    return this.usableMembers;
  }

  /** Members that traffic goes through at present: in failover mode one of those that are usable. */
  get carriers(): readonly TeamMember[] {
    if (this.settings.mode === 'load-balancing') return this.usableMembers;
    return this.active === undefined ? [] : [this.active];
  }

  /** A member has come, has gone, or can or can't be used any more. */
  membersChanged(): void {
    this.usableMembers = this.settings.members.flatMap(
      (name) => this.members.find((member) => member.name === name && member.isUsable) ?? [],
    );
    if (this.active?.isUsable !== true) this.active = this.usableMembers[0];
  }

  /** The member for traffic to an Ethernet address; undefined while none is usable. */
  memberFor(destinationMac: Uint8Array): TeamMember | undefined {
    if (this.settings.mode === 'failover') return this.active;
    const { usableMembers } = this;
    return usableMembers[aggregationHash(destinationMac) % usableMembers.length];
  }

  /** What the team can take now: in failover mode what its one carrier can, otherwise what all can together. */
  get capabilities(): ConnectionOffload | undefined {
    return together(this.carriers.flatMap((member) => member.capabilities ?? []));
  }

  /** As `capabilities`, of what the hardware can take at most. */
  get hardwareCapabilities(): ConnectionOffload | undefined {
    return together(this.carriers.flatMap((member) => member.hardwareCapabilities ?? []));
  }

  /** NdisMiniportHandle of the virtual miniport.
   * @throws Error while it is not up. */
  get handle(): NDIS_HANDLE {
    return this.up.handle;
  }

  /** NDIS's entry points for the virtual miniport.
   * @throws Error while it is not up, or without chimney. */
  get upcalls(): NDIS_TCP_OFFLOAD_EVENT_HANDLERS {
    const { upcalls } = this.up;
    if (upcalls === undefined) throw new Error('the team has no chimney');
    return upcalls;
  }

  private get up(): VirtualMiniport {
    if (this.miniport === undefined) throw new Error(`${this.settings.adapterName} is not up`);
    return this.miniport;
  }
}

/** What several adapters can take together; each connection may fall to any of them. */
function together(offloads: readonly ConnectionOffload[]): ConnectionOffload | undefined {
  if (offloads.length === 0) return undefined;
  return {
    SupportIPv4: offloads.every((offload) => offload.SupportIPv4),
    SupportIPv6: offloads.every((offload) => offload.SupportIPv6),
    SupportSack: offloads.every((offload) => offload.SupportSack === true),
    TcpConnectionOffloadCapacity: offloads.reduce(
      (sum, offload) => sum + offload.TcpConnectionOffloadCapacity,
      0,
    ),
  };
}
