/**
 * One test of an iperf3 client: its control connection, and the streams in one or both directions. What a result says of a stream that
 * the client sends is what has arrived in the end: the results wait until everything is there that the client has sent.
 */
import { GeneratedContent } from './generatedContent';
import {
  clientBytesOf,
  IperfReader,
  iperfState,
  parametersOf,
  serverResults,
  streamId,
  unsupportedOption,
  type ControlMessage,
  type IperfParameters,
} from './iperfMessages';
import { SendLoop, serviceBufferBytes, type ServiceClock, type ServiceConnection } from './serviceConnection';
import type { ServiceTotals } from './simpleServices';

/** Bytes that a sending stream sends again and again. */
const block = new GeneratedContent(5201).bytes(0, serviceBufferBytes);

/** A timer of the kernel. */
type Timer = ReturnType<ServiceClock['allocateTimer']>;

/** One data connection of a test. */
export class IperfStream {
  /** Bytes since counting began, received or handed to the connection. */
  bytes = 0;
  /** When the latest of them came or went, virtual ns. */
  latest = 0;
  ended = false;
  private sends: SendLoop | undefined;
  private pace: Timer | undefined;

  constructor(
    readonly connection: ServiceConnection,
    /** When its connection was accepted, among all that were. */
    readonly order: number,
  ) {}

  /** Sends until it is stopped, no faster than so many bits per second; `onSend` hears that the client has taken enough for more. */
  send(
    clock: ServiceClock,
    totals: ServiceTotals,
    bitsPerSecond: number | undefined,
    onSend: () => void,
  ): void {
    const begin = clock.now();
    let sent = 0;
    const sends = new SendLoop(this.connection, () => {
      if (bitsPerSecond !== undefined) {
        const due = begin + (sent * 8e9) / bitsPerSecond;
        if (due > clock.now()) {
          this.pace?.set(Math.ceil(due));
          return undefined;
        }
      }
      sent += block.length;
      this.count(block.length, clock.now());
      totals.bytesSent += block.length;
      onSend();
      return block;
    });
    this.sends = sends;
    if (bitsPerSecond !== undefined)
      this.pace = clock.allocateTimer(() => {
        sends.start();
      });
    sends.start();
  }

  /** Counts bytes. */
  count(bytes: number, now: number): void {
    this.bytes += bytes;
    this.latest = now;
  }

  /** Sends nothing more. */
  stop(): void {
    this.pace?.stop();
    this.sends?.stop();
  }
}

/** Where a test is: what the client is to do next. */
type Phase = 'parameters' | 'streams' | 'running' | 'results' | 'arrival' | 'done' | 'over';

/** See the file's head. */
export class IperfTest {
  private phase: Phase = 'parameters';
  private readonly reader = new IperfReader();
  private parameters: IperfParameters | undefined;
  private streams: IperfStream[] = [];
  /** When counting began and when the client ended the test, virtual ns. */
  private begin = 0;
  private finish = 0;
  private clientBytes: ReadonlyMap<number, number> = new Map();
  private readonly idle: Timer;
  private readonly omitted: Timer;

  constructor(
    private readonly control: ServiceConnection,
    readonly cookie: string,
    private readonly clock: ServiceClock,
    private readonly totals: ServiceTotals,
    /** Hears when the next test may begin. */
    private readonly onOver: () => void,
  ) {
    this.idle = clock.allocateTimer(() => {
      this.abandon();
    });
    this.omitted = clock.allocateTimer(() => {
      this.begin = clock.now();
      for (const stream of this.streams) stream.bytes = 0;
    });
  }

  /** Asks for the parameters. */
  start(): void {
    this.touch();
    this.tell(iperfState.parameterExchange);
  }

  /** Takes a data connection; undefined if none is awaited. */
  join(connection: ServiceConnection, order: number): IperfStream | undefined {
    if (this.phase !== 'streams') return undefined;
    this.touch();
    const stream = new IperfStream(connection, order);
    this.streams.push(stream);
    if (this.streams.length === this.awaitedStreams) this.run();
    return stream;
  }

  /** Takes bytes of a stream. */
  onStreamBytes(stream: IperfStream, count: number): void {
    this.totals.bytesReceived += count;
    if (this.phase === 'over') return;
    this.touch();
    if (this.sendsTo(stream)) return;
    stream.count(count, this.clock.now());
    this.answer();
  }

  /** The client sends nothing more on a stream. */
  onStreamEnd(stream: IperfStream): void {
    stream.ended = true;
    this.answer();
  }

  /** Takes bytes of the control connection. */
  onControlBytes(bytes: Uint8Array): void {
    if (this.phase === 'over') return;
    this.touch();
    this.reader.push(bytes);
    while (this.takeMessage());
  }

  /** The control connection is lost or broken, or the client breaks the protocol: everything ends. */
  fail(): void {
    if (this.phase !== 'over') this.abandon();
  }

  private abandon(): void {
    if (this.phase !== 'over') this.close();
    this.idle.stop();
    this.control.abort();
    for (const { connection } of this.streams) connection.abort();
  }

  private get awaitedStreams(): number {
    const { parallel, senders } = this.parameters!;
    return senders === 'both' ? 2 * parallel : parallel;
  }

  /** Whether the server sends on a stream; of a test in both directions those do that the client has opened last. */
  private sendsTo(stream: IperfStream): boolean {
    const { parallel, senders } = this.parameters!;
    if (senders === 'both') return this.streams.indexOf(stream) >= parallel;
    return senders === 'server';
  }

  /** Takes the next message, whatever the phase wants; false if it is not complete or nothing is awaited any more. */
  private takeMessage(): boolean {
    const { phase } = this;
    if (phase === 'over') return false;
    const message = this.reader.next(phase === 'parameters' || phase === 'results' ? 'object' : 'state');
    if (message === undefined) return false;
    this.onMessage(phase, message);
    return true;
  }

  private onMessage(phase: Exclude<Phase, 'over'>, message: ControlMessage): void {
    if (message.kind === 'object' && phase === 'parameters') this.takeParameters(message.object);
    else if (message.kind === 'object' && phase === 'results') this.takeResults(message.object);
    else if (message.kind === 'state' && message.state === iperfState.testEnd && phase === 'running')
      this.end();
    else if (message.kind === 'state' && message.state === iperfState.done && phase === 'done')
      this.closeInPeace();
    else if (message.kind === 'state' && message.state === iperfState.clientTerminate) this.closeInPeace();
    else this.fail();
  }

  private takeParameters(object: Readonly<Record<string, unknown>>): void {
    const parameters = parametersOf(object);
    if (parameters === 'malformed') this.fail();
    else if (parameters === 'unsupported') {
      this.tell(iperfState.serverError, 0, 0, 0, unsupportedOption, 0, 0, 0, 0);
      this.closeInPeace();
    } else {
      this.parameters = parameters;
      this.phase = 'streams';
      this.tell(iperfState.createStreams);
    }
  }

  private run(): void {
    const { parameters, clock } = this;
    // Cookies may overtake each other where frames are lost; the client counts its streams as it has opened them.
    this.streams.sort((one, other) => one.order - other.order);
    this.phase = 'running';
    this.begin = clock.now();
    this.tell(iperfState.testStart, iperfState.testRunning);
    if (parameters!.omit > 0) this.omitted.set(clock.now() + parameters!.omit);
    for (const stream of this.streams)
      if (this.sendsTo(stream))
        stream.send(clock, this.totals, parameters!.bitsPerSecond, () => {
          this.touch();
        });
  }

  private end(): void {
    this.finish = this.clock.now();
    this.phase = 'results';
    this.omitted.stop();
    for (const stream of this.streams) {
      stream.stop();
      // The client reads whole blocks of its own size, and in the middle of one it waits: only the end of the stream frees it.
      if (this.sendsTo(stream)) stream.connection.shutdown();
    }
    this.tell(iperfState.exchangeResults);
  }

  private takeResults(object: Readonly<Record<string, unknown>>): void {
    const clientBytes = clientBytesOf(object);
    if (clientBytes === undefined) {
      this.fail();
      return;
    }
    this.clientBytes = clientBytes;
    this.phase = 'arrival';
    this.answer();
  }

  /** Whether everything has come that the client has sent on a stream. What was sent before counting began it does not tell. */
  private hasArrived(stream: IperfStream, index: number): boolean {
    if (this.sendsTo(stream) || stream.ended || this.parameters!.omit > 0) return true;
    return stream.bytes >= (this.clientBytes.get(streamId(index)) ?? 0);
  }

  private answer(): void {
    if (this.phase !== 'arrival') return;
    if (!this.streams.every((stream, index) => this.hasArrived(stream, index))) return;
    this.phase = 'done';
    const results = this.streams.map(({ bytes, latest }, index) => ({
      id: streamId(index),
      bytes,
      duration: Math.max(this.finish, latest) - this.begin,
    }));
    this.send(serverResults(results));
    this.tell(iperfState.displayResults);
  }

  /** Sends nothing more; whoever does not close his side in time is reset by the timer. */
  private closeInPeace(): void {
    this.close();
    this.control.shutdown();
    for (const { connection } of this.streams) connection.shutdown();
  }

  private close(): void {
    this.phase = 'over';
    this.omitted.stop();
    for (const stream of this.streams) stream.stop();
    this.onOver();
  }

  private touch(): void {
    this.idle.set(this.clock.now() + this.clock.idleTime);
  }

  private tell(...bytes: readonly number[]): void {
    this.send(Uint8Array.from(bytes));
  }

  private send(bytes: Uint8Array): void {
    this.control.send(bytes, () => undefined);
  }
}
