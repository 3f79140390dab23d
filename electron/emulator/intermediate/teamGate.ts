/**
 * What the team tells the driver above about itself. One member's trouble is the team's only where nobody can stand in; what is
 * offloaded to a member that drops out, or that it falls to no longer, comes back through NDIS_STATUS_UPLOAD_ALL and is offered anew.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  devicePowerStates,
  netEvents,
  readConnectionOffload,
  readLinkUp,
  writeConnectionOffload,
  writeLinkState,
  type NDIS_HANDLE,
  type NDIS_STATUS_INDICATION,
  type ConnectionOffload,
  type NET_PNP_EVENT_NOTIFICATION,
} from '../kit';
import type { Team } from './team';
import type { Impediment, TeamMember } from './teamMember';

const statusIndicationSize = constantValue('NDIS_SIZEOF_STATUS_INDICATION_REVISION_1');

/** What the gate must know of the requests that pass through the team. */
export interface TeamTraffic {
  /** State requests of the driver above that have not been completed. */
  readonly openStateRequests: number;
  /** Whether a member has a state request of ours. */
  hasRequestOn(member: TeamMember): boolean;
  isSendingThrough(member: TeamMember): boolean;
}

/** Something that waits for a member to be free of everything. */
interface Waiter {
  readonly member: TeamMember;
  readonly then: () => void;
}

/** See the file's head. */
export class TeamGate {
  /** What the driver above was last told, and with which capabilities. */
  private told: 'open' | 'paused' | 'uploading' = 'open';
  private toldCapabilities: ConnectionOffload | undefined;
  private waiters: Waiter[] = [];
  private whenEmpty: (() => void)[] = [];
  private settling = false;

  constructor(
    private readonly team: Team,
    private readonly traffic: TeamTraffic,
  ) {}

  /** The virtual miniport comes up: what it says of itself is what the driver above goes by from now on. */
  started(capabilities: ConnectionOffload | undefined): void {
    this.told = 'open';
    this.toldCapabilities = capabilities;
    this.settleSoon();
  }

  /** A member that came later can be used. */
  joined(member: TeamMember): void {
    this.impede(member, 'joining', false);
  }

  /** ProtocolStatusEx. */
  onStatus(member: TeamMember, indication: NDIS_STATUS_INDICATION): void {
    const { StatusCode, StatusBuffer } = indication;
    switch (StatusCode) {
      case NDIS_STATUS.LINK_STATE: {
        const up = StatusBuffer === null ? undefined : readLinkUp(StatusBuffer);
        if (up !== undefined) this.impede(member, 'no-link', !up, StatusBuffer);
        return;
      }
      case NDIS_STATUS.MEDIA_DISCONNECT:
        this.impede(member, 'no-link', true);
        return;
      case NDIS_STATUS.MEDIA_CONNECT:
        this.impede(member, 'no-link', false);
        return;
      case NDIS_STATUS.OFFLOAD_PAUSE:
        member.offloads = 'paused';
        this.advise();
        return;
      case NDIS_STATUS.UPLOAD_ALL:
        member.offloads = 'upload-all';
        this.advise();
        return;
      case NDIS_STATUS.OFFLOAD_RESUME:
        member.offloads = 'welcome';
        member.capabilities = capabilitiesIn(StatusBuffer) ?? member.capabilities;
        this.advise();
        this.settleSoon();
        return;
      case NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES: {
        member.hardwareCapabilities = capabilitiesIn(StatusBuffer) ?? member.hardwareCapabilities;
        const { hardwareCapabilities, miniport } = this.team;
        if (miniport !== undefined && hardwareCapabilities !== undefined)
          this.indicate(StatusCode, writeConnectionOffload(hardwareCapabilities));
        return;
      }
      default:
        if (this.team.miniport !== undefined) this.indicate(StatusCode, StatusBuffer);
    }
  }

  /** ProtocolNetPnPEvent, at PASSIVE_LEVEL; PENDING while the member still has something of ours. */
  onNetPnPEvent(member: TeamMember, event: NET_PNP_EVENT_NOTIFICATION): NdisStatus {
    switch (event.NetEvent) {
      case netEvents.setPower: {
        const falls = event.powerState !== devicePowerStates.D0;
        this.impede(member, 'low-power', falls);
        return falls ? this.complete(member, event) : NDIS_STATUS.SUCCESS;
      }
      case netEvents.pause:
        this.impede(member, 'paused', true);
        return this.complete(member, event);
      case netEvents.restart:
        this.impede(member, 'paused', false);
        return NDIS_STATUS.SUCCESS;
      default:
        return NDIS_STATUS.NOT_SUPPORTED;
    }
  }

  /** ProtocolUnbindAdapterEx, at PASSIVE_LEVEL: the member leaves the team. */
  onUnbind(member: TeamMember, UnbindContext: NDIS_HANDLE): NdisStatus {
    const { ndis } = this.team.driver;
    this.impede(member, 'leaving', true);
    if (this.isFree(member)) {
      this.dismiss(member);
      return NDIS_STATUS.SUCCESS;
    }
    this.waiters.push({
      member,
      then: () => {
        this.dismiss(member);
        ndis.NdisCompleteUnbindAdapterEx(UnbindContext);
      },
    });
    return NDIS_STATUS.PENDING;
  }

  /** Calls `then` once nothing is offloaded through the team: at once if so, and answers whether it was. */
  afterUpload(then: () => void): boolean {
    if (this.isEmpty) return true;
    this.whenEmpty.push(then);
    return false;
  }

  /** Something has come back: looks, when what runs now has ended, what may go on. */
  settleSoon(): void {
    if (this.settling) return;
    this.settling = true;
    this.team.driver.kernel.queueWorkItem(() => {
      this.settling = false;
      this.settle();
    });
  }

  private settle(): void {
    const ready = this.waiters.filter(({ member }) => this.isFree(member));
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter));
    for (const { then } of ready) then();
    if (this.isEmpty) for (const then of this.whenEmpty.splice(0)) then();
    this.advise();
    this.resume();
  }

  private get isEmpty(): boolean {
    return this.team.entries.size === 0 && this.traffic.openStateRequests === 0;
  }

  private isFree(member: TeamMember): boolean {
    const { lentPackets, lentReceives } = this.team;
    return (
      !this.holdsAnything(member) &&
      !lentPackets.anyOf(member) &&
      !lentReceives.anyOf(member) &&
      !this.traffic.isSendingThrough(member)
    );
  }

  private holdsAnything(member: TeamMember): boolean {
    return this.team.entries.anyOn(member) || this.traffic.hasRequestOn(member);
  }

  private complete(member: TeamMember, event: NET_PNP_EVENT_NOTIFICATION): NdisStatus {
    if (this.isFree(member)) return NDIS_STATUS.SUCCESS;
    this.waiters.push({
      member,
      then: () => {
        this.team.driver.ndis.NdisCompleteNetPnPEvent(member.handle, event, NDIS_STATUS.SUCCESS);
      },
    });
    return NDIS_STATUS.PENDING;
  }

  private dismiss(member: TeamMember): void {
    const { team } = this;
    const { ndis } = team.driver;
    ndis.NdisCloseAdapterEx(member.handle);
    member.binding = undefined;
    team.members.splice(team.members.indexOf(member), 1);
    team.membersChanged();
    if (team.members.length === 0 && team.miniport !== undefined)
      ndis.NdisIMDeInitializeDeviceInstance(team.handle);
  }

  /** A member drops out, or comes back. */
  private impede(member: TeamMember, why: Impediment, on: boolean, linkState?: Uint8Array | null): void {
    const { team } = this;
    const before = team.usable.length;
    if (on) member.impediments.add(why);
    else member.impediments.delete(why);
    team.membersChanged();
    const after = team.usable.length;
    if (team.miniport === undefined || before === after) return;
    team.driver.kernel.print(`${member.name} ${on ? 'drops out of' : 'is back in'} the team (${why})`);
    if (before === 0 || after === 0)
      this.indicate(NDIS_STATUS.LINK_STATE, linkState ?? writeLinkState(after > 0, 0));
    if (this.isMisplaced) this.uploadAll();
    this.advise();
    this.settleSoon();
  }

  /** Whether the traffic of a neighbor that is offloaded falls to another member now. */
  private get isMisplaced(): boolean {
    const { entries, usable } = this.team;
    if (usable.length === 0) return false;
    return entries.any(
      ({ destinationMac, member }) =>
        destinationMac !== undefined && this.team.memberFor(destinationMac) !== member,
    );
  }

  /**
   * Tells the driver above to hold back, or to take everything back, where that is due. Without any usable member it has been told
   * that the link is down, and the rest is its own decision (PWR-013).
   */
  private advise(): void {
    const { members, carriers, usable, capabilities } = this.team;
    if (usable.length === 0) return;
    const mustReturn = members.some(
      (member) =>
        (member.offloads === 'upload-all' && (carriers.includes(member) || this.holdsAnything(member))) ||
        (!member.isUsable && this.holdsAnything(member)),
    );
    if (mustReturn) this.uploadAll();
    else if (
      carriers.some((member) => member.offloads !== 'welcome') ||
      !areEqual(capabilities, this.toldCapabilities)
    )
      this.pause();
  }

  private pause(): void {
    if (this.told !== 'open' || !this.hasChimney) return;
    this.told = 'paused';
    this.indicate(NDIS_STATUS.OFFLOAD_PAUSE, null);
  }

  private uploadAll(): void {
    if (this.told === 'uploading' || !this.hasChimney) return;
    this.told = 'uploading';
    this.indicate(NDIS_STATUS.UPLOAD_ALL, null);
    this.settleSoon();
  }

  /** After an upload of everything not before the terminations have ended (PWR-009). Only a resume can report capabilities. */
  private resume(): void {
    const { capabilities, carriers } = this.team;
    if (this.told === 'open' || !this.hasChimney || capabilities === undefined) return;
    if (carriers.some((member) => member.offloads !== 'welcome')) return;
    if (this.told === 'uploading' && !this.isEmpty) return;
    this.told = 'open';
    this.toldCapabilities = capabilities;
    this.indicate(NDIS_STATUS.OFFLOAD_RESUME, writeConnectionOffload(capabilities));
  }

  private get hasChimney(): boolean {
    return this.team.miniport?.upcalls !== undefined;
  }

  private indicate(StatusCode: NdisStatus, StatusBuffer: Uint8Array | null): void {
    const { driver, handle } = this.team;
    const indication: NDIS_STATUS_INDICATION = {
      address: driver.kernel.allocate(statusIndicationSize),
      SourceHandle: handle,
      StatusCode,
      StatusBuffer,
    };
    this.team.indications.make(() => {
      driver.ndis.NdisMIndicateStatusEx(handle, indication);
    });
  }
}

function capabilitiesIn(StatusBuffer: Uint8Array | null): ConnectionOffload | undefined {
  return StatusBuffer === null ? undefined : readConnectionOffload(StatusBuffer);
}

function areEqual(one: ConnectionOffload | undefined, other: ConnectionOffload | undefined): boolean {
  return (
    one?.SupportIPv4 === other?.SupportIPv4 &&
    one?.SupportIPv6 === other?.SupportIPv6 &&
    one?.SupportSack === other?.SupportSack &&
    one?.TcpConnectionOffloadCapacity === other?.TcpConnectionOffloadCapacity
  );
}
