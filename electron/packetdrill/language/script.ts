/** A script as its text says it: nothing is looked up or checked against a stack yet. Times are in ns. */
import type { CodeStatement } from './code';
import type { SourcePosition } from './scriptProblem';

/** When an event happens, or may. */
export type EventTime =
  | { readonly kind: 'absolute'; readonly at: number }
  | { readonly kind: 'relative'; readonly after: number }
  | { readonly kind: 'absolute-range'; readonly from: number; readonly to: number }
  | { readonly kind: 'relative-range'; readonly from: number; readonly to: number }
  /** Whenever it comes. */
  | { readonly kind: 'any' };

/** Who sends a packet: `inbound` ones are put in by the interpreter, `outbound` ones are expected of the stack. */
export type PacketDirection = 'inbound' | 'outbound';

/** The ECN field: `ect01` is either of the two code points (RFC 3168 section 5). */
export type EcnCodePoint = 'noecn' | 'ect0' | 'ect1' | 'ect01' | 'ce';

/** What a script says of the IP header. */
export interface IpInformation {
  readonly ecn?: EcnCodePoint;
  /** The whole byte. */
  readonly typeOfService?: number;
  readonly timeToLive?: number;
  readonly flowLabel?: number;
}

/** An option of a TCP header. */
export type TcpOption =
  | { readonly kind: 'nop' | 'eol' | 'sackOK' }
  | { readonly kind: 'mss' | 'wscale'; readonly value: number }
  | { readonly kind: 'TS'; readonly value: number; readonly echo: number }
  | { readonly kind: 'sack'; readonly blocks: readonly SackBlock[] };

/** Sequence numbers that have arrived beyond a gap (RFC 2018). */
export interface SackBlock {
  readonly left: number;
  readonly right: number;
}

/** Ports as the script calls them; absent: those of the socket under test. */
export interface PortPair {
  readonly source: number;
  readonly destination: number;
}

interface PacketBase extends SourcePosition {
  readonly direction: PacketDirection;
  readonly ip: IpInformation;
}

/** A TCP segment. Sequence numbers are relative to the initial ones of the script. */
export interface TcpPacket extends PacketBase {
  readonly kind: 'tcp';
  readonly ports: PortPair | undefined;
  /** Bits of the header: see `tcpFlags`. */
  readonly flags: number;
  readonly sequence: number;
  readonly payloadLength: number;
  readonly acknowledgment: number | undefined;
  readonly window: number | undefined;
  readonly urgentPointer: number | undefined;
  /** `any`: whichever there are. */
  readonly options: readonly TcpOption[] | 'any';
}

/** An ICMP error about a segment of the connection. */
export interface IcmpPacket extends PacketBase {
  readonly kind: 'icmp';
  readonly type: string;
  readonly code: string | undefined;
  readonly mtu: number | undefined;
  /** The segment in question; absent: the first one. */
  readonly echoed: { readonly sequence: number; readonly payloadLength: number } | undefined;
}

/** See {@link TcpPacket} and {@link IcmpPacket}. */
export type Packet = TcpPacket | IcmpPacket;

/** An argument or result of a system call. */
export type Expression = SourcePosition &
  (
    | { readonly kind: 'ellipsis' }
    | { readonly kind: 'integer'; readonly value: number }
    | { readonly kind: 'word'; readonly name: string }
    | { readonly kind: 'string'; readonly text: string }
    | { readonly kind: 'or'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'list'; readonly items: readonly Expression[] }
    /** `htons(80)`, `inet_addr("192.0.2.1")`. */
    | { readonly kind: 'call'; readonly name: string; readonly argument: Expression }
    | { readonly kind: 'structure'; readonly members: readonly StructureMember[] }
  );

/** `name = value`, `name(length) = value`, or a value without a name. */
export interface StructureMember {
  readonly name: string | undefined;
  readonly length: Expression | undefined;
  readonly value: Expression;
}

/** A call of the socket interface. */
export interface SystemCall extends SourcePosition {
  readonly kind: 'call';
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly result: Expression;
  /** Name of the errno that is expected, such as `EPIPE`. */
  readonly errno: string | undefined;
  /** When a blocking call is to return: read like the event's time. */
  readonly returnsAt: number | undefined;
}

/** A shell command in backquotes. */
export interface ShellCommand extends SourcePosition {
  readonly kind: 'command';
  readonly text: string;
}

/** Statements in `%{ }%` about the socket under test. */
export interface CodeBlock extends SourcePosition {
  readonly kind: 'code';
  readonly statements: readonly CodeStatement[];
}

/** What an event does. */
export type Action = Packet | SystemCall | ShellCommand | CodeBlock;

/** A line of a script. */
export interface ScriptEvent extends SourcePosition {
  readonly time: EventTime;
  readonly action: Action;
}

/** `--name=value` or `--name`. */
export interface ScriptOption extends SourcePosition {
  readonly name: string;
  readonly value: string | undefined;
}

/** See the file's head. */
export interface Script {
  readonly options: readonly ScriptOption[];
  /** Runs before everything else. */
  readonly setUp: ShellCommand | undefined;
  readonly events: readonly ScriptEvent[];
  /** Runs at the end. */
  readonly cleanUp: ShellCommand | undefined;
}
