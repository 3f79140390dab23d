/** Options of sockets: which of them the stack has, which it may ignore, and how the others are refused. */
import type { ConnectionOptions } from '../../emulator/host/connectionOptions';
import type { Expression } from '../language/script';
import { syntaxError, unsupported } from '../language/scriptProblem';
import { integerOf, membersOf } from './callArguments';
import { symbols } from './constants';

/** What a script has set on a socket; undefined: the default. */
export interface SocketOptions {
  noDelay?: boolean;
  /** SO_RCVBUF, bytes. */
  receiveBuffer?: number;
  /** TCP_MAXSEG: the user's maximum segment size (RFC 9293 section 3.9.1.1). */
  maximumSegmentSize?: number;
  keepAlive?: boolean;
  /** Times in s. */
  keepAliveTime?: number;
  keepAliveInterval?: number;
  keepAliveProbes?: number;
  /** TCP_USER_TIMEOUT, ms. */
  userTimeout?: number;
  typeOfService?: number;
  timeToLive?: number;
  /** TCP_SYNCNT. */
  synRetries?: number;
  /** SO_LINGER with a time of 0: close resets. */
  lingersForNothing?: boolean;
}

/** Options that decide nothing about what this stack does. */
const idle: ReadonlySet<string> = new Set([
  'SO_REUSEADDR',
  'SO_REUSEPORT',
  'SO_DONTROUTE',
  'SO_SNDBUF',
  'SO_SNDBUFFORCE',
  'SO_PRIORITY',
  'SO_MARK',
  'SO_OOBINLINE',
  'SO_RCVTIMEO',
  'SO_SNDTIMEO',
  'SO_MAX_PACING_RATE',
  'SO_TXREHASH',
  'TCP_QUICKACK',
  'TCP_NOTSENT_LOWAT',
  'TCP_THIN_LINEAR_TIMEOUTS',
  'TCP_THIN_DUPACK',
  'IP_MTU_DISCOVER',
  'IPV6_MTU_DISCOVER',
  'IPV6_V6ONLY',
  'IP_BIND_ADDRESS_NO_PORT',
  'IP_RECVERR',
]);

/** Congestion control that is RFC 5681's. */
const renos: ReadonlySet<string> = new Set(['reno', 'newreno']);

/** Name of the option that an argument stands for.
 * @throws ScriptError unless it is one by name */
export function optionName(expression: Expression): string {
  if (expression.kind === 'word') return expression.name;
  return unsupported('an option by its number', expression);
}

function valueOf(expression: Expression): number {
  if (expression.kind !== 'list') return integerOf(expression);
  const [only] = expression.items;
  return only === undefined ? syntaxError('expected a value in brackets', expression) : integerOf(only);
}

/**
 * Notes what setsockopt sets; answers false if the value is out of range (EINVAL).
 * @throws ScriptError for an option that the stack does not have
 */
export function setOption(options: SocketOptions, name: string, value: Expression): boolean {
  const number = (): number => valueOf(value);
  switch (name) {
    case 'TCP_NODELAY':
      options.noDelay = number() !== 0;
      return true;
    case 'SO_RCVBUF':
    case 'SO_RCVBUFFORCE':
      options.receiveBuffer = Math.max(2304, number());
      return true;
    case 'TCP_MAXSEG': {
      const size = number();
      if (size !== 0 && (size < 88 || size > 32767)) return false;
      options.maximumSegmentSize = size;
      return true;
    }
    case 'SO_KEEPALIVE':
      options.keepAlive = number() !== 0;
      return true;
    case 'TCP_KEEPIDLE':
      options.keepAliveTime = number();
      return options.keepAliveTime >= 1 && options.keepAliveTime <= 32767;
    case 'TCP_KEEPINTVL':
      options.keepAliveInterval = number();
      return options.keepAliveInterval >= 1 && options.keepAliveInterval <= 32767;
    case 'TCP_KEEPCNT':
      options.keepAliveProbes = number();
      return options.keepAliveProbes >= 1 && options.keepAliveProbes <= 127;
    case 'TCP_USER_TIMEOUT':
      options.userTimeout = number();
      return options.userTimeout >= 0;
    case 'TCP_SYNCNT':
      options.synRetries = number();
      return options.synRetries >= 1 && options.synRetries <= 127;
    case 'IP_TOS':
    case 'IPV6_TCLASS':
      options.typeOfService = number() & 0xff;
      return true;
    case 'IP_TTL':
    case 'IPV6_UNICAST_HOPS':
      options.timeToLive = number();
      return options.timeToLive >= 1 && options.timeToLive <= 255;
    case 'SO_LINGER': {
      const members = membersOf(value.kind === 'list' && value.items.length === 1 ? value.items[0]! : value);
      const member = (which: string): number => {
        const found = members.get(which);
        return found === undefined ? syntaxError(`SO_LINGER wants ${which}`, value) : integerOf(found);
      };
      options.lingersForNothing = member('onoff') !== 0 && member('linger') === 0;
      return true;
    }
    case 'TCP_CONGESTION': {
      const text =
        value.kind === 'string'
          ? value.text
          : value.kind === 'list' && value.items[0]?.kind === 'string'
            ? value.items[0].text
            : undefined;
      if (text === undefined || !renos.has(text)) unsupported(`the congestion control ${text ?? '?'}`, value);
      return true;
    }
    case 'TCP_CORK':
      if (number() !== 0) unsupported('TCP_CORK', value);
      return true;
    default:
      if (!idle.has(name)) unsupported(`the socket option ${name}`, value);
      return true;
  }
}

/** The options that a connection takes while it runs; times in ticks of the host's clock. */
export function connectionOptionsOf(
  options: SocketOptions,
  ticksPerSecond: number,
): Partial<ConnectionOptions> {
  const ticks = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : Math.round(seconds * ticksPerSecond);
  const wishes = {
    nagle: options.noDelay === undefined ? undefined : !options.noDelay,
    keepAlive: options.keepAlive,
    keepAliveTime: ticks(options.keepAliveTime),
    keepAliveInterval: ticks(options.keepAliveInterval),
    keepAliveProbes: options.keepAliveProbes,
    receiveBuffer: options.receiveBuffer,
    maximumRetransmissionTime:
      options.userTimeout === undefined ? undefined : ticks(options.userTimeout / 1000),
    typeOfService: options.typeOfService,
    timeToLive: options.timeToLive,
  };
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined));
}

/** What getsockopt answers from what has been set; undefined for an option that is not kept. */
export function keptOption(options: SocketOptions, name: string): number | undefined {
  switch (name) {
    case 'TCP_NODELAY':
      return options.noDelay === true ? 1 : 0;
    case 'SO_KEEPALIVE':
      return options.keepAlive === true ? 1 : 0;
    case 'TCP_KEEPIDLE':
      return options.keepAliveTime ?? 7200;
    case 'TCP_KEEPINTVL':
      return options.keepAliveInterval ?? 75;
    case 'TCP_KEEPCNT':
      return options.keepAliveProbes ?? 9;
    case 'TCP_USER_TIMEOUT':
      return options.userTimeout ?? 0;
    case 'SO_RCVBUF':
      return options.receiveBuffer === undefined ? undefined : 2 * options.receiveBuffer;
    case 'IP_TOS':
    case 'IPV6_TCLASS':
      return options.typeOfService ?? 0;
    case 'SO_TYPE':
      return symbols.SOCK_STREAM;
    default:
      return undefined;
  }
}
