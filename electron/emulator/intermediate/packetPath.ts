/** Packets that are not offloaded: each goes through the member that its destination falls to, and comes back through the team. */
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { chainToArray, netBufferBytes, type NET_BUFFER_LIST } from '../kit';
import { splitChain } from './lentLists';
import type { Team } from './team';
import type { TeamMember } from './teamMember';

/** See the file's head. */
export class PacketPath {
  private readonly sending = new Map<TeamMember, number>();
  private running = false;
  private refusals = 0;

  constructor(
    private readonly team: Team,
    /** A list has come back from above or from below. */
    private readonly ended: () => void,
  ) {}

  /** MiniportRestart: packets pass. */
  restart(): void {
    this.running = true;
  }

  /** MiniportPause: nothing is indicated any more. */
  pause(): void {
    this.running = false;
  }

  /** Whether every list that was lent or is being sent is back. */
  get isQuiet(): boolean {
    if (this.refusals > 0 || this.team.lentPackets.size > 0) return false;
    for (const count of this.sending.values()) if (count > 0) return false;
    return true;
  }

  /** Whether a member has packets that are not sent yet. */
  isSendingThrough(member: TeamMember): boolean {
    return (this.sending.get(member) ?? 0) > 0;
  }

  /** MiniportSendNetBufferLists. */
  send(lists: NET_BUFFER_LIST): void {
    const { team } = this;
    const { ndis } = team.driver;
    const byMember = splitChain(lists, (list) =>
      team.memberFor(netBufferBytes(list.FirstNetBuffer).subarray(0, 6)),
    );
    for (const [member, chain] of byMember) {
      if (member === undefined) this.refuse(chain);
      else {
        this.count(member, chainToArray(chain).length);
        ndis.NdisSendNetBufferLists(member.handle, chain, chain.frame?.connection);
      }
    }
  }

  /** ProtocolSendNetBufferListsComplete. */
  sent(member: TeamMember, lists: NET_BUFFER_LIST): void {
    this.count(member, -chainToArray(lists).length);
    this.team.driver.ndis.NdisMSendNetBufferListsComplete(this.team.handle, lists);
    this.ended();
  }

  /** ProtocolReceiveNetBufferLists; what comes while the virtual miniport is not running, or asleep, goes straight back. */
  receive(member: TeamMember, lists: NET_BUFFER_LIST): void {
    const { team } = this;
    const { ndis } = team.driver;
    if (!this.running || team.asleep || team.miniport === undefined) {
      ndis.NdisReturnNetBufferLists(member.handle, lists);
      return;
    }
    team.lentPackets.lend(member, lists);
    ndis.NdisMIndicateReceiveNetBufferLists(team.handle, lists, lists.frame?.connection);
  }

  /** MiniportReturnNetBufferLists. */
  giveBack(lists: NET_BUFFER_LIST): void {
    const { ndis } = this.team.driver;
    for (const [member, chain] of this.team.lentPackets.takeBack(lists))
      ndis.NdisReturnNetBufferLists(member.handle, chain);
    this.ended();
  }

  private refuse(lists: NET_BUFFER_LIST): void {
    const { ndis, kernel } = this.team.driver;
    for (const list of chainToArray(lists)) list.Status = NDIS_STATUS.MEDIA_DISCONNECTED;
    this.refusals++;
    kernel.queueDeferredCall(() => {
      this.refusals--;
      ndis.NdisMSendNetBufferListsComplete(this.team.handle, lists);
      this.ended();
    });
  }

  private count(member: TeamMember, change: number): void {
    this.sending.set(member, (this.sending.get(member) ?? 0) + change);
  }
}
