/**
 * The intermediate driver: a team of adapters that looks like one. It registers as the WDK pages "Registering Chimney Offload
 * Functions" and "Registering an Intermediate Driver's ProtocolXxx Chimney Functions" tell: two NdisSetOptionalHandlers calls in
 * MiniportSetOptions on its miniport edge, two in ProtocolSetOptions on its protocol edge (REG-008, IMD-001).
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { pointerOf } from '../../../shared/base/address';
import {
  allocateOidRequest,
  chimneyOids,
  connectionOffloadSize,
  optionalHandlersHeader,
  readConnectionOffload,
  writeConnectionOffload,
  type ConnectionOffload,
  type DRIVER_OBJECT,
  type NDIS_HANDLE,
  type NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  type NDIS_MINIPORT_INIT_PARAMETERS,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  type NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
} from '../kit';
import { DataRequests } from './dataRequests';
import { PacketPath } from './packetPath';
import { StateRequests, type Operation } from './stateRequests';
import { Team } from './team';
import { TeamGate } from './teamGate';
import { TeamMember, teamMemberFrom } from './teamMember';
import { TeamOids } from './teamOids';
import type { TeamSettings } from './teamSettings';

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** Bytes of a member's record in the address space. */
const memberSize = 0x80;

/** See the file's head. It drives one team. */
export class TeamingDriver {
  readonly team: Team;
  private readonly states: StateRequests;
  private readonly data: DataRequests;
  private readonly packets: PacketPath;
  private readonly gate: TeamGate;
  private readonly oids: TeamOids;
  private miniportDriver: NDIS_HANDLE | undefined;
  private protocol: NDIS_HANDLE | undefined;
  private pausing = false;
  /** Binds that wait for ProtocolOpenAdapterCompleteEx. */
  private readonly openBinds = new Map<TeamMember, NDIS_HANDLE>();
  /** Configured members that have not come yet: the team waits for all of them once. */
  private readonly missing: Set<string>;

  constructor(
    readonly driver: DRIVER_OBJECT,
    settings: TeamSettings,
  ) {
    const team = new Team(driver, settings);
    this.team = team;
    this.missing = new Set(settings.members);
    const ended = (): void => {
      this.gate.settleSoon();
      this.completePause();
    };
    const data = new DataRequests(team, ended);
    this.data = data;
    this.states = new StateRequests(team, {
      terminated: (object, lists) => {
        data.terminated(object, lists);
      },
      settled: ended,
    });
    this.packets = new PacketPath(team, ended);
    const { states, packets } = this;
    this.gate = new TeamGate(team, {
      get openStateRequests() {
        return states.openRequests;
      },
      hasRequestOn: (member) => states.anyOn(member),
      isSendingThrough: (member) => packets.isSendingThrough(member),
    });
    this.oids = new TeamOids(team, (then) => this.gate.afterUpload(then));
  }

  /** DriverEntry: registers both edges and joins them. */
  load(): NdisStatus {
    const { ndis } = this.driver;
    const miniport = ndis.NdisMRegisterMiniportDriver(this.team, this.miniportEdge());
    if (miniport.NdisMiniportDriverHandle === null) return miniport.status;
    this.miniportDriver = miniport.NdisMiniportDriverHandle;
    const protocol = ndis.NdisRegisterProtocolDriver(this.team, this.protocolEdge());
    if (protocol.NdisProtocolHandle === null) return protocol.status;
    this.protocol = protocol.NdisProtocolHandle;
    ndis.NdisIMAssociateMiniport(this.miniportDriver, this.protocol);
    return NDIS_STATUS.SUCCESS;
  }

  /** NdisMiniportHandle of the virtual miniport, for Plug and Play.
   * @throws Error while it is not up. */
  get miniportHandle(): NDIS_HANDLE {
    return this.team.handle;
  }

  /** State requests that are under way through it, and lists that it has not given back. */
  get outstanding(): number {
    const { entries, lentPackets, lentReceives } = this.team;
    return this.states.openRequests + entries.size + lentPackets.size + lentReceives.size;
  }

  private miniportEdge(): NDIS_MINIPORT_DRIVER_CHARACTERISTICS {
    return {
      Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      Flags: constantValue('NDIS_INTERMEDIATE_DRIVER'),
      SetOptionsHandler: (NdisDriverHandle) => this.MiniportSetOptions(NdisDriverHandle),
      InitializeHandlerEx: (handle, _context, parameters) => this.MiniportInitializeEx(handle, parameters),
      HaltHandlerEx: () => {
        this.team.miniport = undefined;
      },
      RestartHandler: () => {
        this.packets.restart();
        return NDIS_STATUS.SUCCESS;
      },
      PauseHandler: () => this.MiniportPause(),
      OidRequestHandler: (_context, request) => this.oids.serve(request),
      SendNetBufferListsHandler: (_context, lists) => {
        this.packets.send(lists);
      },
      ReturnNetBufferListsHandler: (_context, lists) => {
        this.packets.giveBack(lists);
      },
    };
  }

  private protocolEdge(): NDIS_PROTOCOL_DRIVER_CHARACTERISTICS {
    const { gate, packets } = this;
    return {
      Header: objectHeader('NDIS_PROTOCOL_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (NdisDriverHandle) => this.ProtocolSetOptions(NdisDriverHandle),
      BindAdapterHandlerEx: (_context, BindContext, { AdapterName }) =>
        this.ProtocolBindAdapterEx(BindContext, AdapterName),
      OpenAdapterCompleteHandlerEx: (context, status) => {
        const member = teamMemberFrom(context);
        const BindContext = this.openBinds.get(member);
        this.openBinds.delete(member);
        if (status === NDIS_STATUS.SUCCESS) this.opened(member);
        if (BindContext !== undefined) this.driver.ndis.NdisCompleteBindAdapterEx(BindContext, status);
      },
      UnbindAdapterHandlerEx: (UnbindContext, context) =>
        gate.onUnbind(teamMemberFrom(context), UnbindContext),
      NetPnPEventHandler: (context, event) => gate.onNetPnPEvent(teamMemberFrom(context), event),
      StatusHandlerEx: (context, indication) => {
        gate.onStatus(teamMemberFrom(context), indication);
      },
      OidRequestCompleteHandler: (_context, request, status) => {
        this.oids.completed(request, status);
      },
      ReceiveNetBufferListsHandler: (context, lists) => {
        packets.receive(teamMemberFrom(context), lists);
      },
      SendNetBufferListsCompleteHandler: (context, lists) => {
        packets.sent(teamMemberFrom(context), lists);
      },
    };
  }

  private MiniportSetOptions(NdisDriverHandle: NDIS_HANDLE): NdisStatus {
    if (!this.team.settings.chimney) return NDIS_STATUS.SUCCESS;
    const { ndis } = this.driver;
    const down =
      (operation: Operation) =>
      (_context: unknown, root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST): void => {
        this.states.passDown(operation, root);
      };
    const status = ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: {
        Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
        Flags: 0,
        InitiateOffloadHandler: down('initiate'),
        TerminateOffloadHandler: down('terminate'),
        UpdateOffloadHandler: down('update'),
        InvalidateOffloadHandler: down('invalidate'),
        QueryOffloadHandler: down('query'),
      },
    });
    if (status !== NDIS_STATUS.SUCCESS) return status;
    return ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
      value: {
        Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
        Flags: 0,
        OffloadType: tcpChimney,
        ...this.data.downward,
      },
    });
  }

  private ProtocolSetOptions(NdisDriverHandle: NDIS_HANDLE): NdisStatus {
    if (!this.team.settings.chimney) return NDIS_STATUS.SUCCESS;
    const { ndis } = this.driver;
    const up = (_context: unknown, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void => {
      this.states.passUp(root);
    };
    const status = ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: {
        Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
        Flags: 0,
        InitiateOffloadCompleteHandler: up,
        TerminateOffloadCompleteHandler: up,
        UpdateOffloadCompleteHandler: up,
        InvalidateOffloadCompleteHandler: up,
        QueryOffloadCompleteHandler: up,
        IndicateOffloadEventHandler: (_context, block, IndicationCode) => {
          this.data.indicateEvent(block, IndicationCode);
        },
      },
    });
    if (status !== NDIS_STATUS.SUCCESS) return status;
    return ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
      value: {
        Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
        Flags: 0,
        OffloadType: tcpChimney,
        ...this.data.upward,
      },
    });
  }

  private ProtocolBindAdapterEx(BindContext: NDIS_HANDLE, AdapterName: string): NdisStatus {
    const { team, driver, protocol } = this;
    if (protocol === undefined || !team.settings.members.includes(AdapterName))
      return NDIS_STATUS.NOT_SUPPORTED;
    const member = new TeamMember(driver.kernel.allocate(memberSize), AdapterName);
    const { status, NdisBindingHandle } = driver.ndis.NdisOpenAdapterEx(
      protocol,
      member,
      { AdapterName },
      BindContext,
    );
    if (NdisBindingHandle === null) return status;
    member.binding = NdisBindingHandle;
    if (status === NDIS_STATUS.PENDING) this.openBinds.set(member, BindContext);
    else this.opened(member);
    return status;
  }

  /** A member can be used; with the last of them the virtual miniport comes up. */
  private opened(member: TeamMember): void {
    const { team, driver, gate, missing, miniportDriver } = this;
    const { OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG, OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES } =
      chimneyOids;
    team.members.push(member);
    missing.delete(member.name);
    member.capabilities = this.capabilitiesOf(member, OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG);
    member.hardwareCapabilities = this.capabilitiesOf(
      member,
      OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES,
    );
    this.oids.introduce(member, () => {
      gate.joined(member);
    });
    if (missing.size === 0 && team.miniport === undefined && miniportDriver !== undefined)
      driver.ndis.NdisIMInitializeDeviceInstanceEx(miniportDriver, team.settings.adapterName, team);
  }

  private capabilitiesOf(member: TeamMember, oid: number): ConnectionOffload | undefined {
    const { kernel, ndis } = this.driver;
    const buffer = new Uint8Array(connectionOffloadSize);
    const request = allocateOidRequest(kernel.addresses, 'NdisRequestQueryInformation', oid, buffer);
    // NDIS answers this one itself, and at once (CAP-010).
    const status = ndis.NdisOidRequest(member.handle, request);
    return status === NDIS_STATUS.SUCCESS ? readConnectionOffload(buffer) : undefined;
  }

  private MiniportInitializeEx(
    NdisMiniportHandle: NDIS_HANDLE,
    { IMDeviceInstanceContext }: NDIS_MINIPORT_INIT_PARAMETERS,
  ): NdisStatus {
    const { team, driver } = this;
    if (IMDeviceInstanceContext !== team) return NDIS_STATUS.FAILURE;
    const { ndis, kernel } = driver;
    ndis.NdisMSetMiniportAttributes(NdisMiniportHandle, {
      kind: 'registration',
      MiniportAdapterContext: team,
      bytes: encodeStructure('NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES', {
        Header: objectHeader('NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES'),
        MiniportAdapterContext: pointerOf(team.address),
        AttributeFlags: constantValue('NDIS_MINIPORT_ATTRIBUTES_NDIS_WDM'),
      }),
    });
    let upcalls: NDIS_TCP_OFFLOAD_EVENT_HANDLERS | undefined;
    const { capabilities, hardwareCapabilities } = team;
    if (team.settings.chimney && capabilities !== undefined) {
      const current = writeConnectionOffload(capabilities);
      const hardware = writeConnectionOffload(hardwareCapabilities ?? capabilities);
      const { addresses } = kernel;
      ndis.NdisMSetMiniportAttributes(NdisMiniportHandle, {
        kind: 'offload',
        DefaultTcpConnectionOffloadConfiguration: current,
        TcpConnectionOffloadHardwareCapabilities: hardware,
        bytes: encodeStructure('NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES', {
          Header: objectHeader('NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES'),
          DefaultTcpConnectionOffloadConfiguration: pointerOf(addresses.addressOf(current)),
          TcpConnectionOffloadHardwareCapabilities: pointerOf(addresses.addressOf(hardware)),
        }),
      });
      const { status, OffloadHandlers } = ndis.NdisMGetOffloadHandlers(NdisMiniportHandle, tcpChimney);
      if (OffloadHandlers === null) return status;
      upcalls = OffloadHandlers;
    }
    team.miniport = { handle: NdisMiniportHandle, upcalls };
    team.asleep = false;
    this.gate.started(capabilities);
    return NDIS_STATUS.SUCCESS;
  }

  /** PENDING until every list that is with the drivers above has come back, and every send of theirs has ended. */
  private MiniportPause(): NdisStatus {
    this.packets.pause();
    if (this.holdsNothing) return NDIS_STATUS.SUCCESS;
    this.pausing = true;
    return NDIS_STATUS.PENDING;
  }

  private get holdsNothing(): boolean {
    return this.packets.isQuiet && this.team.lentReceives.size === 0 && this.data.openRefusals === 0;
  }

  private completePause(): void {
    if (!this.pausing || !this.holdsNothing) return;
    this.pausing = false;
    const { ndis, kernel } = this.driver;
    kernel.queueDeferredCall(() => {
      ndis.NdisMPauseComplete(this.team.handle);
    });
  }
}
