/**
 * When the host stack may offload to its adapter, and when everything has to come back: its reactions to status indications, to power
 * and to Plug and Play (sections 11 and 12 of the state-manipulation digest).
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  devicePowerStates,
  netEvents,
  readLinkUp,
  type NDIS_HANDLE,
  type NDIS_STATUS_INDICATION,
  type NET_PNP_EVENT_NOTIFICATION,
} from '../kit';
import type { OffloadPlace } from './offloadRecord';

/** A connection as the gate sees it. */
export interface GatedConnection {
  readonly place: OffloadPlace;
  /** Takes it back from the target; may have to wait for a query of its own. */
  upload(): void;
}

/** What the gate must know of its stack. */
export interface GatedStack {
  readonly connections: readonly GatedConnection[];
  /** Asks for the capabilities again (PWR-010). */
  learnCapabilities(): NdisStatus;
  completeNetPnPEvent(event: NET_PNP_EVENT_NOTIFICATION): void;
  closeAdapter(): void;
  completeUnbind(UnbindContext: NDIS_HANDLE): void;
  /** Runs work at PASSIVE_LEVEL soon. */
  whenIdle(work: () => void): void;
  note(connection: number | undefined, text: string): void;
}

/** Why nothing may be offloaded. */
type Closure =
  | 'not-enabled'
  | 'switched-off'
  | 'not-supported'
  | 'pause'
  | 'upload-all'
  | 'no-link'
  | 'low-power'
  | 'paused'
  | 'unbound';

/** Closures for which what has been offloaded comes back; a mere pause leaves it alone (PWR-005). */
const draining: readonly Closure[] = [
  'switched-off',
  'upload-all',
  'no-link',
  'low-power',
  'paused',
  'unbound',
];

/** Something that waits for connections. */
interface Waiter {
  readonly ready: (place: OffloadPlace) => boolean;
  readonly then: () => void;
}

function isBack(place: OffloadPlace): boolean {
  return place === 'InHost';
}

function isBackOrTerminating(place: OffloadPlace): boolean {
  return place === 'InHost' || place === 'Uploading';
}

/** See the file's head. */
export class ChimneyGate {
  private readonly closures = new Set<Closure>(['not-enabled']);
  private waiters: Waiter[] = [];
  /** Pauses and uploads of everything that have been asked for: a resume that came before the last of them is void. */
  private requests = 0;

  constructor(private readonly stack: GatedStack) {}

  /** Whether connection offload is on, as its administrator wants it. */
  get isEnabled(): boolean {
    return !this.closures.has('not-enabled') && !this.closures.has('switched-off');
  }

  /** Whether a connection may be offered to the target now. */
  get mayOffload(): boolean {
    return this.closures.size === 0;
  }

  /** The parameters have been set with success (CAP-002). */
  enabled(): void {
    this.closures.delete('not-enabled');
  }

  /** The administrator wants no connection offload any more; `then`, at PASSIVE_LEVEL, once everything is back (CAP-023). */
  switchOff(then: () => void): void {
    this.closures.add('switched-off');
    this.drain();
    if (this.areAll(isBack)) then();
    else this.waiters.push({ ready: isBack, then });
  }

  /** The administrator wants connection offload again. */
  switchOn(): void {
    this.closures.delete('switched-off');
  }

  /** What the adapter reports that it takes, as it was last read (CAP-014). */
  capabilitiesLearned(offloadsAny: boolean): void {
    if (offloadsAny) this.closures.delete('not-supported');
    else this.closures.add('not-supported');
  }

  /** ProtocolStatusEx. */
  onStatus({ StatusCode, StatusBuffer }: NDIS_STATUS_INDICATION): void {
    switch (StatusCode) {
      case NDIS_STATUS.OFFLOAD_PAUSE:
        this.requests++;
        this.closures.add('pause');
        this.stack.note(undefined, 'The target asks for no more offloads');
        break;
      case NDIS_STATUS.OFFLOAD_STATE_INVALID:
        // No page says what a host stack does then; UPLOAD_ALL takes the state back, and until a resume nothing new is offered.
        this.closures.add('pause');
        this.stack.note(undefined, 'The target says that offloaded state is invalid');
        break;
      case NDIS_STATUS.UPLOAD_ALL:
        this.requests++;
        this.stack.note(undefined, 'The target asks for everything back');
        this.close('upload-all');
        break;
      case NDIS_STATUS.OFFLOAD_RESUME:
        this.resume();
        break;
      case NDIS_STATUS.LINK_STATE:
        this.onLink(StatusBuffer === null ? undefined : readLinkUp(StatusBuffer));
        break;
      case NDIS_STATUS.MEDIA_DISCONNECT:
        this.onLink(false);
        break;
      case NDIS_STATUS.MEDIA_CONNECT:
        this.onLink(true);
        break;
      default:
    }
  }

  /** ProtocolNetPnPEvent, at PASSIVE_LEVEL; PENDING while the event has to wait for connections. */
  onNetPnPEvent(event: NET_PNP_EVENT_NOTIFICATION): NdisStatus {
    switch (event.NetEvent) {
      case netEvents.setPower:
        if (event.powerState === devicePowerStates.D0) {
          this.closures.delete('low-power');
          return NDIS_STATUS.SUCCESS;
        }
        this.closures.add('low-power');
        // The terminations must have begun before the adapter hears of it; the target waits for their end (PWR-016).
        return this.drainFor(event, isBackOrTerminating);
      case netEvents.pause:
        this.closures.add('paused');
        return this.drainFor(event, isBack);
      case netEvents.restart:
        this.closures.delete('paused');
        return NDIS_STATUS.SUCCESS;
      default:
        return NDIS_STATUS.NOT_SUPPORTED;
    }
  }

  /** ProtocolUnbindAdapterEx, at PASSIVE_LEVEL: closes the adapter once everything is back. */
  onUnbind(UnbindContext: NDIS_HANDLE): NdisStatus {
    this.closures.add('unbound');
    this.drain();
    if (this.areAll(isBack)) {
      this.stack.closeAdapter();
      return NDIS_STATUS.SUCCESS;
    }
    this.waiters.push({
      ready: isBack,
      then: () => {
        this.stack.closeAdapter();
        this.stack.completeUnbind(UnbindContext);
      },
    });
    return NDIS_STATUS.PENDING;
  }

  /** A connection has changed its place: what has just been taken may have to come back, and somebody may have waited for it. */
  placeChanged(): void {
    if (!this.drains && this.waiters.length === 0) return;
    this.stack.whenIdle(() => {
      this.drain();
      const [ready, waiting] = [
        this.waiters.filter((waiter) => this.areAll(waiter.ready)),
        this.waiters.filter((waiter) => !this.areAll(waiter.ready)),
      ];
      this.waiters = waiting;
      for (const waiter of ready) waiter.then();
    });
  }

  private get drains(): boolean {
    return draining.some((closure) => this.closures.has(closure));
  }

  private onLink(up: boolean | undefined): void {
    if (up === undefined) return;
    this.stack.note(undefined, up ? 'The link is up' : 'The link is down');
    if (up) this.closures.delete('no-link');
    else this.close('no-link');
  }

  /** Offloading is welcome again once everything is back and the capabilities have been read anew (PWR-010). */
  private resume(): void {
    const { requests } = this;
    const reopen = (): void => {
      if (requests !== this.requests) return;
      if (this.stack.learnCapabilities() !== NDIS_STATUS.SUCCESS) return;
      this.closures.delete('pause');
      this.closures.delete('upload-all');
      this.stack.note(undefined, 'The target takes offloads again');
    };
    this.stack.whenIdle(() => {
      if (!this.closures.has('upload-all') || this.areAll(isBack)) reopen();
      else this.waiters.push({ ready: isBack, then: reopen });
    });
  }

  private close(closure: Closure): void {
    this.closures.add(closure);
    this.stack.whenIdle(() => {
      this.drain();
    });
  }

  private drainFor(event: NET_PNP_EVENT_NOTIFICATION, ready: Waiter['ready']): NdisStatus {
    this.drain();
    if (this.areAll(ready)) return NDIS_STATUS.SUCCESS;
    this.waiters.push({
      ready,
      then: () => {
        this.stack.completeNetPnPEvent(event);
      },
    });
    return NDIS_STATUS.PENDING;
  }

  /** Takes back what is offloaded (PWR-007, PWR-008); what is still being offered follows when it has arrived. */
  private drain(): void {
    if (!this.drains) return;
    for (const connection of this.stack.connections)
      if (connection.place === 'Offloaded') connection.upload();
  }

  private areAll(ready: Waiter['ready']): boolean {
    return this.stack.connections.every((connection) => ready(connection.place));
  }
}
