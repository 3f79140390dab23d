/** The system calls that scripts may make, by name. */
import type { Expression, SystemCall } from '../language/script';
import { syntaxError, unsupported, type SourcePosition } from '../language/scriptProblem';
import { CallArguments, integerOf, membersOf, vectorLength } from './callArguments';
import type { CallContext, CallHandler } from './callContext';
import { symbols } from './constants';
import { EventPoll, readiness, toldEvents } from './eventPoll';
import { connectionOptionsOf, keptOption, optionName, setOption } from './socketOptions';
import { failure, patternBytes, ScriptSocket, type CallResult } from './scriptSocket';

const { SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC, O_NONBLOCK, O_RDWR, MSG_DONTWAIT, MSG_NOSIGNAL } =
  symbols as Record<string, number> & {
    readonly [
      Name in
        | 'SOCK_STREAM'
        | 'SOCK_NONBLOCK'
        | 'SOCK_CLOEXEC'
        | 'O_NONBLOCK'
        | 'O_RDWR'
        | 'MSG_DONTWAIT'
        | 'MSG_NOSIGNAL'
    ]: number;
  };

/** Most bytes of a write: the interpreter holds all of them. */
const largestWrite = 64 * 1024 * 1024;

const succeeded: CallResult = { value: 0 };

/** The socket that an argument names; undefined for none (EBADF). */
function socketAt(context: CallContext, descriptor: number): ScriptSocket | undefined {
  const found = context.descriptors.get(descriptor);
  return found instanceof ScriptSocket ? found : undefined;
}

/** A handler for calls whose first argument is a socket. */
function onSocket(
  act: (
    socket: ScriptSocket,
    args: CallArguments,
    context: CallContext,
    call: SystemCall,
  ) => CallResult | undefined,
): CallHandler {
  return (context, call) => {
    const args = new CallArguments(call);
    const descriptor = args.integer(0);
    return () => {
      const socket = socketAt(context, descriptor);
      return socket === undefined ? failure('EBADF') : act(socket, args, context, call);
    };
  };
}

/** The same for calls whose second argument is a buffer. */
function buffered(
  act: (
    socket: ScriptSocket,
    args: CallArguments,
    context: CallContext,
    call: SystemCall,
  ) => CallResult | undefined,
): CallHandler {
  return onSocket((socket, args, context, call) =>
    args.isNull(1) ? failure('EFAULT') : act(socket, args, context, call),
  );
}

/** The same for calls that never block. */
function once(
  act: (socket: ScriptSocket, args: CallArguments, context: CallContext) => CallResult,
): CallHandler {
  return onSocket(act);
}

const socket: CallHandler = (context, call) => {
  const args = new CallArguments(call);
  args.count(3);
  const type = args.integer(1);
  const kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (kind !== SOCK_STREAM) unsupported('sockets that are no TCP', args.at(1));
  const protocol = args.integer(2);
  if (protocol !== symbols.IPPROTO_TCP && protocol !== 0) unsupported('sockets that are no TCP', args.at(2));
  return () => {
    const made = context.newSocket();
    made.nonBlocking = (type & SOCK_NONBLOCK) !== 0;
    return open(context, call, made);
  };
};

/** Gives an object the descriptor that the script says: any other would do as well. */
function open(context: CallContext, call: SystemCall, made: ScriptSocket | EventPoll): CallResult {
  const { result } = call;
  let descriptor = result.kind === 'integer' ? result.value : 3;
  if (result.kind !== 'integer' || context.descriptors.has(descriptor)) {
    for (descriptor = 3; context.descriptors.has(descriptor);) descriptor++;
  }
  if (descriptor < 0) return { value: 3 };
  context.descriptors.set(descriptor, made);
  return { value: descriptor };
}

const bind = once((bound, args, context) => {
  args.count(3);
  if (bound.state !== 'new') return failure('EINVAL');
  const port = args.port(1);
  bound.localPort = port === undefined || port === 0 ? context.bindPort : port;
  return succeeded;
});

const listen = once((listening, args, context) => {
  args.count(2);
  const backlog = args.integer(1);
  if (listening.state === 'listening') return succeeded;
  if (listening.state !== 'new') return failure('EINVAL');
  listening.localPort ??= context.bindPort;
  const listener = context.host.listen(
    listening.localPort,
    { backlog: Math.max(1, backlog + 1) },
    (connection) => {
      const accepted = context.newSocket();
      Object.assign(accepted.options, listening.options);
      accepted.connection = connection;
      accepted.state = 'connected';
      connection.setOptions(connectionOptionsOf(listening.options, context.tcp.ticksPerSecond));
      listening.backlog.push(accepted);
      context.underTest(accepted);
      return accepted;
    },
  );
  if (listener === undefined) return failure('EADDRINUSE');
  listening.listener = listener;
  listening.state = 'listening';
  context.began(listening);
  return succeeded;
});

const accept: CallHandler = onSocket((listening, args, context, call) => {
  args.count(3, 4);
  if (listening.state !== 'listening') return failure('EINVAL');
  const accepted = listening.backlog.shift();
  if (accepted === undefined) return listening.nonBlocking ? failure('EAGAIN') : undefined;
  if (call.arguments.length === 4) accepted.nonBlocking = (args.integer(3) & SOCK_NONBLOCK) !== 0;
  return open(context, call, accepted);
});

const connect: CallHandler = (context, call) => {
  const args = new CallArguments(call);
  args.count(3);
  const descriptor = args.integer(0);
  const port = args.port(1) ?? context.connectPort;
  let begun = false;
  return () => {
    const connecting = socketAt(context, descriptor);
    if (connecting === undefined) return failure('EBADF');
    if (begun || connecting.state !== 'new') return connectState(connecting, begun);
    begun = true;
    connecting.state = 'connecting';
    const { localPort } = connecting;
    connecting.connection = context.host.connect(
      context.remoteAddress,
      port,
      connecting,
      localPort === undefined ? {} : { localPort },
    );
    context.began(connecting);
    context.underTest(connecting);
    connecting.connection.setOptions(connectionOptionsOf(connecting.options, context.tcp.ticksPerSecond));
    return connecting.nonBlocking ? failure('EINPROGRESS') : undefined;
  };
};

function connectState(connecting: ScriptSocket, begun: boolean): CallResult | undefined {
  if (connecting.error !== undefined) return failure(connecting.takeError()!);
  switch (connecting.state) {
    case 'connected':
      return begun || !connecting.connectReported ? reportConnected(connecting) : failure('EISCONN');
    case 'connecting':
      if (begun) return undefined;
      return connecting.nonBlocking ? failure('EALREADY') : undefined;
    case 'over':
      return begun && connecting.connectReported ? succeeded : failure('ECONNABORTED');
    default:
      return failure('EINVAL');
  }
}

function reportConnected(connecting: ScriptSocket): CallResult {
  connecting.connectReported = true;
  return succeeded;
}

/** Reads `count` bytes from a socket, with the flags of recv. */
function readInto(
  reader: ScriptSocket,
  context: CallContext,
  count: number,
  flags: number,
  at: SourcePosition,
): CallResult | undefined {
  if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) !== 0) unsupported('these flags of recv', at);
  const mayBlock = !reader.nonBlocking && (flags & MSG_DONTWAIT) === 0;
  const result = reader.read(count, () => context.unread(reader), mayBlock);
  // A request that the target has is answered in a moment, even if nobody may wait for longer.
  return result ?? (mayBlock || reader.isReading ? undefined : failure('EAGAIN'));
}

const read: CallHandler = buffered((reader, args, context, call) => {
  args.count(3);
  return readInto(reader, context, args.integer(2), 0, call);
});

const recv: CallHandler = buffered((reader, args, context) => {
  args.count(4, 6);
  return readInto(reader, context, args.integer(2), args.integer(3), args.at(3));
});

const readv: CallHandler = buffered((reader, args, context, call) => {
  args.count(3);
  return readInto(reader, context, vectorLength(args.at(1)), 0, call);
});

const recvmsg: CallHandler = buffered((reader, args, context) => {
  args.count(3);
  return readInto(reader, context, messageLength(args.at(1)), args.integer(2), args.at(2));
});

function messageLength(message: Expression): number {
  const members = membersOf(message);
  const vector = members.get('msg_iov');
  if (vector === undefined) syntaxError('expected msg_iov', message);
  const control = members.get('msg_control');
  if (control !== undefined) unsupported('control messages', control);
  return vectorLength(vector);
}

/** Writes `count` bytes: those of the script, and the pattern behind them. */
function writeFrom(
  writer: ScriptSocket,
  count: number,
  text: string | undefined,
  flags: number,
  at: SourcePosition,
): CallResult | undefined {
  if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) !== 0) unsupported('these flags of send', at);
  if (count < 0) return failure('EINVAL');
  if (count > largestWrite) unsupported(`a write of more than ${largestWrite} bytes`, at);
  const bytes = patternBytes(writer.writtenLength, count);
  if (text !== undefined)
    for (let index = 0; index < Math.min(count, text.length); index++)
      bytes[index] = text.charCodeAt(index) & 0xff;
  return writer.write(bytes);
}

const write: CallHandler = buffered((writer, args, _context, call) => {
  args.count(3);
  return writeFrom(writer, args.integer(2), args.text(1), 0, call);
});

const send: CallHandler = buffered((writer, args) => {
  args.count(4);
  return writeFrom(writer, args.integer(2), args.text(1), args.integer(3), args.at(3));
});

const sendto: CallHandler = buffered((writer, args) => {
  args.count(6);
  return writeFrom(writer, args.integer(2), args.text(1), args.integer(3), args.at(3));
});

const writev: CallHandler = buffered((writer, args, _context, call) => {
  args.count(3);
  return writeFrom(writer, vectorLength(args.at(1)), undefined, 0, call);
});

const sendmsg: CallHandler = buffered((writer, args) => {
  args.count(3);
  return writeFrom(writer, messageLength(args.at(1)), undefined, args.integer(2), args.at(2));
});

const shutdown = once((shut, args) => {
  args.count(2);
  const how = args.integer(1);
  if (how !== symbols.SHUT_RD && how !== symbols.SHUT_WR && how !== symbols.SHUT_RDWR)
    return failure('EINVAL');
  if (shut.state === 'new' || shut.state === 'connecting' || shut.state === 'over')
    return failure('ENOTCONN');
  if (shut.state === 'listening') {
    shut.listener?.close();
    shut.state = 'over';
    return succeeded;
  }
  if (how !== symbols.SHUT_WR) shut.readClosed = true;
  if (how !== symbols.SHUT_RD && !shut.writeClosed) {
    shut.writeClosed = true;
    shut.connection?.shutdown();
  }
  return succeeded;
});

const close: CallHandler = (context, call) => {
  const args = new CallArguments(call);
  args.count(1);
  const descriptor = args.integer(0);
  return () => {
    const closed = context.descriptors.get(descriptor);
    if (closed === undefined) return failure('EBADF');
    context.descriptors.delete(descriptor);
    if (closed instanceof ScriptSocket) closeSocket(closed, context.unread(closed));
    return succeeded;
  };
};

/** What was received and not read is lost, and the peer must hear of that (RFC 9293 section 3.10.4, RFC 2525 section 2.17). */
function closeSocket(closed: ScriptSocket, unread: number): void {
  closed.released = true;
  closed.listener?.close();
  for (const waiting of closed.backlog.splice(0)) waiting.connection?.abort();
  const { connection } = closed;
  if (connection === undefined || closed.state === 'over') return;
  const losesData = closed.arrivedBytes + unread > 0;
  if (closed.state === 'connecting' || losesData || closed.options.lingersForNothing === true) {
    connection.abort();
    return;
  }
  connection.user = closed.abandoned();
  if (!closed.writeClosed) connection.shutdown();
  closed.writeClosed = true;
}

const fcntl = once((controlled, args) => {
  args.count(2, 3);
  const command = args.integer(1);
  if (command === symbols.F_GETFL) return { value: O_RDWR | (controlled.nonBlocking ? O_NONBLOCK : 0) };
  if (command !== symbols.F_SETFL) unsupported('this command of fcntl', args.at(1));
  controlled.nonBlocking = (args.integer(2) & O_NONBLOCK) !== 0;
  return succeeded;
});

const ioctl = onSocket((controlled, args, context, call) => {
  args.count(3);
  const request = args.integer(1);
  const { facts } = context;
  const flight = facts === undefined ? 0 : (facts.delegated.SndMax - facts.delegated.SndUna) >>> 0;
  let value: number;
  if (request === symbols.SIOCINQ) value = controlled.arrivedBytes + context.unread(controlled);
  else if (request === symbols.SIOCOUTQ)
    value = controlled.writtenLength - (controlled.connection?.acknowledgedBytes ?? 0);
  else if (request === symbols.SIOCOUTQNSD)
    value = Math.max(0, controlled.writtenLength - (controlled.connection?.acknowledgedBytes ?? 0) - flight);
  else return unsupported('this request of ioctl', args.at(1));
  return expectValue(args.boxed(2), value, call);
});

/** A value that a call writes where the script expects one. */
function expectValue(expected: number | undefined, value: number, call: SystemCall): CallResult {
  return expected === undefined || expected === value
    ? succeeded
    : { value: 0, mismatch: `${call.name} tells ${value}, not ${expected}` };
}

const setsockopt = once((set, args, context) => {
  args.count(5);
  args.integer(1);
  if (!setOption(set.options, optionName(args.at(2)), args.at(3))) return failure('EINVAL');
  const changed = connectionOptionsOf(set.options, context.tcp.ticksPerSecond);
  if (set.connection !== undefined && set.state !== 'over') set.connection.setOptions(changed);
  return succeeded;
});

const getsockopt = onSocket((asked, args, context, call) => {
  args.count(5);
  args.integer(1);
  const name = optionName(args.at(2));
  if (name === 'SO_ERROR') return expectError(asked, args.at(3), call);
  let value = keptOption(asked.options, name);
  if (name === 'TCP_MAXSEG') {
    const user = asked.options.maximumSegmentSize;
    value = context.facts !== undefined && asked.state === 'connected' ? context.facts.mss : (user ?? 536);
  }
  if (value === undefined) unsupported(`getsockopt of ${name}`, args.at(2));
  return expectValue(args.boxed(3), value, call);
});

/** SO_ERROR is compared by name, or as 0. */
function expectError(asked: ScriptSocket, expected: Expression, call: SystemCall): CallResult {
  const error = asked.takeError();
  const wanted = expected.kind === 'list' ? expected.items[0] : expected;
  if (wanted === undefined || wanted.kind === 'ellipsis') return succeeded;
  const text =
    wanted.kind === 'word' ? wanted.name : integerOf(wanted) === 0 ? undefined : String(integerOf(wanted));
  return text === error
    ? succeeded
    : { value: 0, mismatch: `${call.name} tells ${error ?? 'no error'}, not ${text ?? 'none'}` };
}

const poll: CallHandler = (context, call) => {
  const args = new CallArguments(call);
  args.count(3);
  const entries = args.list(0).map((entry) => {
    const members = membersOf(entry);
    const member = (name: string): Expression =>
      members.get(name) ?? syntaxError(`poll wants ${name}`, entry);
    const revents = members.get('revents');
    return {
      descriptor: integerOf(member('fd')),
      events: integerOf(member('events')),
      revents: revents === undefined || revents.kind === 'ellipsis' ? undefined : integerOf(revents),
      entry,
    };
  });
  const timeout = args.integer(2);
  const isOver = timeoutOf(context, timeout);
  return () => {
    let count = 0;
    let mismatch: string | undefined;
    for (const { descriptor, events, revents } of entries) {
      const polled = socketAt(context, descriptor);
      const told =
        polled === undefined
          ? symbols.POLLNVAL!
          : toldEvents(readiness(polled, context.unread(polled)), events);
      if (told !== 0) count++;
      if (revents !== undefined && revents !== told)
        mismatch = `poll tells events ${told} of ${descriptor}, not ${revents}`;
    }
    if (count === 0 && !isOver()) return undefined;
    return mismatch === undefined ? { value: count } : { value: count, mismatch };
  };
};

/** Wakes a call when its time is over, ms; negative: never. Answers how to ask whether it is. */
function timeoutOf(context: CallContext, timeout: number): () => boolean {
  if (timeout === 0) return () => true;
  if (timeout < 0) return () => false;
  const end = context.host.kernel.now + timeout * 1e6;
  context.wakeAfter(timeout * 1e6);
  return () => context.host.kernel.now >= end;
}

const epollCreate: CallHandler = (context, call) => {
  new CallArguments(call).count(1);
  return () => open(context, call, new EventPoll());
};

/** Events and descriptor of an epoll_event. */
function epollEvent(expression: Expression): { readonly events: number; readonly data: number | undefined } {
  const members = membersOf(expression);
  const events = members.get('events') ?? syntaxError('epoll wants events', expression);
  const data = members.get('fd') ?? members.get('u32') ?? members.get('u64') ?? members.get('ptr');
  return {
    events: integerOf(events),
    data: data === undefined || data.kind === 'ellipsis' ? undefined : integerOf(data),
  };
}

const epollControl: CallHandler = (context, call) => {
  const args = new CallArguments(call);
  args.count(4);
  return () => {
    const polling = context.descriptors.get(args.integer(0));
    if (!(polling instanceof EventPoll)) return failure('EBADF');
    const descriptor = args.integer(2);
    if (args.integer(1) === symbols.EPOLL_CTL_DEL) polling.interests.delete(descriptor);
    else polling.interests.set(descriptor, epollEvent(args.at(3)).events);
    return succeeded;
  };
};

const epollWait: CallHandler = (context, call) => {
  const args = new CallArguments(call);
  args.count(4);
  const expected = args.at(1);
  const timeout = args.integer(3);
  const isOver = timeoutOf(context, timeout);
  return () => {
    const polling = context.descriptors.get(args.integer(0));
    if (!(polling instanceof EventPoll)) return failure('EBADF');
    let count = 0;
    let first: number | undefined;
    for (const [descriptor, events] of polling.interests) {
      const polled = socketAt(context, descriptor);
      const told = polled === undefined ? 0 : toldEvents(readiness(polled, context.unread(polled)), events);
      if (told === 0) continue;
      count++;
      first ??= told;
    }
    if (count === 0 && !isOver()) return undefined;
    const wanted =
      expected.kind === 'structure' && first !== undefined ? epollEvent(expected).events : undefined;
    return wanted === undefined || wanted === first
      ? { value: count }
      : { value: count, mismatch: `epoll_wait tells events ${first}, not ${wanted}` };
  };
};

const handlers: Readonly<Record<string, CallHandler>> = {
  socket,
  bind,
  listen,
  accept,
  accept4: accept,
  connect,
  read,
  readv,
  recv,
  recvfrom: recv,
  recvmsg,
  write,
  writev,
  send,
  sendto,
  sendmsg,
  shutdown,
  close,
  fcntl,
  ioctl,
  setsockopt,
  getsockopt,
  poll,
  epoll_create: epollCreate,
  epoll_ctl: epollControl,
  epoll_wait: epollWait,
};

/** Who makes a system call.
 * @throws ScriptError for one that is not known */
export function handlerOf(call: SystemCall): CallHandler {
  return Object.hasOwn(handlers, call.name)
    ? handlers[call.name]!
    : unsupported(`the system call ${call.name}`, call);
}
