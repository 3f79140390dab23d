/**
 * A connection in an adapter's firmware: the TCP engine with frames around its segments, its rings of posted requests, and a ring of
 * events for the driver. It calls nobody: whatever it has to say waits in the ring, and the driver is interrupted.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { Machine } from '../machine/machine';
import { Timer } from '../machine/timer';
import {
  NdisAdvanceNetBufferDataStart,
  chainToArray,
  netBufferBytes,
  type NET_BUFFER_LIST,
} from '../ndis/netBufferList';
import type { NDIS_OFFLOAD_HANDLE } from '../ndis/offloadBlockList';
import type {
  TCP_OFFLOAD_STATE_CACHED,
  TCP_OFFLOAD_STATE_CONST,
  TCP_OFFLOAD_STATE_DELEGATED,
} from '../ndis/offloadState';
import type { StateObserver } from '../observe/stateObserver';
import { applyCached, exportDelegated, importEngine } from '../tcp/offloadState';
import type { SendOwner } from '../tcp/sendQueue';
import type { SegmentOutput, TcpEngine } from '../tcp/tcpEngine';
import type { TcpSettings } from '../tcp/tcpSettings';
import { TcpConnectionState } from '../tcp/tcpVariables';
import type { Frame, FramePool } from '../wire/frame';
import { fillSegmentFrame } from '../wire/segmentFrame';
import { readTcpSegment, tcpFlags, TcpSegment } from '../wire/tcpSegment';
import type { RoomWaiter, TransmitRing } from '../wire/transmitRing';
import type {
  FirmwareConnection,
  FirmwareEvent,
  FirmwareRemains,
  FirmwareRequest,
  FirmwareRoute,
} from './hardwarePort';
import { Placement, settle } from './placement';
import { ProtocolTimer } from './protocolTimer';

/** Bytes of an IPv4 and a TCP header without options. */
const ipAndTcpHeaderLength = 40;

const uploadReasons = {
  timeoutExpiration: constantValue('TimeoutExpiration'),
  uploadRequested: constantValue('UploadRequested'),
  receivedUrgentData: constantValue('ReceivedUrgentData'),
} as const;

/** SendBacklogSize where the feature is not supported (QRY-007). */
const notSupported = 0xffff_ffff;

/** A connection that is handed to the firmware. */
export interface FirmwareOffload {
  readonly NdisOffloadHandle: NDIS_OFFLOAD_HANDLE;
  readonly const: TCP_OFFLOAD_STATE_CONST;
  readonly cached: TCP_OFFLOAD_STATE_CACHED;
  readonly delegated: TCP_OFFLOAD_STATE_DELEGATED;
  /** Sends that have not been acknowledged in full. */
  readonly chain: NET_BUFFER_LIST | null;
  readonly route: FirmwareRoute;
}

/** What the firmware has of the adapter around it. */
export interface FirmwareSurroundings {
  readonly machine: Machine;
  readonly pool: FramePool;
  readonly ring: TransmitRing;
  readonly observer: StateObserver;
  /** Component of the driver, for the trace. */
  readonly component: number;
  /** Push timer of the receive delivery algorithm, virtual ns. */
  readonly pushTime: number;
  /** Whether everything is to go back: sends that come late are not begun (PWR-006). */
  readonly wantsUploads: boolean;
  transmit(frame: Frame): number;
  nextIdentification(): number;
  /** Events wait in the ring of a connection. */
  interrupt(connection: EngineConnection): void;
  /** The connection has been given back. */
  forget(connection: EngineConnection): void;
}

/** A posted send, or the data of a disconnect. */
class PostedSend implements SendOwner {
  readonly length: number;
  acknowledged = 0;

  constructor(
    readonly list: NET_BUFFER_LIST,
    private readonly progressed: (send: PostedSend) => void,
  ) {
    this.length = list.dataLength;
  }

  onAcknowledged(count: number): void {
    this.acknowledged += count;
    this.progressed(this);
  }
}

/** See the file's head. */
export class EngineConnection implements FirmwareConnection {
  driverContext: object | undefined;
  confirmedAt = -Infinity;
  readonly engine: TcpEngine;
  private cached: TCP_OFFLOAD_STATE_CACHED;
  private events: FirmwareEvent[] = [];
  private readonly sends: PostedSend[] = [];
  private disconnect: PostedSend | undefined;
  private readonly placement: Placement;
  /** `new`: not started yet. `halted`: nothing is processed or sent any more. */
  private stage: 'new' | 'running' | 'halted' = 'new';
  private aborted: 'no' | 'by-host' | 'by-peer' = 'no';
  private peerClosed: 'no' | 'yes' | 'told' = 'no';
  private timeWaitTold = false;
  private readonly forwarded = new TcpSegment();
  private readonly timer: Timer;
  private readonly pushTimer: Timer;
  private readonly pushWatch: ProtocolTimer;
  private readonly output: SegmentOutput;

  private readonly goOn = (): void => {
    this.run(() => undefined);
  };
  private readonly waiter: RoomWaiter = { waitsForRoom: false, resume: this.goOn };

  constructor(
    private readonly nic: FirmwareSurroundings,
    readonly offload: FirmwareOffload,
    settings: TcpSettings,
    private route: FirmwareRoute = offload.route,
  ) {
    const { machine } = nic;
    this.cached = { ...offload.cached };
    this.timer = new Timer(machine, this.goOn, 0);
    this.pushWatch = new ProtocolTimer(nic, offload.NdisOffloadHandle, 'push timer');
    const onPush = (): void => {
      this.run(() => {
        if (this.pushWatch.expired()) this.placement.pushExpired();
      });
    };
    this.pushTimer = new Timer(machine, onPush, 0);
    this.placement = new Placement((list) => {
      this.completed('receive', list);
    });
    this.engine = importEngine(
      settings,
      {
        sillyWindowTimer: new ProtocolTimer(nic, offload.NdisOffloadHandle, 'SWS timer'),
        receiveSpace: () => Math.max(0, this.cached.InitialRcvWnd - this.placement.heldBytes),
        onData: (bytes, start, length, push) => {
          this.placement.add(bytes.slice(start, start + length), push);
        },
        onEstablished: () => undefined,
        onPeerClosed: () => {
          this.peerClosed = 'yes';
        },
        onFinAcknowledged: () => {
          this.endDisconnect(NDIS_STATUS.SUCCESS);
        },
        onReset: () => {
          this.aborted = 'by-peer';
          this.events.push({ kind: 'reset' });
          this.abortRequests();
        },
        onPeerRestarted: () => {
          this.wantUpload(uploadReasons.uploadRequested);
        },
        onTimeout: () => {
          this.wantUpload(uploadReasons.timeoutExpiration);
        },
        onClosed: () => undefined,
      },
      offload.const,
      offload.cached,
      offload.delegated,
      machine.now,
    );
    this.engine.pathMss = route.pathMtu - ipAndTcpHeaderLength;
    this.output = {
      emit: (segment, queue, offset, retransmission) => {
        const frame = nic.pool.take('chimney');
        fillSegmentFrame(frame, this.route, nic.nextIdentification(), segment, queue, offset);
        frame.connection = nic.observer.find(offload.NdisOffloadHandle)?.connection;
        frame.retransmission = retransmission;
        nic.transmit(frame);
      },
      hasRoom: () => {
        if (!nic.ring.hasRoom) nic.ring.wait(this.waiter);
        return nic.ring.hasRoom;
      },
    };
    for (const list of chainToArray(offload.delegated.BufferedData)) {
      list.FirstNetBuffer.forEachRun((bytes) => {
        this.placement.adopt(bytes.slice());
      });
    }
    for (const list of chainToArray(offload.chain)) this.queueSend(list);
  }

  get State(): TcpConnectionState {
    return this.engine.variables.State;
  }

  /** Takes a segment of this connection whose checksum is right; false if it is the host stack's. */
  process(segment: TcpSegment): boolean {
    if (!this.processesSegments) return false;
    const { engine, nic } = this;
    const { now } = nic.machine;
    if (segment.has(tcpFlags.URG) && !segment.has(tcpFlags.RST) && !segment.has(tcpFlags.SYN)) {
      // WIR-031, WIR-032: a segment that is out of order is dropped, a valid one left alone.
      if (!engine.wouldTake(segment, now)) return true;
      this.run(() => {
        this.wantUpload(uploadReasons.receivedUrgentData);
      });
      return false;
    }
    this.run(() => {
      const { SndUna, RcvNxt } = engine.variables;
      engine.process(segment, now);
      if (engine.variables.SndUna !== SndUna || engine.variables.RcvNxt !== RcvNxt) this.confirmedAt = now;
    });
    return true;
  }

  start(): void {
    if (this.stage === 'new') {
      this.stage = 'running';
      this.pushWatch.exists();
    }
    this.goOn();
  }

  takeEvents(): readonly FirmwareEvent[] {
    const { events } = this;
    this.events = [];
    return events;
  }

  postSend(list: NET_BUFFER_LIST): void {
    this.run(() => {
      const refusal = this.sendRefusal();
      if (refusal === undefined) this.queueSend(list);
      else this.refuse('send', list, refusal);
    });
  }

  postReceive(list: NET_BUFFER_LIST): void {
    this.run(() => {
      // RCV-029: nothing comes behind the peer's FIN.
      const refusal = this.peerClosed === 'told' ? NDIS_STATUS.INVALID_STATE : this.refusal();
      if (refusal !== undefined) this.refuse('receive', list, refusal);
      else {
        this.placement.post(list);
        this.engine.receiveSpaceGrew();
      }
    });
  }

  postDisconnect(list: NET_BUFFER_LIST, isGraceful: boolean): void {
    this.run(() => {
      this.disconnect = new PostedSend(list, () => undefined);
      if (!isGraceful) {
        if (this.aborted === 'no') this.aborted = 'by-host';
        this.engine.abort();
        this.abortRequests();
        return;
      }
      const refusal = this.sendRefusal();
      if (refusal !== undefined) {
        this.endDisconnect(refusal);
        return;
      }
      this.append(this.disconnect);
      this.engine.shutdown();
    });
  }

  forward(list: NET_BUFFER_LIST): void {
    const { source, destination } = this.route;
    const bytes = netBufferBytes(list.FirstNetBuffer);
    const problem = readTcpSegment(this.forwarded, bytes, 0, bytes.length, destination, source);
    // A damaged segment is processed by being dropped.
    const isTaken = problem === undefined ? this.process(this.forwarded) : this.processesSegments;
    list.Next = null;
    list.Status = isTaken ? NDIS_STATUS.SUCCESS : (this.refusal() ?? NDIS_STATUS.UPLOAD_IN_PROGRESS);
    this.run(() => {
      this.completed('forward', list);
    });
  }

  unplaced(): readonly Uint8Array[] {
    return this.placement.unplaced();
  }

  indicated(bytes: number, tookAll: boolean): void {
    this.run(() => {
      this.placement.indicated(bytes, tookAll);
      this.engine.receiveSpaceGrew();
    });
  }

  update(cached: TCP_OFFLOAD_STATE_CACHED): void {
    const before = this.cached;
    this.cached = { ...cached };
    this.run(() => {
      applyCached(this.engine, before, cached, this.nic.machine.now);
    });
  }

  reroute(route: FirmwareRoute): void {
    this.route = route;
    this.engine.pathMss = route.pathMtu - ipAndTcpHeaderLength;
  }

  halt(): void {
    this.stage = 'halted';
    this.timer.stop();
    this.engine.stopSillyWindowTimer();
    this.stopPushTimer();
  }

  private startPushTimer(): void {
    const due = this.nic.machine.now + this.nic.pushTime;
    if (this.pushWatch.started(due)) this.pushTimer.set(due);
  }

  private stopPushTimer(): void {
    this.pushTimer.stop();
    this.pushWatch.stopped();
  }

  query(): TCP_OFFLOAD_STATE_DELEGATED {
    return {
      ...exportDelegated(this.engine, this.nic.machine.now),
      SendBacklogSize: notSupported,
      ReceiveBacklogSize: this.placement.heldBytes,
    };
  }

  giveBack(): FirmwareRemains {
    const { engine, nic, placement } = this;
    if (this.stage === 'running') {
      // TRM-015: an acknowledgment that is being delayed leaves before the terminate is completed.
      engine.flushAcknowledgment();
      engine.dispatch(nic.machine.now, this.output);
    }
    this.halt();
    const status = this.refusal() ?? NDIS_STATUS.UPLOAD_IN_PROGRESS;
    placement.returnPosted(status);
    this.endDisconnect(status);
    const delegated = exportDelegated(engine, nic.machine.now);
    const sends = this.sends.splice(0).map(({ list, acknowledged }) => {
      NdisAdvanceNetBufferDataStart(list.FirstNetBuffer, acknowledged);
      return list;
    });
    nic.forget(this);
    return { delegated, sends, buffered: placement.takeAll() };
  }

  private get processesSegments(): boolean {
    return this.stage === 'running' && this.State !== TcpConnectionState.Closed;
  }

  /** Does `work` and everything that follows from it on the wire, and interrupts the driver if there is anything to tell. */
  private run(work: () => void): void {
    const { engine, nic, placement } = this;
    const { machine } = nic;
    const wasRunning = this.stage === 'running';
    work();
    if (this.stage === 'running') engine.dispatch(machine.now, this.output);
    if (wasRunning) nic.observer.ran(this.offload.NdisOffloadHandle, nic.component, engine.variables);
    // The dispatch may have found that a timer has given up.
    if (this.processesSegments) {
      if (placement.awaitsPush) this.startPushTimer();
      else this.stopPushTimer();
      if (this.State === TcpConnectionState.TimeWait) this.endTimeWait();
      else this.timer.set(engine.nextAt());
    }
    if (this.stage === 'new') return;
    if (placement.unplaced().length > 0) this.events.push({ kind: 'data' });
    if (this.peerClosed === 'yes' && placement.heldBytes === 0) {
      this.peerClosed = 'told';
      placement.returnPosted(NDIS_STATUS.SUCCESS);
      this.events.push({ kind: 'peer-closed' });
    }
    if (this.events.length > 0) nic.interrupt(this);
  }

  /** A target has no TIME-WAIT of its own: the host stack goes through it (A117). */
  private endTimeWait(): void {
    if (this.timeWaitTold || this.placement.heldBytes > 0) return;
    this.timeWaitTold = true;
    this.wantUpload(uploadReasons.uploadRequested);
  }

  private wantUpload(reason: number): void {
    this.halt();
    this.events.push({ kind: 'upload-wanted', reason });
  }

  /** Why a new request can't be served; undefined if it can. */
  private refusal(): NdisStatus | undefined {
    if (this.aborted !== 'no') return NDIS_STATUS.REQUEST_ABORTED;
    return this.stage === 'halted' ? NDIS_STATUS.UPLOAD_IN_PROGRESS : undefined;
  }

  private sendRefusal(): NdisStatus | undefined {
    return this.refusal() ?? (this.nic.wantsUploads ? NDIS_STATUS.UPLOAD_IN_PROGRESS : undefined);
  }

  private refuse(request: FirmwareRequest, list: NET_BUFFER_LIST, status: NdisStatus): void {
    settle(list, status, 0);
    this.completed(request, list);
  }

  private queueSend(list: NET_BUFFER_LIST): void {
    list.Next = null;
    const send = new PostedSend(list, () => {
      if (send.acknowledged < send.length) return;
      this.sends.splice(this.sends.indexOf(send), 1);
      settle(list, NDIS_STATUS.SUCCESS, send.length);
      this.completed('send', list);
    });
    if (send.length === 0) this.refuse('send', list, NDIS_STATUS.SUCCESS);
    else {
      this.sends.push(send);
      this.append(send);
    }
  }

  private append(send: PostedSend): void {
    send.list.FirstNetBuffer.forEachRun((bytes, isLast) => {
      this.engine.restore(bytes, send, isLast);
    });
  }

  /** DSC-026, RCV-026: everything ends, the disconnect last. */
  private abortRequests(): void {
    for (const { list, acknowledged } of this.sends.splice(0)) {
      settle(list, NDIS_STATUS.REQUEST_ABORTED, acknowledged);
      this.completed('send', list);
    }
    this.placement.returnPosted(NDIS_STATUS.REQUEST_ABORTED);
    this.endDisconnect(this.aborted === 'by-host' ? NDIS_STATUS.SUCCESS : NDIS_STATUS.REQUEST_ABORTED);
  }

  private endDisconnect(status: NdisStatus): void {
    const { disconnect } = this;
    if (disconnect === undefined) return;
    this.disconnect = undefined;
    settle(disconnect.list, status, disconnect.acknowledged);
    this.completed('disconnect', disconnect.list);
  }

  private completed(request: FirmwareRequest, list: NET_BUFFER_LIST): void {
    this.events.push({ kind: 'completed', request, list });
  }
}
