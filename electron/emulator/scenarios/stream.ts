/** One connection of a scenario: its part of the file, who sends it, who echoes it, and when it is offloaded. */
import type { HostConnection } from '../host/hostConnection';
import type { HostStack } from '../host/hostStack';
import type { Machine } from '../machine/machine';
import { echoPort } from '../peer/echoHost';
import type { ScenarioPlan } from './scenarioPlan';
import type { ScenarioTopology } from './topology';
import { TransferApplication } from './transferApplication';

/** Acknowledged bytes at which the host offers the connection to the target: a part of the file, a chunk of it at most. */
function offloadThreshold(fileBytes: number): number {
  return Math.min(128 * 1024, Math.floor(fileBytes / 8));
}

/** Options that the application sets when a quarter of its bytes have been acknowledged: SO_RCVBUF, and IP_TOS for bulk data. */
const enlargedReceiveBuffer = 384 * 1024;
const bulkTypeOfService = 0x08;

/** See the file's head. */
export class Stream {
  readonly application: TransferApplication;
  connection: HostConnection | undefined;
  private offloadTried = false;
  private optionsSet = false;
  private halfwayDone = false;

  constructor(
    private readonly machine: Machine,
    private readonly host: HostStack,
    readonly destination: ScenarioTopology['destinations'][number],
    private readonly plan: ScenarioPlan,
    private readonly file: Uint8Array,
    applicationComponent: number,
  ) {
    const together = plan.offload === 'together';
    this.application = new TransferApplication(
      machine,
      applicationComponent,
      file,
      () => this.connection!,
      together ? Math.ceil(file.length / 4) : file.length,
      Math.min(file.length, plan.peer?.echoes ?? Infinity),
    );
    this.application.receives = plan.receives;
  }

  /** The application connects. */
  connect(): HostConnection {
    this.connection = this.host.connect(this.destination.address, echoPort, this.application);
    return this.connection;
  }

  /** SHA-256 of what the peer has received, once it has got all. */
  get peerDigest(): string | undefined {
    const { connection, destination } = this;
    if (connection === undefined) return undefined;
    const { peer, address } = destination;
    const local = connection.path.source;
    return peer.application(address, local, connection.localPort)?.digest;
  }

  /** Whether it waits for the others, or will never again have anything to wait for. */
  get isReadyForOffload(): boolean {
    return this.application.waits || this.application.ended !== undefined;
  }

  /** The part of its bytes that the peer has acknowledged, 0 to 1. */
  get acknowledgedPart(): number {
    return this.file.length === 0 ? 1 : this.application.acknowledged / this.file.length;
  }

  /** The part of its bytes that has come back, 0 to 1. */
  get returnedPart(): number {
    return this.file.length === 0 ? 1 : this.application.returned / this.file.length;
  }

  /** Whether everything is over and the host has the connection. */
  get isOver(): boolean {
    const { connection, application } = this;
    return application.ended !== undefined && (connection === undefined || connection.place === 'InHost');
  }

  /** The scenario's decisions about this connection, taken between events. */
  direct(): void {
    const { application, connection, machine, file, plan, host } = this;
    if (connection === undefined) return;
    if (
      plan.offload === 'each' &&
      !this.offloadTried &&
      connection.acknowledgedBytes >= offloadThreshold(file.length) &&
      application.acknowledged < file.length
    ) {
      this.offloadTried = true;
      machine.queueWorkItem(0, () => {
        connection.offload();
      });
    }
    if (
      plan.setsOptions &&
      !this.optionsSet &&
      application.acknowledged * 4 >= file.length &&
      connection.place === 'Offloaded'
    ) {
      this.optionsSet = true;
      machine.queueWorkItem(0, () => {
        host.note(connection.id, 'The application enlarges its receive buffer and marks its packets');
        connection.setOptions({ receiveBuffer: enlargedReceiveBuffer, typeOfService: bulkTypeOfService });
      });
    }
    if (
      plan.halfway !== 'nothing' &&
      !this.halfwayDone &&
      application.acknowledged * 2 >= file.length &&
      connection.place === 'Offloaded'
    ) {
      this.halfwayDone = true;
      machine.queueWorkItem(0, () => {
        if (connection.place !== 'Offloaded') return;
        if (plan.halfway === 'invalidate-neighbor') {
          host.note(connection.id, 'Host stack invalidates the neighbor');
          host.offloads.invalidate(connection.path.neighbor);
        } else this.query(connection);
      });
    }
  }

  private query(connection: HostConnection): void {
    this.host.offloads.query(connection, 'delegated', (state) => {
      if (state?.layer !== 'tcp') return;
      const bytes = state.delegated?.ReceiveBacklogSize ?? 0;
      this.host.note(connection.id, `The target reports ${bytes} bytes of undelivered data`);
    });
  }
}
