/**
 * What the team tells the driver above about itself. One member's trouble is the team's only where nobody can stand in; what is
 * offloaded to a member that drops out comes back through NDIS_STATUS_UPLOAD_ALL and is offered anew to those that are left.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  DISPATCH_LEVEL,
  devicePowerStates,
  readConnectionOffload,
  readLinkUp,
  writeConnectionOffload,
  writeLinkState,
  type NDIS_HANDLE,
  type NDIS_STATUS_INDICATION,
  type NET_PNP_EVENT_NOTIFICATION,
} from '../kit';
import type { Team } from './team';
import type { Impediment, TeamMember } from './teamMember';

const netEvents = {
  setPower: constantValue('NetEventSetPower'),
  pause: constantValue('NetEventPause'),
  restart: constantValue('NetEventRestart'),
} as const;

const statusIndicationSize = constantValue('NDIS_SIZEOF_STATUS_INDICATION_REVISION_1');

/** What the gate must know of the requests that pass through the team. */
export interface TeamTraffic {
  /** State requests that are under way below. */
  readonly openStateRequests: number;
  isSendingThrough(member: TeamMember): boolean;
}

/** Something that waits for a member to be free of everything. */
interface Waiter {
  readonly member: TeamMember;
  readonly then: () => void;
}

/** See the file's head. */
export class TeamGate {
  private offloads: 'open' | 'paused' | 'uploading' = 'open';
  private waiters: Waiter[] = [];
  private whenEmpty: (() => void)[] = [];
  private settling = false;

  constructor(
    private readonly team: Team,
    private readonly traffic: TeamTraffic,
  ) {}

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
        this.pause();
        return;
      case NDIS_STATUS.UPLOAD_ALL:
        member.offloads = 'upload-all';
        this.uploadAll();
        return;
      case NDIS_STATUS.OFFLOAD_RESUME:
        member.offloads = 'welcome';
        member.capabilities =
          (StatusBuffer === null ? undefined : readConnectionOffload(StatusBuffer)) ?? member.capabilities;
        this.settleSoon();
        return;
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
    this.resume();
  }

  private get isEmpty(): boolean {
    return this.team.entries.size === 0 && this.traffic.openStateRequests === 0;
  }

  private isFree(member: TeamMember): boolean {
    const { entries, lentPackets, lentReceives } = this.team;
    return (
      !entries.anyOn(member) &&
      !lentPackets.anyOf(member) &&
      !lentReceives.anyOf(member) &&
      !this.traffic.isSendingThrough(member)
    );
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
    member.opened = false;
    member.binding = undefined;
    team.members.splice(team.members.indexOf(member), 1);
    if (team.members.length === 0 && team.miniport !== undefined)
      ndis.NdisIMDeInitializeDeviceInstance(team.handle);
  }

  /** A member drops out, or comes back. */
  private impede(member: TeamMember, why: Impediment, on: boolean, linkState?: Uint8Array | null): void {
    const { team } = this;
    const before = team.usable.length;
    if (on) member.impediments.add(why);
    else member.impediments.delete(why);
    const after = team.usable.length;
    if (team.miniport === undefined || before === after) return;
    team.driver.kernel.print(`${member.name} ${on ? 'drops out of' : 'is back in'} the team (${why})`);
    if (before === 0 || after === 0) {
      this.indicate(NDIS_STATUS.LINK_STATE, linkState ?? writeLinkState(after > 0, 0));
      this.settleSoon();
    } else if (on && team.entries.anyOn(member)) this.uploadAll();
    else if (team.settings.mode === 'load-balancing') {
      // Capabilities are the sum of the members', and only a resume can report others (PWR-011).
      this.pause();
      this.settleSoon();
    }
  }

  private pause(): void {
    if (this.offloads !== 'open' || this.team.miniport === undefined) return;
    this.offloads = 'paused';
    this.indicate(NDIS_STATUS.OFFLOAD_PAUSE, null);
  }

  private uploadAll(): void {
    if (this.offloads === 'uploading' || this.team.miniport === undefined) return;
    this.offloads = 'uploading';
    this.indicate(NDIS_STATUS.UPLOAD_ALL, null);
    this.settleSoon();
  }

  private resume(): void {
    const { team } = this;
    const { capabilities, usable } = team;
    if (this.offloads === 'open' || team.miniport === undefined || capabilities === undefined) return;
    if (usable.some((member) => member.offloads !== 'welcome')) return;
    if (this.offloads === 'uploading' && !this.isEmpty) return;
    this.offloads = 'open';
    this.indicate(NDIS_STATUS.OFFLOAD_RESUME, writeConnectionOffload(capabilities));
  }

  private indicate(StatusCode: NdisStatus, StatusBuffer: Uint8Array | null): void {
    const { driver, handle } = this.team;
    const indication: NDIS_STATUS_INDICATION = {
      address: driver.kernel.allocate(statusIndicationSize),
      SourceHandle: handle,
      StatusCode,
      StatusBuffer,
    };
    driver.kernel.atLeast(DISPATCH_LEVEL, () => {
      driver.ndis.NdisMIndicateStatusEx(handle, indication);
    });
  }
}
