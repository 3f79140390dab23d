/**
 * One run of a script against the emulated stack, in virtual time: packets are put onto the wire when the script says so, system
 * calls are made on the host stack's connections, and what the stack sends is compared with what the script expects.
 */
import { Random } from '../../../shared/base/random';
import type { Probe } from '../../emulator/probe';
import { surroundings } from '../../emulator/machine/machine';
import { tcpFlags } from '../../emulator/wire/tcpSegment';
import { evaluateCode } from '../language/evaluateCode';
import type { CodeValue } from '../language/code';
import type {
  CodeBlock,
  EventTime,
  IcmpPacket,
  Packet,
  Script,
  ScriptEvent,
  SystemCall,
  TcpPacket,
} from '../language/script';
import { ScriptError, unsupported, type SourcePosition } from '../language/scriptProblem';
import { integerOf } from './callArguments';
import type { CallAttempt, CallContext, DescribedObject } from './callContext';
import { askForFacts, hasPeerClosed, tcpInformation, type ConnectionFacts } from './connectionFacts';
import { errnoAliases, errnoNumbers, symbols } from './constants';
import { continues, differences, typeOfServiceOf } from './expectation';
import { Flow } from './flow';
import { HandOver, type StackMode } from './handOver';
import { encodeIcmp } from './icmpMessage';
import { encodeSegment, type IpFields, type LiveSegment } from './liveSegment';
import { packetText, tcpText, type TcpPacketFields } from './packetText';
import { ScriptSocket, patternBytes, type CallResult } from './scriptSocket';
import { settingsOf, type ScriptSettings } from './scriptSettings';
import type { CapturedSegment } from './scriptWire';
import { StackUnderTest } from './stackUnderTest';
import { handlerOf } from './systemCalls';
import { profileOf, withSocketOptions } from './tcpProfile';
import { ScriptFailure, type ScriptReport, type Verdict } from './verdict';

/** Virtual time that drivers have to start, ns. */
const bootTime = 10_000_000;

/** Time in which the stack takes an injected packet or a call, ns; far below any tolerance. */
const settleTime = 10_000;

/** Time for what goes on in the background, such as a hand-over or a posted receive, before the next event, ns. */
const graceTime = 1_000_000;

/** Time until a blocked thread runs again after something has happened, ns: frames of one burst are then all there. */
const wakeTime = 50_000;

/** How much longer than its time a packet is waited for, so that the verdict can say how late it came, ns. */
const extraWait = 3_000_000_000;

/** Events of the emulator after which a run has lost its way. */
const mostSteps = 5_000_000;

/** Stream of chance of the interpreter's initial sequence numbers. */
const sequenceStream = 40;

/** First of the ports that the interpreter's end uses where the script names none. */
const firstRemotePort = 40_000;

/** Times at which an expected packet may come, script time in ns. */
interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** A system call that has not returned. */
interface PendingCall {
  readonly call: SystemCall;
  readonly attempt: CallAttempt;
  /** When the script wants it back; undefined: at once. */
  readonly returnsAt: number | undefined;
  result: CallResult | undefined;
}

/** What is chosen for a run. */
export interface RunChoices {
  readonly stack: StackMode;
  readonly seed: number;
}

/** See the file's head. */
export class ScriptRun {
  private readonly settings: ScriptSettings;
  private readonly stack: StackUnderTest;
  private readonly handOver: HandOver;
  private readonly descriptors = new Map<number, DescribedObject>();
  private readonly sockets: ScriptSocket[] = [];
  private readonly flows: Flow[] = [];
  private readonly random: Random;
  private readonly variables = new Map<string, CodeValue>();
  private readonly context: CallContext;
  private readonly notes: string[];
  private flow: Flow | undefined;
  /** The socket that packets without ports and code are about. */
  private socket: ScriptSocket | undefined;
  /** Whether the next SYN of the script makes a new connection. */
  private awaitsSyn = true;
  private pending: PendingCall | undefined;
  private wakes = false;
  private start = 0;
  private steps = 0;
  private eventsRun = 0;
  private lastStart = 0;
  private lastAnchored = true;
  private nextRemotePort = firstRemotePort;
  private lastEventTime = 0;

  /** @throws ScriptError if the script asks for what is not supported */
  constructor(
    probe: Probe,
    private readonly script: Script,
    private readonly choices: RunChoices,
  ) {
    this.settings = settingsOf(script);
    this.notes = [...this.settings.notes];
    this.checkCalls();
    const profile = profileOf(this.settings);
    const tcp = (): ReturnType<typeof profileOf> =>
      withSocketOptions(
        profile,
        this.socket?.options ?? {},
        this.socket?.state === 'connecting',
        this.settings,
      );
    const { stack: mode, seed } = choices;
    this.stack = new StackUnderTest(probe, {
      mode,
      seed,
      ipVersion: this.settings.ipVersion,
      mtu: this.settings.mtu,
      tcp,
    });
    const { machine, wire } = this.stack;
    this.random = machine.random(sequenceStream);
    this.handOver = new HandOver(
      mode,
      () => wire.segmentCount,
      (connection) => {
        const flow = this.flows.findLast((one) => one.isOf(connection));
        return flow !== undefined && (flow.hasGap || (profile.ackFrequency > 1 && flow.owesAcknowledgment));
      },
      (work) => {
        machine.queueWorkItem(settleTime, work);
      },
    );
    this.context = this.makeContext(profile);
  }

  /** Virtual time, ns. */
  get now(): number {
    return this.stack.machine.now;
  }

  /** Runs it to its end. */
  run(): ScriptReport {
    const verdict = this.judge();
    const { script, choices, notes, stack, handOver } = this;
    return {
      stack: choices.stack,
      verdict,
      eventsRun: this.eventsRun,
      eventCount: script.events.length,
      segments: stack.wire.segmentCount,
      handOvers: handOver.completed,
      virtualTime: Math.max(0, stack.machine.now - this.start),
      machineTime: stack.machine.now,
      notes,
    };
  }

  private judge(): Verdict {
    try {
      this.boot();
      for (const event of this.script.events) {
        this.runEvent(event);
        this.eventsRun++;
      }
      this.finishPending(undefined);
      this.checkStreams();
      return { kind: 'passed' };
    } catch (error) {
      if (error instanceof ScriptFailure)
        return { kind: 'failed', message: error.message, position: error.position };
      if (error instanceof ScriptError) return { kind: 'error', problem: error.problem };
      throw error;
    }
  }

  /** Every call must be one that is known: better to hear of it before anything runs. */
  private checkCalls(): void {
    for (const { action } of this.script.events) {
      if (action.kind === 'call') handlerOf(action);
      if (action.kind === 'icmp' && action.direction === 'outbound')
        unsupported('ICMP packets of the stack', action);
    }
  }

  private boot(): void {
    const { machine } = this.stack;
    const booted: boolean[] = [];
    machine.queueWorkItem(0, () => {
      booted.push(this.stack.boot());
    });
    this.advanceTo(bootTime);
    if (booted[0] !== true) throw new Error('a driver could not be registered');
    this.start = machine.now;
  }

  private makeContext(profile: ReturnType<typeof profileOf>): CallContext {
    const { host, wire } = this.stack;
    return {
      host,
      descriptors: this.descriptors,
      connectPort: this.settings.connectPort,
      bindPort: this.settings.bindPort,
      remoteAddress: wire.addresses.address,
      tcp: profile,
      facts: undefined,
      newSocket: () => this.newSocket(),
      began: (socket) => {
        this.began(socket);
      },
      underTest: (socket) => {
        this.socket = socket;
        if (socket.connection !== undefined) this.handOver.track(socket.connection);
      },
      unread: (socket) => this.unread(socket),
      wakeAfter: (delay) => {
        this.stack.machine.queueWorkItem(delay, () => {
          this.tryPending();
        });
      },
    };
  }

  private newSocket(): ScriptSocket {
    const { machine } = this.stack;
    const socket = new ScriptSocket(
      {},
      () => {
        this.wakeSoon();
      },
      ({ connection }) => {
        // From inside an indication of the target's nothing is asked of it.
        if (connection?.place === 'InHost') connection.abort();
        else machine.queueWorkItem(0, () => connection?.abort());
      },
    );
    this.sockets.push(socket);
    if (this.socket === undefined || this.socket.state === 'over' || this.socket.released)
      this.socket = socket;
    return socket;
  }

  /** A connection begins with a SYN of the stack, or the script's next SYN begins one. */
  private began(socket: ScriptSocket): void {
    this.socket = socket;
    if (socket.state === 'listening') {
      this.awaitsSyn = true;
      return;
    }
    const { connection } = socket;
    if (connection === undefined) return;
    this.flow = this.newFlow(connection.localPort, connection.remotePort, undefined);
    this.awaitsSyn = false;
  }

  private newFlow(localPort: number, remotePort: number, scriptPorts: Flow['scriptPorts']): Flow {
    const flow = new Flow(localPort, remotePort, this.random.nextUint32(), scriptPorts);
    this.flows.push(flow);
    return flow;
  }

  // Time.

  /** Runs the stack until a virtual time. */
  private advanceTo(time: number): void {
    const { machine } = this.stack;
    if (machine.now < time) {
      // Something has to happen then, or the clock would not get there.
      machine.schedule(time, { onEvent: () => undefined }, 0, undefined, surroundings);
    }
    while (machine.scheduler.nextTime <= time) this.step();
  }

  /** One event of the emulator. */
  private step(): boolean {
    if (++this.steps > mostSteps) {
      const event = this.script.events[this.eventsRun] ?? endOf(this.script);
      throw new ScriptFailure('this sets off more events than any script should', event);
    }
    const { machine, wire } = this.stack;
    const { segmentCount } = wire;
    const ran = machine.step();
    if (wire.segmentCount !== segmentCount) {
      this.wakeSoon();
      const newest = wire.captured[wire.captured.length - 1]?.segment;
      if (newest !== undefined && typeof newest !== 'string')
        this.flows.find((flow) => flow.owns(newest))?.noteOutbound(newest);
    }
    this.handOver.direct();
    return ran;
  }

  /** Runs what goes on in the background, as far as it ends soon. */
  private settle(isSettled: () => boolean): void {
    const { machine } = this.stack;
    const limit = machine.now + graceTime;
    while (!isSettled() && machine.scheduler.nextTime <= limit) this.step();
  }

  private settleHandOver(): void {
    this.handOver.direct();
    this.settle(() => this.handOver.isSettled);
  }

  /** Script time, ns. */
  private get scriptNow(): number {
    return this.stack.machine.now - this.start;
  }

  private windowOf(time: EventTime): TimeWindow | undefined {
    const anchored = time.kind === 'absolute' || time.kind === 'relative';
    const base = this.lastAnchored && anchored ? this.lastStart : this.scriptNow;
    switch (time.kind) {
      case 'absolute':
        return { from: time.at, to: time.at };
      case 'absolute-range':
        return { from: time.from, to: time.to };
      case 'relative':
        return { from: base + time.after, to: base + time.after };
      case 'relative-range':
        return { from: base + time.from, to: base + time.to };
      case 'any':
        return undefined;
    }
  }

  private get tolerance(): number {
    const { tolerance, relativeTolerance } = this.settings;
    return Math.max(tolerance, relativeTolerance * (this.scriptNow - this.lastEventTime));
  }

  private runEvent(event: ScriptEvent): void {
    const { action, time } = event;
    const window = this.windowOf(time);
    this.lastAnchored = time.kind === 'absolute' || time.kind === 'relative';
    if (window !== undefined) this.lastStart = window.from;
    const isExpected = (action.kind === 'tcp' || action.kind === 'icmp') && action.direction === 'outbound';
    if (isExpected) this.expectPacket(action, window);
    else {
      const at = window?.from ?? this.scriptNow;
      this.waitUntil(at, event);
      this.act(event, at);
    }
    this.lastEventTime = this.scriptNow;
  }

  private waitUntil(at: number, event: ScriptEvent): void {
    this.settleHandOver();
    this.advanceTo(this.start + at);
    if (this.scriptNow > at + this.tolerance)
      throw new ScriptFailure(
        `this was to happen at ${seconds(at)}, and it is ${seconds(this.scriptNow)} already`,
        event,
      );
  }

  private act(event: ScriptEvent, at: number): void {
    const { action } = event;
    switch (action.kind) {
      case 'tcp':
        this.inject(action);
        break;
      case 'icmp':
        this.injectIcmp(action);
        break;
      case 'call':
        this.makeCall(action, at, event.time);
        break;
      case 'code':
        this.runCode(action);
        break;
      case 'command':
        this.notes.push(`line ${action.line}: this command is not run`);
        break;
    }
  }

  // System calls.

  private makeCall(call: SystemCall, at: number, time: EventTime): void {
    this.finishPending(call);
    this.context.facts = this.factsAbout(this.socketOf(call));
    const base = time.kind === 'relative' ? at - time.after : 0;
    const attempt = handlerOf(call)(this.context, call);
    const returnsAt = call.returnsAt === undefined ? undefined : base + call.returnsAt;
    const pending: PendingCall = { call, attempt, returnsAt, result: undefined };
    this.pending = pending;
    this.stack.machine.queueWorkItem(0, () => {
      this.tryPending();
    });
    if (returnsAt === undefined) {
      this.settle(() => pending.result !== undefined);
      if (pending.result === undefined)
        throw new ScriptFailure(`${call.name} blocks; the script gives it no time to return (0...0.1)`, call);
      this.finishPending(call);
      this.advanceTo(this.stack.machine.now + settleTime);
    } else this.advanceTo(this.stack.machine.now + settleTime);
  }

  /** The socket that a call is about: of those that it polls, the first. */
  private socketOf(call: SystemCall): ScriptSocket | undefined {
    const [first] = call.arguments;
    const [polled] = first?.kind === 'list' ? first.items : [];
    const descriptor =
      polled?.kind === 'structure' ? polled.members.find(({ name }) => name === 'fd')?.value : first;
    if (descriptor?.kind !== 'integer') return undefined;
    const found = this.descriptors.get(integerOf(descriptor));
    if (found instanceof ScriptSocket) return found;
    const [interest] = found?.interests.keys() ?? [];
    const watched = interest === undefined ? undefined : this.descriptors.get(interest);
    return watched instanceof ScriptSocket ? watched : undefined;
  }

  private wakeSoon(): void {
    if (this.wakes || this.pending === undefined) return;
    this.wakes = true;
    this.stack.machine.queueWorkItem(wakeTime, () => {
      this.wakes = false;
      this.tryPending();
    });
  }

  /** Tries once more what blocks; checks what it returns, and when. */
  private tryPending(): void {
    const { pending, stack } = this;
    if (pending === undefined || pending.result !== undefined) return;
    const connection = this.socketOf(pending.call)?.connection;
    if (connection === undefined || connection.place === 'InHost') {
      this.attempt(pending);
      return;
    }
    if (connection.place !== 'Offloaded') {
      this.wakeSoon();
      return;
    }
    askForFacts(stack.host, connection, (facts) => {
      stack.machine.queueWorkItem(0, () => {
        this.context.facts = facts;
        this.attempt(pending);
      });
    });
  }

  private attempt(pending: PendingCall): void {
    if (pending !== this.pending || pending.result !== undefined) return;
    const result = pending.attempt();
    if (result === undefined) return;
    pending.result = result;
    this.returnedAt = this.scriptNow;
  }

  private returnedAt = 0;

  /** A call has to return before the next one is made, or the script ends. */
  private finishPending(next: SystemCall | undefined): void {
    const { pending } = this;
    if (pending === undefined) return;
    const { call, returnsAt } = pending;
    const latest = (returnsAt ?? this.scriptNow) + this.tolerance;
    const { machine } = this.stack;
    while (pending.result === undefined && machine.scheduler.nextTime <= this.start + latest) this.step();
    this.pending = undefined;
    const { result } = pending;
    if (result === undefined) {
      const before = next === undefined ? '' : `, before ${next.name} of line ${next.line} is made`;
      throw new ScriptFailure(`${call.name} has not returned by ${seconds(latest)}${before}`, call);
    }
    if (returnsAt !== undefined && Math.abs(this.returnedAt - returnsAt) > this.tolerance)
      throw new ScriptFailure(
        `${call.name} was to return at ${seconds(returnsAt)} and returned at ${seconds(this.returnedAt)}`,
        call,
      );
    this.checkResult(call, result);
  }

  private checkResult(call: SystemCall, { value, errno, mismatch }: CallResult): void {
    const { result } = call;
    const got = `${value}${errno === undefined ? '' : ` ${errno}`}`;
    if (result.kind !== 'ellipsis') {
      const expected = integerOf(result);
      if (expected !== value)
        throw new ScriptFailure(
          `${call.name} returns ${got}, not ${expected}${call.errno === undefined ? '' : ` ${call.errno}`}`,
          call,
        );
    }
    if (call.errno !== undefined) {
      const expected = errnoAliases[call.errno] ?? call.errno;
      if (!Object.hasOwn(errnoNumbers, expected)) unsupported(`the errno ${call.errno}`, call);
      if (expected !== errno)
        throw new ScriptFailure(`${call.name} returns ${got}, not -1 ${expected}`, call);
    }
    if (mismatch !== undefined) throw new ScriptFailure(mismatch, call);
  }

  /** What is known about a socket's connection now; asks the target for it where that has the connection. */
  private factsAbout(socket: ScriptSocket | undefined): ConnectionFacts | undefined {
    const connection = socket?.connection;
    if (connection === undefined) return undefined;
    this.settleHandOver();
    let facts: ConnectionFacts | undefined;
    const { machine, host } = this.stack;
    machine.queueWorkItem(0, () => {
      askForFacts(host, connection, (answer) => {
        facts = answer;
      });
    });
    this.settle(() => facts !== undefined);
    return facts;
  }

  /** Bytes in sequence that wait in the connection: what has arrived and has not been read, without the FIN. */
  private unread(socket: ScriptSocket): number {
    const { connection } = socket;
    if (connection === undefined) return 0;
    if (connection.place !== 'Offloaded') return connection.unreadBytes;
    const { facts } = this.context;
    const flow = this.flowOf(socket);
    if (facts === undefined || flow === undefined) return 0;
    const received = flow.receivedBytes(facts.delegated.RcvNxt) - (hasPeerClosed(facts) ? 1 : 0);
    return Math.max(0, received - socket.bytesRead - socket.arrivedBytes);
  }

  private flowOf({ connection }: ScriptSocket): Flow | undefined {
    if (connection === undefined) return undefined;
    const { localPort, remotePort } = connection;
    return this.flows.findLast((flow) => flow.localPort === localPort && flow.remotePort === remotePort);
  }

  private socketWith(flow: Flow): ScriptSocket | undefined {
    return this.sockets.findLast((socket) => this.flowOf(socket) === flow);
  }

  // Code.

  private runCode({ statements }: CodeBlock): void {
    const { socket } = this;
    const facts = this.factsAbout(socket);
    const names = (name: string): CodeValue | undefined =>
      this.variables.get(name) ?? (facts === undefined ? symbols[name] : tcpInformation(facts, name));
    for (const statement of statements) {
      if (statement.kind === 'assignment')
        this.variables.set(statement.name, evaluateCode(statement.value, names));
      if (statement.kind !== 'assert' || Boolean(evaluateCode(statement.condition, names))) continue;
      const { message, text } = statement;
      const told = message === undefined ? '' : `: ${packetValue(evaluateCode(message, names))}`;
      throw new ScriptFailure(`assertion failed: ${text}${told}`, statement);
    }
  }

  // Packets.

  private get ipFields(): IpFields {
    const { address, hostAddress } = this.stack.wire.addresses;
    return {
      version: this.settings.ipVersion,
      source: address,
      destination: hostAddress,
      typeOfService: 0,
      timeToLive: 64,
      flowLabel: 0,
    };
  }

  /** The connection that a packet of the script belongs to; made if it is the first of one. */
  private flowFor(packet: TcpPacket): Flow {
    const { ports, direction, flags } = packet;
    const isInbound = direction === 'inbound';
    const opens = isInbound && (flags & (tcpFlags.SYN | tcpFlags.ACK)) === tcpFlags.SYN;
    if (ports !== undefined) {
      const local = isInbound ? ports.destination : ports.source;
      const remote = isInbound ? ports.source : ports.destination;
      const known =
        this.flows.findLast(
          ({ scriptPorts }) => scriptPorts?.source === local && scriptPorts.destination === remote,
        ) ?? this.flows.findLast((flow) => flow.localPort === local && flow.remotePort === remote);
      this.flow = known ?? this.newFlow(local, remote, { source: local, destination: remote });
      return this.flow;
    }
    if (this.flow === undefined || (opens && this.awaitsSyn)) {
      const listening = this.sockets.findLast(({ state }) => state === 'listening');
      const localPort = listening?.localPort ?? this.settings.bindPort;
      this.flow = this.newFlow(localPort, this.nextRemotePort++, undefined);
    }
    if (opens) this.awaitsSyn = false;
    return this.flow;
  }

  private inject(packet: TcpPacket): void {
    const flow = this.flowFor(packet);
    const live: LiveSegment = {
      ...this.ipFields,
      typeOfService: typeOfServiceOf(packet.ip),
      timeToLive: packet.ip.timeToLive ?? 64,
      flowLabel: packet.ip.flowLabel ?? 0,
      sourcePort: flow.remotePort,
      destinationPort: flow.localPort,
      ...flow.toLive(packet),
      flags: packet.flags,
      window: packet.window ?? 0,
      urgentPointer: packet.urgentPointer ?? 0,
      payload: patternBytes(
        (packet.flags & tcpFlags.SYN) === 0 ? packet.sequence - 1 : 0,
        packet.payloadLength,
      ),
    };
    const { wire } = this.stack;
    const pieces = this.pieces(live);
    for (const piece of pieces) {
      flow.noteInbound(piece);
      wire.inject(live.version, encodeSegment(piece), piece.payload.length, true);
    }
    this.partialAcknowledgments = new Set(pieces.slice(1).map(({ sequence }) => sequence));
    this.advanceTo(this.stack.machine.now + settleTime);
  }

  /** Where an injected packet has been cut into segments: acknowledgments of a part of it are no business of the script. */
  private partialAcknowledgments: ReadonlySet<number> = new Set();

  /** A segment that no frame could carry comes as several. */
  private pieces(live: LiveSegment): LiveSegment[] {
    const { payload, flags } = live;
    const { mtu, ipVersion } = this.settings;
    const headers = ipVersion === 4 ? 40 : 60;
    const most = mtu - headers - 40;
    const room = mtu - headers - (live.options.length === 0 ? 0 : 40);
    if (payload.length <= room) return [live];
    const pieces: LiveSegment[] = [];
    for (let start = 0; start < payload.length; start += most) {
      const end = Math.min(payload.length, start + most);
      const isLast = end === payload.length;
      pieces.push({
        ...live,
        sequence: (live.sequence + start) % 0x1_0000_0000,
        payload: payload.subarray(start, end),
        flags: isLast ? flags : flags & ~(tcpFlags.PSH | tcpFlags.FIN),
      });
    }
    return pieces;
  }

  private injectIcmp(packet: IcmpPacket): void {
    const { flow } = this;
    if (flow === undefined)
      throw new ScriptFailure('there is no connection that this could be about', packet);
    const { sequence = 1, payloadLength = 0 } = packet.echoed ?? {};
    const { hostAddress, address } = this.stack.wire.addresses;
    const about: LiveSegment = {
      ...this.ipFields,
      source: hostAddress,
      destination: address,
      sourcePort: flow.localPort,
      destinationPort: flow.remotePort,
      sequence: flow.localSequence(sequence) ?? 0,
      acknowledgment: 0,
      flags: tcpFlags.ACK,
      window: 0,
      urgentPointer: 0,
      options: [],
      payload: new Uint8Array(payloadLength),
    };
    this.stack.wire.inject(this.settings.ipVersion, encodeIcmp(packet, this.ipFields, about), 0, false);
    this.advanceTo(this.stack.machine.now + settleTime);
  }

  private expectPacket(packet: Packet, window: TimeWindow | undefined): void {
    if (packet.kind === 'icmp') unsupported('ICMP packets of the stack', packet);
    const flow = this.flow === undefined && packet.ports === undefined ? undefined : this.flowFor(packet);
    if (flow === undefined)
      throw new ScriptFailure('there is no connection that this could belong to', packet);
    const first = this.nextSegment(packet, window);
    const live = segmentOf(first, packet);
    if (!flow.owns(live)) {
      const other = this.flows.find((one) => one.owns(live)) ?? flow;
      throw this.mismatch(
        packet,
        [`a segment from port ${live.sourcePort} to ${live.destinationPort}`],
        other.toScript(live, undefined),
        first.at,
      );
    }
    let actual = flow.toScript(live, packet);
    let last = first;
    const pieces = [live];
    while (
      !this.settings.strictSegments &&
      actual.payloadLength > 0 &&
      actual.payloadLength < packet.payloadLength
    ) {
      const next = this.peekSegment(window);
      if (next === undefined || typeof next.segment === 'string' || !flow.owns(next.segment)) break;
      const more = flow.toScript(next.segment, packet);
      if (!continues(actual, more)) break;
      this.stack.wire.captured.shift();
      actual = {
        ...actual,
        payloadLength: actual.payloadLength + more.payloadLength,
        flags: actual.flags | more.flags,
      };
      pieces.push(next.segment);
      last = next;
    }
    this.compare(packet, flow, actual, pieces);
    this.checkTime(packet, window, first.at - this.start, last.at - this.start);
  }

  private compare(
    packet: TcpPacket,
    flow: Flow,
    actual: TcpPacketFields,
    pieces: readonly LiveSegment[],
  ): void {
    const socket = this.socketWith(flow);
    const position = actual.sequence - 1 + actual.payloadLength;
    const endsWrite = socket === undefined || socket.writeEnds.has(position);
    const [first] = pieces;
    const how = { strictSegments: this.settings.strictSegments, endsWrite };
    const found = differences(packet, actual, first!, how);
    found.push(...this.timestampDifferences(packet, flow, first!));
    if (found.length > 0) throw this.mismatch(packet, found, actual, this.stack.machine.now);
    for (const piece of pieces) {
      if (piece.payload.length === 0 || socket === undefined) continue;
      const at = flow.toScript(piece, packet).sequence - 1;
      if (!socket.matchesWritten(at, piece.payload))
        throw new ScriptFailure(`the bytes from ${at + 1} on are not those that were written`, packet);
    }
  }

  private timestampDifferences({ options }: TcpPacket, flow: Flow, live: LiveSegment): string[] {
    const expected = options === 'any' ? undefined : options.find((option) => option.kind === 'TS');
    const actual = live.options.find((option) => option.kind === 'TS');
    if (expected === undefined || actual === undefined) return [];
    const { timestampTick } = this.settings;
    flow.learnTimestamp(expected.value, actual.value);
    const error = flow.timestampError(expected.value, actual.value);
    if (timestampTick === 0 || Math.abs(error) * timestampTick <= this.tolerance) return [];
    return [`timestamp ${expected.value} expected, ${expected.value + error} found`];
  }

  private mismatch(
    packet: TcpPacket,
    found: readonly string[],
    actual: TcpPacketFields,
    at: number,
  ): ScriptFailure {
    return new ScriptFailure(
      `${found.join('; ')}\n  expected: > ${packetText(packet)}\n  found:    > ${tcpText(actual)} at ${seconds(at - this.start)}`,
      packet,
    );
  }

  private checkTime(packet: TcpPacket, window: TimeWindow | undefined, first: number, last: number): void {
    if (window === undefined) return;
    const { tolerance } = this;
    if (first >= window.from - tolerance && last <= window.to + tolerance) return;
    const expected =
      window.from === window.to
        ? `at ${seconds(window.from)}`
        : `from ${seconds(window.from)} to ${seconds(window.to)}`;
    const found = first === last ? seconds(first) : `${seconds(first)} to ${seconds(last)}`;
    throw new ScriptFailure(`${packetText(packet)} was expected ${expected} and came at ${found}`, packet);
  }

  /** Takes the next segment of the stack; waits for it somewhat longer than it may take. */
  private nextSegment(packet: TcpPacket, window: TimeWindow | undefined): CapturedSegment {
    const { machine, wire } = this.stack;
    const limit =
      window === undefined ? Infinity : this.start + window.to + Math.max(extraWait, 2 * this.tolerance);
    while (wire.captured.length === 0 && machine.scheduler.nextTime <= limit) if (!this.step()) break;
    const captured = wire.captured.shift();
    if (captured !== undefined)
      return this.isPartial(captured, packet) ? this.nextSegment(packet, window) : captured;
    const until = window === undefined ? '' : ` by ${seconds(window.to)}`;
    throw new ScriptFailure(`timed out waiting for ${packetText(packet)}${until}`, packet);
  }

  /** Whether a segment acknowledges a part of what the script has sent as one packet, and nothing else. */
  private isPartial({ segment }: CapturedSegment, packet: TcpPacket): boolean {
    return (
      typeof segment !== 'string' &&
      segment.flags === tcpFlags.ACK &&
      segment.payload.length === 0 &&
      !this.settings.strictSegments &&
      this.flow?.toScript(segment, packet).acknowledgment !== packet.acknowledgment &&
      this.partialAcknowledgments.has(segment.acknowledgment)
    );
  }

  /** The segment behind the last one, if it comes within its time. */
  private peekSegment(window: TimeWindow | undefined): CapturedSegment | undefined {
    const { machine, wire } = this.stack;
    const to = window === undefined ? this.scriptNow : Math.max(window.to, this.scriptNow);
    const limit = this.start + to + this.tolerance;
    while (wire.captured.length === 0 && machine.scheduler.nextTime <= limit) this.step();
    return wire.captured[0];
  }

  private checkStreams(): void {
    for (const { corrupted } of this.sockets) {
      if (corrupted !== undefined)
        throw new ScriptFailure(
          `byte ${corrupted} of the stream was read different from what was sent`,
          endOf(this.script),
        );
    }
  }
}

function endOf({ events }: Script): SourcePosition {
  return events[events.length - 1]!;
}

function segmentOf({ segment }: CapturedSegment, packet: TcpPacket): LiveSegment {
  if (typeof segment === 'string') throw new ScriptFailure(`the stack has sent ${segment}`, packet);
  return segment;
}

function packetValue(value: CodeValue): string {
  return String(value);
}

/** A time of the script for people. */
function seconds(time: number): string {
  return `${(time / 1e9).toFixed(6)} s`;
}
