/** What system calls act on: sockets by their descriptors, and the stack below them. */
import type { HostStack } from '../../emulator/host/hostStack';
import type { TcpSettings } from '../../emulator/tcp/tcpSettings';
import type { SystemCall } from '../language/script';
import type { ConnectionFacts } from './connectionFacts';
import type { EventPoll } from './eventPoll';
import type { CallResult, ScriptSocket } from './scriptSocket';

/** Something that a descriptor names. */
export type DescribedObject = ScriptSocket | EventPoll;

/** See the file's head. */
export interface CallContext {
  readonly host: HostStack;
  readonly descriptors: Map<number, DescribedObject>;
  /** Port that a script's connect leads to where it names none. */
  readonly connectPort: number;
  readonly bindPort: number;
  /** Address of the other end. */
  readonly remoteAddress: Uint8Array;
  /** Settings of TCP for the sockets of the script. */
  readonly tcp: TcpSettings;
  /** What is known about the connection that the call is about, from just before the call. */
  facts: ConnectionFacts | undefined;
  newSocket(): ScriptSocket;
  /** A socket has begun to connect or to listen. */
  began(socket: ScriptSocket): void;
  /** A socket is the one that packets without ports belong to. */
  underTest(socket: ScriptSocket): void;
  /** Bytes in sequence that the connection has and the script has not read. */
  unread(socket: ScriptSocket): number;
  /** Tries a blocked call again after a time in ns, whatever happens. */
  wakeAfter(delay: number): void;
}

/** A call under way: answers its result, or undefined while it blocks. */
export type CallAttempt = () => CallResult | undefined;

/** A system call: checks its arguments once and answers what to try. */
export type CallHandler = (context: CallContext, call: SystemCall) => CallAttempt;
