/**
 * What an adapter of the offload target lets through: whether it takes new offloads, whether it gives everything back, whether its
 * cable is plugged in and its power is on (sections 11 and 12 of the state-manipulation digest).
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  devicePowerStates,
  writeLinkState,
  type Kernel,
  type NDIS_HANDLE,
  type NDIS_OID_REQUEST,
  type NDIS_STATUS_INDICATION,
  type NdisFunctions,
  type OpenIndications,
  type Outstanding,
} from '../kit';

const powerStates: readonly number[] = Object.values(devicePowerStates);

const statusIndicationSize = constantValue('NDIS_SIZEOF_STATUS_INDICATION_REVISION_1');

/** An initiate as the gate sees it. */
export interface Initiate {
  /** Takes the tree over. */
  begin(): void;
  /** Completes it without having taken anything; FAILURE if no status is given. */
  refuse(status?: NdisStatus): void;
}

/** What the gate must know of its adapter. */
export interface GatedAdapter {
  readonly kernel: Kernel;
  readonly ndis: NdisFunctions;
  /** NdisMiniportHandle. */
  readonly handle: NDIS_HANDLE;
  /** Whether it holds no connection and no initiate or terminate is under way. */
  readonly isIdle: boolean;
  /** Whether every list that was lent or is being sent is back. */
  readonly isQuiet: boolean;
  /** Whether frames of the ordinary path have not left yet. */
  readonly isSending: boolean;
  readonly linkSpeed: number;
  /** What a reset of the hardware takes, and how it is told. */
  readonly resetTime: number;
  readonly reportsReset: boolean;
  readonly indications: OpenIndications;
  /** Bytes of NDIS_TCP_CONNECTION_OFFLOAD. */
  capabilities(): Uint8Array;
}

/** See the file's head. */
export class AdapterGate {
  private offloads: 'open' | 'paused' | 'upload-all' = 'open';
  private resumeWanted = false;
  private linkUp = true;
  private powerState: number = devicePowerStates.D0;
  private powerRequest: NDIS_OID_REQUEST | undefined;
  private running = false;
  private pausing = false;
  private removed = false;
  private resetting = false;
  private held: Initiate[] = [];

  constructor(private readonly adapter: GatedAdapter) {}

  /** Whether frames pass between the wire and the drivers above. */
  get passesFrames(): boolean {
    return (
      this.running &&
      !this.resetting &&
      !this.removed &&
      this.linkUp &&
      this.powerState === devicePowerStates.D0
    );
  }

  /** Whether the cable is what keeps frames from passing. */
  get isUnplugged(): boolean {
    return !this.linkUp || this.removed;
  }

  /** Whether everything is to go back: late sends are completed with UPLOAD_IN_PROGRESS (PWR-006). */
  get uploadsAll(): boolean {
    return this.offloads === 'upload-all';
  }

  /** Requests that it has left pending or holds back. */
  get outstanding(): Outstanding {
    return {
      'initiates held back': this.held.length,
      'power requests pending': Number(this.powerRequest !== undefined),
      'pauses pending': Number(this.pausing),
    };
  }

  /** An initiate has come: begins it, or holds it while offloading is paused (PWR-004). */
  admit(initiate: Initiate): void {
    if (this.resetting) initiate.refuse(this.statusOfReset);
    else if (this.offloads === 'open') initiate.begin();
    else this.held.push(initiate);
  }

  /**
   * Asks for no more offloads: NDIS_STATUS_OFFLOAD_PAUSE. What is offloaded goes on as before (PWR-005). A resume that waits for
   * terminations is given up.
   */
  pauseOffload(): void {
    this.resumeWanted = false;
    if (this.offloads !== 'open') return;
    this.offloads = 'paused';
    this.indicate(NDIS_STATUS.OFFLOAD_PAUSE, null);
  }

  /** Asks for everything back: NDIS_STATUS_UPLOAD_ALL. A resume that waits for terminations is given up. */
  uploadAll(): void {
    this.resumeWanted = false;
    if (this.offloads === 'upload-all') return;
    this.offloads = 'upload-all';
    this.indicate(NDIS_STATUS.UPLOAD_ALL, null);
  }

  /**
   * Takes offloads again: NDIS_STATUS_OFFLOAD_RESUME with the capabilities that now hold (PWR-011); after an upload of everything as
   * soon as the terminations have been completed (PWR-009).
   */
  resumeOffload(): void {
    if (this.offloads === 'open') return;
    if (this.offloads === 'upload-all' && !this.adapter.isIdle) {
      this.resumeWanted = true;
      return;
    }
    this.resumeWanted = false;
    this.offloads = 'open';
    for (const initiate of this.held.splice(0)) initiate.begin();
    this.indicate(NDIS_STATUS.OFFLOAD_RESUME, this.adapter.capabilities());
  }

  /**
   * Capabilities have changed: a pause and a resume report them (CAP-015), unless a resume is still to come anyhow. `meanwhile` is
   * done while offloading is paused.
   */
  capabilitiesChanged(meanwhile: () => void = () => undefined): void {
    const wasOpen = this.offloads === 'open';
    if (wasOpen) this.pauseOffload();
    meanwhile();
    if (wasOpen) this.resumeOffload();
  }

  /** The cable has been plugged in or pulled: reported, and nothing else; uploading is the host's decision (PWR-013). */
  linkChanged(up: boolean): void {
    if (this.linkUp === up) return;
    this.linkUp = up;
    if (!this.removed) this.indicate(NDIS_STATUS.LINK_STATE, writeLinkState(up, this.adapter.linkSpeed));
  }

  /**
   * OID_PNP_SET_POWER: a low state is reported as reached when every termination has been completed and every frame has left; until
   * then the request is PENDING (PWR-017, PWR-018).
   */
  setPower(request: NDIS_OID_REQUEST): NdisStatus {
    const [state] = request.InformationBuffer;
    if (state === undefined || request.InformationBuffer.length < 4) {
      request.bytesNeeded = 4;
      return NDIS_STATUS.BUFFER_TOO_SHORT;
    }
    if (!powerStates.includes(state)) return NDIS_STATUS.INVALID_DATA;
    request.bytesProcessed = 4;
    if (state !== devicePowerStates.D0) this.refuseHeld();
    if (state === devicePowerStates.D0 || this.maySleep) {
      this.powerState = state;
      return NDIS_STATUS.SUCCESS;
    }
    this.powerRequest = request;
    return NDIS_STATUS.PENDING;
  }

  /** MiniportRestart. */
  restart(): NdisStatus {
    this.running = true;
    return NDIS_STATUS.SUCCESS;
  }

  /** MiniportPause: PENDING until every list that is out has come back. */
  pause(): NdisStatus {
    this.running = false;
    if (this.adapter.isQuiet) return NDIS_STATUS.SUCCESS;
    this.pausing = true;
    return NDIS_STATUS.PENDING;
  }

  /**
   * MiniportResetEx: the hardware starts anew and forgets its address filter. What has been offloaded is still in the driver's
   * memory, so that it can be asked back; initiates that wait are ended. The driver says when it is over, and takes offloads again
   * once everything is back.
   */
  reset(forget: () => void): NdisStatus {
    const { kernel, ndis, handle, resetTime, reportsReset } = this.adapter;
    if (this.resetting) return NDIS_STATUS.RESET_IN_PROGRESS;
    this.resetting = true;
    for (const initiate of this.held.splice(0)) initiate.refuse(this.statusOfReset);
    kernel.queueDeferredCall(() => {
      this.resetting = false;
      if (this.removed) return;
      forget();
      ndis.NdisMResetComplete(handle, NDIS_STATUS.SUCCESS, true);
      if (reportsReset) this.indicate(NDIS_STATUS.OFFLOAD_STATE_INVALID, null);
      this.uploadAll();
      this.resumeOffload();
    }, resetTime);
    return NDIS_STATUS.PENDING;
  }

  /** Whether a reset is under way. */
  get isResetting(): boolean {
    return this.resetting;
  }

  /** The device is gone: nothing reaches the wire any more, but what the driver holds in memory can still be given back. */
  remove(): void {
    this.removed = true;
    this.refuseHeld();
  }

  /** MiniportHaltEx: what is still held ends here. */
  halt(): void {
    this.running = false;
    this.removed = true;
    this.refuseHeld();
  }

  /** A termination has been completed or a list has come back: does what waited for it, when the present call has ended. */
  somethingEnded(): void {
    const { kernel } = this.adapter;
    if (!this.resumeWanted && this.powerRequest === undefined && !this.pausing) return;
    kernel.queueDeferredCall(() => {
      this.goOn();
    });
  }

  /** Indicates a status at DISPATCH_LEVEL. */
  indicate(StatusCode: NdisStatus, StatusBuffer: Uint8Array | null): void {
    const { adapter } = this;
    const { kernel, ndis, handle } = adapter;
    const indication: NDIS_STATUS_INDICATION = {
      address: kernel.allocate(statusIndicationSize),
      SourceHandle: handle,
      StatusCode,
      StatusBuffer,
    };
    adapter.indications.make(() => {
      ndis.NdisMIndicateStatusEx(handle, indication);
    });
  }

  private goOn(): void {
    const { adapter } = this;
    const { ndis, handle } = adapter;
    if (this.pausing && adapter.isQuiet) {
      this.pausing = false;
      ndis.NdisMPauseComplete(handle);
    }
    const request = this.powerRequest;
    if (request !== undefined && this.maySleep) {
      this.powerRequest = undefined;
      this.powerState = request.InformationBuffer[0]!;
      ndis.NdisMOidRequestComplete(handle, request, NDIS_STATUS.SUCCESS);
    }
    if (this.resumeWanted) this.resumeOffload();
  }

  private get maySleep(): boolean {
    return this.adapter.isIdle && !this.adapter.isSending;
  }

  private get statusOfReset(): NdisStatus {
    return this.adapter.reportsReset ? NDIS_STATUS.OFFLOAD_REQUEST_RESET : NDIS_STATUS.FAILURE;
  }

  private refuseHeld(): void {
    for (const initiate of this.held.splice(0)) initiate.refuse();
  }
}
