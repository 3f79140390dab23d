/**
 * Carries out what a user has a run do by hand: each as a work item at the present virtual time, so that it happens between events and nothing
 * has led to it. A note says what was done; a trace with such notes is not what its scenario and seed alone give.
 */
import { handNoteText } from '../../../shared/contract/handNote';
import type { LiveEdit } from '../../../shared/contract/liveEdit';
import { constantValue, structureLayout } from '../../../shared/ddi/catalogue';
import { statusName } from '../../../shared/ddi/status';
import type { HostConnection } from '../host/hostConnection';
import type { OffloadableObject } from '../host/offloadCoordinator';
import { PASSIVE_LEVEL, type Machine } from '../machine/machine';
import { devicePowerStates } from '../ndis/characteristics';
import { adapterFrom } from '../ndis/drivers';
import { sameAddress } from '../wire/address';
import type { ScenarioTopology } from './topology';

/** Room for the answer to an OID, bytes. */
const oidRoom = 1024;

/** EventSpecificInformation of a TcpIndicateSendBacklogChange that names none, bytes. */
const usualBacklog = 65_536;

/** Size of NDIS_STATUS_INDICATION, bytes. */
const indicationSize = structureLayout('NDIS_STATUS_INDICATION').size;

/** Edits of one connection. */
type ConnectionEdit = Extract<LiveEdit, { readonly connection: number }>;

/** Edits of adapters and of the machine. */
type MachineEdit = Exclude<LiveEdit, ConnectionEdit>;

function isConnectionEdit(edit: LiveEdit): edit is ConnectionEdit {
  return 'connection' in edit;
}

/** See the file's head. */
export class LiveEdits {
  constructor(
    private readonly machine: Machine,
    private readonly topology: ScenarioTopology,
  ) {}

  /** Queues what is to be done. */
  queue(edit: LiveEdit): void {
    const { machine } = this;
    const item = {
      onEvent: (): void => {
        machine.irql = PASSIVE_LEVEL;
        this.carryOut(edit);
      },
    };
    machine.scheduler.schedule(machine.now, item, 0, undefined, undefined, 0);
  }

  private carryOut(edit: LiveEdit): void {
    if (!isConnectionEdit(edit)) {
      this.touchMachine(edit);
      return;
    }
    const connection = this.topology.host.connections.find(({ id }) => id === edit.connection);
    if (connection === undefined)
      this.note(`${edit.kind}: the host stack does not know connection ${edit.connection}`);
    else this.touchConnection(connection, edit);
  }

  private touchConnection(connection: HostConnection, edit: ConnectionEdit): void {
    const { host } = this.topology;
    const { offloads } = host;
    const { id } = connection;
    switch (edit.kind) {
      case 'initiate':
        if (connection.place !== 'InHost' || connection.isClosed) this.refuse(connection, 'initiate');
        else {
          this.note('the host stack offers the connection', id);
          connection.offload();
        }
        return;
      case 'terminate':
        if (connection.place !== 'Offloaded') this.refuse(connection, 'terminate');
        else {
          this.note('the host stack takes the connection back', id);
          offloads.takeBack([connection]);
        }
        return;
      case 'query': {
        const object = this.offloaded(connection, edit);
        if (object === undefined) return;
        const which = edit.classes === 'all' ? 'all' : `the ${edit.classes}`;
        this.note(`the host stack queries ${which} variables of the ${edit.layer} object`, id);
        offloads.query(object, edit.classes, () => undefined);
        return;
      }
      case 'update': {
        const object = this.offloaded(connection, edit);
        if (object === undefined) return;
        this.note(`the host stack updates the ${edit.layer} object`, id);
        offloads.updates.changed(object);
        return;
      }
      case 'invalidate': {
        const object = this.offloaded(connection, edit);
        if (object === undefined) return;
        this.note(`the host stack invalidates the ${edit.layer} object`, id);
        offloads.invalidate(object);
        return;
      }
      case 'send':
        this.note(`the application sends ${edit.bytes} bytes`, id);
        connection.send(new Uint8Array(edit.bytes), () => undefined);
        return;
      case 'post-receive':
        if (connection.place !== 'Offloaded') this.refuse(connection, 'post-receive');
        else {
          this.note(`the host stack posts a receive of ${edit.bytes} bytes`, id);
          connection.postReceiveOf(edit.bytes);
        }
        return;
      case 'indicate':
        this.sendFromPeer(connection, edit.bytes);
        return;
      case 'event':
        this.raise(connection, edit);
        return;
      case 'disconnect':
        this.note(`the application ${edit.isAbortive ? 'breaks off' : 'sends no more'}`, id);
        if (edit.isAbortive) connection.abort();
        else connection.shutdown();
        return;
      case 'path-mtu':
        this.note(`the path's MTU is ${edit.mtu} bytes`, id);
        host.changePathMtu(connection.remoteAddress, edit.mtu);
    }
  }

  /** The peer sends: what its echo would answer stays as it is. */
  private sendFromPeer(connection: HostConnection, bytes: number): void {
    const { destinations } = this.topology;
    const { remoteAddress, path, localPort } = connection;
    const peer = destinations.find(({ address }) => sameAddress(address, remoteAddress))?.peer;
    this.note(`the peer sends ${bytes} bytes`, connection.id);
    const sent = peer?.sendBesides(remoteAddress, path.source, localPort, new Uint8Array(bytes)) ?? false;
    if (!sent) this.note('the peer does not have the connection', connection.id);
  }

  private raise(connection: HostConnection, edit: Extract<LiveEdit, { kind: 'event' }>): void {
    const { ndis, target, intermediates } = this.topology;
    // An intermediate driver has handles of its own for what the host stack offloads.
    if (intermediates.length > 0) {
      this.note('event is not asked for: an intermediate driver stands above the target', connection.id);
      return;
    }
    if (connection.place !== 'Offloaded') {
      this.refuse(connection, 'event');
      return;
    }
    const { event, reason = 'UploadRequested', backlog = usualBacklog } = edit;
    const information = {
      TcpIndicateRetrieve: constantValue(reason),
      TcpIndicateSendBacklogChange: backlog,
    }[event as string];
    this.note(`the target raises ${event}`, connection.id);
    const { NdisTcpOffloadEventHandler } = ndis.tcp.eventHandlersFor(adapterFrom(target.miniportHandle));
    NdisTcpOffloadEventHandler(connection.handle, constantValue(event), information ?? 0);
  }

  private touchMachine(edit: MachineEdit): void {
    const { host, ndis, target, link } = this.topology;
    switch (edit.kind) {
      case 'statistics': {
        this.note('the host stack asks for the statistics of offloaded connections');
        const answer = host.offloadStatistics(edit.version);
        if (answer === undefined) this.note('the statistics are not to be had');
        return;
      }
      case 'oid':
        this.note(`the host stack queries ${edit.oid}`);
        host.queryOid(constantValue(edit.oid), new Uint8Array(oidRoom), (status) => {
          this.note(`${edit.oid} is answered with ${statusName(status)}`);
        });
        return;
      case 'status':
        this.note(`the target indicates ${edit.status}`);
        ndis.status.NdisMIndicateStatusEx(target.miniportHandle, {
          address: this.machine.addresses.allocate(indicationSize),
          SourceHandle: target.miniportHandle,
          StatusCode: constantValue(edit.status),
          StatusBuffer: null,
        });
        return;
      case 'upload-all':
        this.note('the target wants everything back');
        target.uploadAll();
        return;
      case 'resume-offload':
        this.note('the target can keep connections again');
        target.resumeOffload();
        return;
      case 'link':
        this.note(`the cable is ${edit.isUp ? 'put back' : 'pulled'}`);
        link.setCarrier(edit.isUp);
        return;
      case 'power':
        this.note(`the power manager wants the adapter in ${edit.state}`);
        ndis.life.setPower(target.miniportHandle, devicePowerStates[edit.state], (status) => {
          this.note(`the adapter's way to ${edit.state} ended with ${statusName(status)}`);
        });
    }
  }

  /** The object that an edit is about; undefined, with a note, where the target does not have it. */
  private offloaded(
    connection: HostConnection,
    edit: Extract<ConnectionEdit, { readonly layer: unknown }>,
  ): OffloadableObject | undefined {
    const { path } = connection;
    const object = { tcp: connection, path, neighbor: path.neighbor }[edit.layer];
    const { place, updating, invalid } = object.record;
    if (place === 'Offloaded' && !updating && !invalid) return object;
    const why = invalid ? 'invalid' : updating ? 'being updated' : place;
    this.note(`${edit.kind} is not asked for: the ${edit.layer} object is ${why}`, connection.id);
    return undefined;
  }

  private refuse(connection: HostConnection, kind: string): void {
    const where = connection.isClosed ? 'closed' : connection.place;
    this.note(`${kind} is not asked for: the connection is ${where}`, connection.id);
  }

  private note(text: string, connection?: number): void {
    this.topology.host.note(connection, handNoteText(text));
  }
}
