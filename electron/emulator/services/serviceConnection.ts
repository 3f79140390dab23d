/** What a service uses of its connection, and how it reads and writes without taking more than it can handle. */
import type { ConnectionUser } from '../host/connectionUser';

/** A connection as a service sees it: a host's one, or anything that behaves like it. */
export interface ServiceConnection {
  /** Posts bytes; `done` hears when the peer has acknowledged all of them. */
  send(bytes: Uint8Array, done: () => void): void;
  /** Sends nothing more. */
  shutdown(): void;
  /** Gives the connection up with a RST. */
  abort(): void;
  /** Asks for 1 to `bytes` bytes; `done` gets none at the end of the stream. */
  read(bytes: number, done: (bytes: Uint8Array) => void): void;
}

/** How long a connection may be idle, and what tells the time. */
export interface ServiceClock {
  /** Virtual ns. */
  readonly idleTime: number;
  now(): number;
  allocateTimer(routine: () => void): { set(deadline: number): void; stop(): void };
}

/** Serves one connection. The user that it answers reads on request. */
export type Service = (connection: ServiceConnection) => ConnectionUser;

/** Bytes of one read and of one send, and how many of each are outstanding at a time. */
export const serviceBufferBytes = 64 * 1024;
const outstandingReads = 4;
const outstandingSends = 4;

/** Keeps reads outstanding until the stream ends. */
export class ReadLoop {
  private outstanding = 0;
  private paused = false;
  private over = false;

  constructor(
    private readonly connection: ServiceConnection,
    /** Gets bytes in order. */
    private readonly onBytes: (bytes: Uint8Array) => void,
    private readonly onEnd: () => void,
    private readonly most = outstandingReads,
  ) {}

  /** Reads on. */
  start(): void {
    this.paused = false;
    while (this.wantsMore) this.readOne();
  }

  private get wantsMore(): boolean {
    return !this.paused && !this.over && this.outstanding < this.most;
  }

  /** Asks for nothing more; what has been asked for still comes. */
  pause(): void {
    this.paused = true;
  }

  /** Asks for nothing any more. */
  stop(): void {
    this.over = true;
  }

  private readOne(): void {
    this.outstanding++;
    this.connection.read(serviceBufferBytes, (bytes) => {
      this.outstanding--;
      if (this.over) return;
      if (bytes.length === 0) {
        this.over = true;
        this.onEnd();
        return;
      }
      this.onBytes(bytes);
      if (!this.paused) this.start();
    });
  }
}

/** Keeps sends outstanding as long as a source has bytes. */
export class SendLoop {
  private outstanding = 0;
  private over = false;
  private pumping = false;

  constructor(
    private readonly connection: ServiceConnection,
    /** The next bytes, or undefined when there are none for now. */
    private readonly next: () => Uint8Array | undefined,
    /** Everything that the source had has been acknowledged. */
    private readonly onIdle: () => void = () => undefined,
    private readonly most = outstandingSends,
  ) {}

  /** Sends what there is. */
  start(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (!this.over && this.outstanding < this.most) {
      const bytes = this.next();
      if (bytes === undefined) break;
      this.outstanding++;
      this.connection.send(bytes, () => {
        this.outstanding--;
        this.start();
      });
    }
    this.pumping = false;
    if (!this.over && this.outstanding === 0) this.onIdle();
  }

  /** Sends nothing more. */
  stop(): void {
    this.over = true;
  }
}
