/**
 * What the host stack knows of its adapter's offloads, and how it turns them on and off: by the OIDs of NDIS 6, or by the older
 * OID_TCP_TASK_OFFLOAD (A22). Requests are made at PASSIVE_LEVEL.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  connectionOffloadSize,
  readConnectionOffload,
  readOffloadEncapsulation,
  readOlderTaskOffload,
  readTaskOffload,
  writeOffloadParameters,
  writeOlderTaskOffload,
  writeTaskOffloadHeader,
  writeTcpParameters,
  type ConnectionOffload,
  type NDIS_BIND_PARAMETERS,
  type NDIS_OID_REQUEST,
  type NDIS_STATUS_INDICATION,
  type TcpParameters,
} from '../kit';
import type { Ipv6Address } from '../wire/address';
import { setUpAdapter, type AdapterFacts } from './adapterSetup';

/** Which OIDs tell capabilities and turn connection offload on. */
export type CapabilityPath = 'connection-offload' | 'task-offload';

/** What the administration must know of its stack. */
export interface AdministeredStack {
  readonly path: CapabilityPath;
  readonly parameters: TcpParameters;
  /** Makes an OID request; `ended` hears its final status, which is also the answer unless that is PENDING. */
  request(
    type: NDIS_OID_REQUEST['RequestType'],
    oid: number,
    buffer: Uint8Array,
    ended: (status: NdisStatus) => void,
  ): NdisStatus;
  /** The host's IPv6 address, whose group it listens to; undefined without IPv6. */
  readonly ipv6Address: Ipv6Address | undefined;
  /** Processor on which received segments with a hash value are to be handled. */
  processorForHash(hash: number): number;
  /** Connection offload is on. */
  onEnabled(): void;
  /** The adapter has told what it takes. */
  onCapabilities(capabilities: ConnectionOffload): void;
}

const currentConfiguration = constantValue('OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG');
const hardwareCapabilities = constantValue('OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES');
const connectionParameters = constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS');
const offloadParameters = constantValue('OID_TCP_OFFLOAD_PARAMETERS');
const taskOffload = constantValue('OID_TCP_TASK_OFFLOAD');

const connectionSettings = {
  on: constantValue('NDIS_OFFLOAD_PARAMETERS_CONNECTION_OFFLOAD_ENABLED'),
  off: constantValue('NDIS_OFFLOAD_PARAMETERS_CONNECTION_OFFLOAD_DISABLED'),
} as const;

/** Room for the answer to a query of OID_TCP_TASK_OFFLOAD. */
const taskOffloadRoom = 256;

/** See the file's head. */
export class OffloadAdministration {
  /** What the adapter has answered when it was opened, and what it has indicated since. */
  facts: AdapterFacts = {};
  private known: ConnectionOffload | undefined;
  /** NDIS_TCP_CONNECTION_OFFLOAD as the older OID has answered it, to be set in turn. */
  private reported: Uint8Array | undefined;

  constructor(private readonly stack: AdministeredStack) {}

  /** What the adapter can take, as it was last read. */
  get capabilities(): ConnectionOffload | undefined {
    return this.known;
  }

  /** Whether the adapter computes the TCP checksum of packets that the host path sends. */
  get leavesChecksum(): boolean {
    const { encapsulationAccepted, taskConfiguration } = this.facts;
    return encapsulationAccepted === true && taskConfiguration?.transmitTcpChecksum === true;
  }

  /** The adapter has been opened (CAP-012). */
  opened(parameters: NDIS_BIND_PARAMETERS | undefined): void {
    const offload = parameters?.TcpConnectionOffloadCapabilities ?? null;
    this.known = offload === null ? undefined : readConnectionOffload(offload);
    this.facts = {};
    const offersConnections = this.known?.SupportIPv4 === true || this.known?.SupportIPv6 === true;
    if (this.stack.path === 'connection-offload' && offersConnections) this.set(true);
    const request = (...[type, oid, buffer, ended]: Parameters<AdministeredStack['request']>): void => {
      this.stack.request(type, oid, buffer, ended);
    };
    setUpAdapter(request, this.facts, this.stack);
  }

  /** Learns what the hardware could do, and tells it the parameters of TCP: connection offload is on from then on (CAP-002). */
  enable(): NdisStatus {
    if (this.stack.path === 'task-offload') {
      const status = this.learn();
      return status === NDIS_STATUS.SUCCESS ? this.set(true) : status;
    }
    const status = this.query(hardwareCapabilities);
    if (status !== NDIS_STATUS.SUCCESS) return status;
    const bytes = writeTcpParameters(this.stack.parameters);
    return this.stack.request('NdisRequestSetInformation', connectionParameters, bytes, (ended) => {
      if (ended === NDIS_STATUS.SUCCESS) this.stack.onEnabled();
    });
  }

  /** Learns what the adapter takes now (PWR-010). */
  learn(): NdisStatus {
    if (this.stack.path === 'connection-offload') return this.query(currentConfiguration);
    const buffer = new Uint8Array(taskOffloadRoom);
    buffer.set(writeTaskOffloadHeader());
    return this.stack.request('NdisRequestQueryInformation', taskOffload, buffer, (ended) => {
      const offload = ended === NDIS_STATUS.SUCCESS ? readOlderTaskOffload(buffer) : undefined;
      this.reported = offload?.connection;
      const read = this.reported === undefined ? undefined : readConnectionOffload(this.reported);
      if (read !== undefined) this.use(read);
    });
  }

  /** Turns connection offload over the IP versions that the adapter has on or off in it; nothing may be offloaded when it goes off (CAP-023). */
  set(on: boolean): NdisStatus {
    const { stack } = this;
    if (stack.path === 'connection-offload') {
      const setting = on ? connectionSettings.on : connectionSettings.off;
      // What is off now is not among what the adapter takes now, but its hardware can still do it.
      const hardware = this.facts.connectionCapabilities;
      const hasIpv6 = (hardware ?? this.known)?.SupportIPv6 === true;
      const bytes = writeOffloadParameters({
        ...(hardware?.SupportIPv4 === false ? {} : { TcpConnectionIPv4: setting }),
        ...(hasIpv6 ? { TcpConnectionIPv6: setting } : {}),
      });
      return stack.request('NdisRequestSetInformation', offloadParameters, bytes, () => undefined);
    }
    // What the set does not name is off: the older OID has no "no change".
    const connection = on ? this.reported : undefined;
    const parameters = on ? writeTcpParameters(stack.parameters) : undefined;
    const bytes = writeOlderTaskOffload({ connection, parameters });
    return stack.request('NdisRequestSetInformation', taskOffload, bytes, (ended) => {
      // Whoever has not reported connection offload has nothing that could be on.
      if (connection !== undefined && ended === NDIS_STATUS.SUCCESS) stack.onEnabled();
    });
  }

  /** ProtocolStatusEx: keeps what the adapter says of task offloads; packets sent from now on make use of it. */
  onStatus({ StatusCode, StatusBuffer }: NDIS_STATUS_INDICATION): void {
    if (StatusBuffer === null) return;
    const learn = <Name extends keyof AdapterFacts>(
      name: Name,
      value: AdapterFacts[Name] | undefined,
    ): void => {
      if (value !== undefined) this.facts[name] = value;
    };
    switch (StatusCode) {
      case NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG:
        learn('taskConfiguration', readTaskOffload(StatusBuffer));
        break;
      case NDIS_STATUS.TASK_OFFLOAD_HARDWARE_CAPABILITIES:
        learn('taskCapabilities', readTaskOffload(StatusBuffer));
        break;
      case NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES:
        learn('connectionCapabilities', readConnectionOffload(StatusBuffer));
        break;
      case NDIS_STATUS.OFFLOAD_ENCASPULATION_CHANGE:
        learn('encapsulation', readOffloadEncapsulation(StatusBuffer));
        break;
      default:
    }
  }

  private query(oid: number): NdisStatus {
    const buffer = new Uint8Array(connectionOffloadSize);
    return this.stack.request('NdisRequestQueryInformation', oid, buffer, (ended) => {
      const read = ended === NDIS_STATUS.SUCCESS ? readConnectionOffload(buffer) : undefined;
      if (read === undefined) return;
      if (oid === hardwareCapabilities) this.facts.connectionCapabilities = read;
      else this.use(read);
    });
  }

  private use(capabilities: ConnectionOffload): void {
    this.known = capabilities;
    this.stack.onCapabilities(capabilities);
  }
}
