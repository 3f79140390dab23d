/** Hears what becomes of a timer. */
export interface TimerWatch {
  /** It is started for a time, virtual ns; answers whether it runs. */
  started(due: number): boolean;
  stopped(): void;
  /** Answers whether the engine is to do what follows from it. */
  expired(): boolean;
}

/** Who a home's engine works for: what TCP tells its user (RFC 9293 section 3.9.1, user interface). */
export interface TcpUser {
  /** Watches the sender's timer of silly-window avoidance; absent: nobody wants to know. */
  readonly sillyWindowTimer?: TimerWatch;
  /** Room for received bytes that have not been handed over yet: the window to offer. */
  receiveSpace(): number;
  /** In-sequence bytes; the user takes a copy before it returns. */
  onData(bytes: Uint8Array, start: number, length: number, push: boolean): void;
  onEstablished(): void;
  /** The peer's FIN has been reached in sequence. */
  onPeerClosed(): void;
  /** Our FIN has been acknowledged. */
  onFinAcknowledged(): void;
  /** An acceptable RST has arrived. */
  onReset(): void;
  /** A SYN at exactly RCV.NXT has ended the connection (WIR-037); only where blind resets are validated. */
  onPeerRestarted?(): void;
  /** Retransmissions, probes or FIN-WAIT-2 have used up their time. */
  onTimeout(): void;
  /** TIME-WAIT or LAST-ACK is over: nothing is left. */
  onClosed(): void;
}
