/**
 * The data of offloaded connections through an intermediate driver: requests go down with the driver's own handle, completions and
 * indications go up with the handles that came from above; lists, flags and statuses stay as they are (IMD-021 to IMD-025).
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  chainToArray,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type NET_BUFFER_LIST,
} from '../kit';
import { offloadEntryFrom, type OffloadEntry } from './offloadEntry';
import type { Team } from './team';

const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');

type DownwardHandlers = Omit<
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  'Header' | 'Flags' | 'OffloadType'
>;
type UpwardHandlers = Omit<
  NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  'Header' | 'Flags' | 'OffloadType'
>;

/** See the file's head. */
export class DataRequests {
  /** Lists of sends that have been passed on. */
  private readonly sends = new Set<NET_BUFFER_LIST>();
  private refusals = 0;

  constructor(
    private readonly team: Team,
    /** Lists of received data have come back from above, or a refusal has reached the driver above. */
    private readonly ended: () => void,
  ) {}

  /** Sends that have been refused and not been completed yet. */
  get openRefusals(): number {
    return this.refusals;
  }

  /** Handlers of the miniport edge. */
  get downward(): DownwardHandlers {
    const { ndis } = this.team.driver;
    return {
      TcpOffloadSendHandler: (_adapter, context, lists) => this.send(offloadEntryFrom(context), lists),
      TcpOffloadReceiveHandler: (_adapter, context, lists) =>
        ndis.NdisOffloadTcpReceive(offloadEntryFrom(context).handle, lists),
      TcpOffloadDisconnectHandler: (_adapter, context, list, Flags) =>
        this.disconnect(offloadEntryFrom(context), list, Flags),
      TcpOffloadForwardHandler: (_adapter, context, lists) =>
        ndis.NdisOffloadTcpForward(offloadEntryFrom(context).handle, lists),
      TcpOffloadReceiveReturnHandler: (_adapter, lists) => {
        for (const [member, chain] of this.team.lentReceives.takeBack(lists))
          ndis.NdisOffloadTcpReceiveReturn(member.handle, chain);
        this.ended();
        return NDIS_STATUS.SUCCESS;
      },
    };
  }

  /** Handlers of the protocol edge. */
  get upward(): UpwardHandlers {
    const { team } = this;
    return {
      TcpOffloadSendCompleteHandler: (_binding, lists) => {
        for (const list of chainToArray(lists)) this.sends.delete(list);
        team.upcalls.NdisTcpOffloadSendComplete(team.handle, lists);
      },
      TcpOffloadReceiveCompleteHandler: (_binding, lists) => {
        team.upcalls.NdisTcpOffloadReceiveComplete(team.handle, lists);
      },
      TcpOffloadDisconnectCompleteHandler: (_binding, list) => {
        team.upcalls.NdisTcpOffloadDisconnectComplete(team.handle, list);
      },
      TcpOffloadForwardCompleteHandler: (_binding, lists) => {
        team.upcalls.NdisTcpOffloadForwardComplete(team.handle, lists);
      },
      TcpOffloadEventHandler: (handle, EventType, EventSpecificInformation) => {
        const entry = team.entries.find(handle);
        if (entry === undefined) return;
        team.upcalls.NdisTcpOffloadEventHandler(entry.NdisOffloadHandle, EventType, EventSpecificInformation);
      },
      TcpOffloadReceiveIndicateHandler: (handle, lists, Status) => {
        const entry = team.entries.find(handle);
        if (entry === undefined) return { status: NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED, BytesConsumed: 0 };
        const { lentReceives } = team;
        lentReceives.lend(entry.member, lists);
        const answer = team.upcalls.NdisTcpOffloadReceiveHandler(entry.NdisOffloadHandle, lists, Status);
        if (answer.status !== NDIS_STATUS.SUCCESS) lentReceives.forget(lists);
        return answer;
      },
    };
  }

  /** ProtocolIndicateOffloadEvent: the question goes up and is answered in the same state structures (IMD-028, A29). */
  indicateEvent(block: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, IndicationCode: number): void {
    const { team } = this;
    const own = block.OffloadHandle;
    const entry = team.entries.find(own);
    if (entry === undefined) return;
    const above = block.reusedAsMiniport();
    above.NdisOffloadHandle = entry.NdisOffloadHandle;
    team.indications.make(() => {
      team.driver.ndis.NdisMOffloadEventIndicate(team.handle, above, IndicationCode);
    });
    block.OffloadHandle = own;
  }

  /** A connection's termination is complete: sends that come back with it are not under way any more. */
  terminated(entry: OffloadEntry, lists: readonly NET_BUFFER_LIST[]): void {
    for (const list of lists) this.sends.delete(list);
    const { heldDisconnect } = entry;
    if (heldDisconnect === undefined) return;
    entry.heldDisconnect = undefined;
    heldDisconnect.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
    this.team.upcalls.NdisTcpOffloadDisconnectComplete(this.team.handle, heldDisconnect);
  }

  /**
   * Without memory for a send nothing of it goes down, and the host stack is told to take the connection back and to send it itself
   * (IMD-025). What is posted until then would overtake it and is refused as well.
   */
  private send(entry: OffloadEntry, lists: NET_BUFFER_LIST): NdisStatus {
    const { ndis, kernel } = this.team.driver;
    const all = chainToArray(lists);
    if (!entry.sendsRefused && this.sends.size + all.length <= this.team.settings.sendEntries) {
      for (const list of all) this.sends.add(list);
      return ndis.NdisOffloadTcpSend(entry.handle, lists);
    }
    all.forEach((list, index) => {
      const isFirst = index === 0 && !entry.sendsRefused;
      list.Status = isFirst ? NDIS_STATUS.REQUEST_UPLOAD : NDIS_STATUS.UPLOAD_REQUESTED;
    });
    entry.sendsRefused = true;
    this.refusals++;
    kernel.queueDeferredCall(() => {
      this.refusals--;
      this.team.upcalls.NdisTcpOffloadSendComplete(this.team.handle, lists);
      this.ended();
    });
    return NDIS_STATUS.PENDING;
  }

  /** A FIN must not overtake a send that was refused: it waits for the upload, which fails it (DSC-019). */
  private disconnect(entry: OffloadEntry, list: NET_BUFFER_LIST, Flags: number): NdisStatus {
    if (!entry.sendsRefused || Flags !== gracefulClose)
      return this.team.driver.ndis.NdisOffloadTcpDisconnect(entry.handle, list, Flags);
    entry.heldDisconnect = list;
    return NDIS_STATUS.PENDING;
  }
}
