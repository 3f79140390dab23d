/**
 * Who takes which record: handlers sorted by what they take, so that a record reaches only those that want its kind, and a frame only those
 * that want its path.
 */
import type { FrameFateRecord, FramePath, VirtualTime } from '../../trace/records';
import type { Call } from './call';
import { tcpFlags, type WireFrame } from './frame';
import { Gate } from './gate';
import type { FrameHandlers, Handlers, Rule } from './rule';

/** A rule or a fact that takes part. */
export class Participant {
  looks = 0;
  breaches = 0;
  failure: string | undefined;
  /** What rests on this fact. */
  readonly dependents: Participant[] = [];
  private readonly places: { readonly sink: Sink<never[]>; readonly at: number }[] = [];

  constructor(readonly rule: Rule | undefined) {}

  /** Its handlers, and those of what rests on it, are called no more. */
  fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error instanceof Error ? error.message : String(error);
    for (const { sink, at } of this.places) sink.silence(at);
    for (const dependent of this.dependents) dependent.fail(error);
  }

  /** Notes where one of its handlers is. */
  isAt(sink: Sink<never[]>, at: number): void {
    this.places.push({ sink, at });
  }
}

function nothing(): void {
  // Stands for the handler of somebody who has failed.
}

/** Handlers that take the same things, in order; those behind a gate while it is open. */
export class Sink<Arguments extends readonly unknown[]> {
  private readonly takes: ((...values: Arguments) => void)[] = [];
  private readonly owners: Participant[] = [];
  /** A bit for each handler that is called, 32 of them in each number: a hundred that wait for something rare cost nothing. */
  private wanted = new Int32Array(1);

  add(owner: Participant, take: (...values: Arguments) => void, gate?: Gate): void {
    const at = this.takes.length;
    owner.isAt(this as unknown as Sink<never[]>, at);
    this.takes.push(take);
    this.owners.push(owner);
    if (at >>> 5 >= this.wanted.length) {
      const wider = new Int32Array(this.wanted.length + 1);
      wider.set(this.wanted);
      this.wanted = wider;
    }
    if (gate === undefined) this.want(at, true);
    else gate.guard(this, at);
  }

  /** Calls the handler with a place from now on, or not. */
  want(at: number, isWanted: boolean): void {
    const bit = 1 << (at & 31);
    if (isWanted) this.wanted[at >>> 5]! |= bit;
    else this.wanted[at >>> 5]! &= ~bit;
  }

  /** Calls the handler with a place no more, whatever its gate says. */
  silence(at: number): void {
    this.takes[at] = nothing;
  }

  /** The place of the next handler to call; -1 behind the last one. Gates may move while things are delivered. */
  private behind(at: number): number {
    const { wanted } = this;
    const from = at + 1;
    let word = from >>> 5;
    let rest = word < wanted.length ? wanted[word]! & (-1 << (from & 31)) : 0;
    while (rest === 0) {
      if (++word >= wanted.length) return -1;
      rest = wanted[word]!;
    }
    return word * 32 + 31 - Math.clz32(rest & -rest);
  }

  /** Hands one thing to everybody; who throws is put aside. A `try` around each call, and a list of what is passed, would cost time at every record. */
  deliver(this: Sink<[Arguments[0]]>, first: Arguments[0]): void {
    const { takes } = this;
    for (let at = this.behind(-1); at >= 0; at = this.behind(at))
      try {
        for (; at >= 0; at = this.behind(at)) takes[at]!(first);
        return;
      } catch (error) {
        this.owners[at]!.fail(error);
      }
  }

  /** The same with three things. */
  deliverThree(
    this: Sink<[Arguments[0], Arguments[1], Arguments[2]]>,
    first: Arguments[0],
    second: Arguments[1],
    third: Arguments[2],
  ): void {
    const { takes } = this;
    for (let at = this.behind(-1); at >= 0; at = this.behind(at))
      try {
        for (; at >= 0; at = this.behind(at)) takes[at]!(first, second, third);
        return;
      } catch (error) {
        this.owners[at]!.fail(error);
      }
  }
}

/** A sink for handlers of a name. */
type SinkOf<Name extends keyof Handlers> = Sink<
  Parameters<Extract<NonNullable<Handlers[Name]>, (...values: never[]) => void>>
>;

/** Handlers that every record of their kind goes to. */
const plainHandlers = [
  'anyCall',
  'anyReturned',
  'component',
  'connection',
  'stateObject',
  'stateChange',
  'ownership',
  'relink',
  'counter',
  'note',
  'end',
] as const satisfies readonly (keyof Handlers)[];

/** Handlers of frames and fates, by the path of the frame. */
const pathHandlers = {
  host: { frames: ['frame', 'hostFrame'], fates: ['fate'] },
  chimney: { frames: ['frame', 'chimneyFrame', 'chimneyControl'], fates: ['fate'] },
  peer: { frames: ['frame', 'peerFrame'], fates: ['fate', 'peerFate', 'peerControlFate'] },
} as const satisfies Record<FramePath, unknown>;

/** Those that take few segments. */
const controlHandlers: readonly (keyof Handlers)[] = ['chimneyControl', 'peerControlFate'];

const controlFlags = tcpFlags.SYN | tcpFlags.FIN | tcpFlags.RST;

/** Handlers of frames of one path. */
class PathSinks {
  readonly frames = new Sink<[WireFrame]>();
  readonly fates: SinkOf<'fate'> = new Sink();
  /** Open for segments with SYN, FIN or RST. */
  readonly control = new Gate();
}

/** See the file's head. */
export class Dispatch {
  readonly call = new Map<string, Sink<[Call]>>();
  readonly returned = new Map<string, Sink<[Call]>>();
  readonly anyCall: SinkOf<'anyCall'> = new Sink();
  readonly anyReturned: SinkOf<'anyReturned'> = new Sink();
  readonly component: SinkOf<'component'> = new Sink();
  readonly connection: SinkOf<'connection'> = new Sink();
  readonly stateObject: SinkOf<'stateObject'> = new Sink();
  readonly stateChange: SinkOf<'stateChange'> = new Sink();
  readonly ownership: SinkOf<'ownership'> = new Sink();
  readonly relink: SinkOf<'relink'> = new Sink();
  readonly counter: SinkOf<'counter'> = new Sink();
  readonly note: SinkOf<'note'> = new Sink();
  readonly end: SinkOf<'end'> = new Sink();
  /** Fates of frames that the trace lacks. */
  readonly strayFates: SinkOf<'fate'> = new Sink();
  private readonly host = new PathSinks();
  private readonly chimney = new PathSinks();
  private readonly peer = new PathSinks();

  /** Hands a frame to those that want it. */
  frame(frame: WireFrame): void {
    this.sinksFor(frame).frames.deliver(frame);
  }

  /** Hands over what has become of a frame. */
  fate(fate: FrameFateRecord, frame: WireFrame, time: VirtualTime): void {
    this.sinksFor(frame).fates.deliverThree(fate, frame, time);
  }

  private sinksFor({ path, flags }: WireFrame): PathSinks {
    const sinks = path === 'chimney' ? this.chimney : path === 'peer' ? this.peer : this.host;
    sinks.control.isOpen = (flags & controlFlags) !== 0;
    return sinks;
  }

  /** Takes in somebody's handlers, behind all others. */
  add(owner: Participant, handlers: Handlers): void {
    for (const part of ['call', 'returned'] as const)
      for (const [name, take] of Object.entries(handlers[part] ?? {})) {
        let sink = this[part].get(name);
        if (sink === undefined) this[part].set(name, (sink = new Sink()));
        sink.add(owner, take);
      }
    const put = (
      sink: unknown,
      name: keyof FrameHandlers | (typeof plainHandlers)[number],
      gate?: Gate,
    ): void => {
      const take = handlers[name] as ((...values: never[]) => void) | undefined;
      // A handler of a class may be a method that needs its owner; bound functions are slow to call.
      if (take !== undefined)
        (sink as Sink<never[]>).add(owner, Object.hasOwn(handlers, name) ? take : take.bind(handlers), gate);
    };
    const putFrames = (sink: unknown, name: keyof FrameHandlers, gate?: Gate): void => {
      for (const guarded of handlers.guarded ?? []) {
        const take = (guarded as FrameHandlers)[name] as ((...values: never[]) => void) | undefined;
        if (take !== undefined) (sink as Sink<never[]>).add(owner, take, guarded.gate);
      }
      put(sink, name, gate);
    };
    for (const name of plainHandlers) put(this[name], name);
    for (const path of ['host', 'chimney', 'peer'] as const) {
      const { frames, fates, control } = this[path];
      const gateOf = (name: keyof Handlers): Gate | undefined =>
        controlHandlers.includes(name) ? control : undefined;
      for (const name of pathHandlers[path].frames) putFrames(frames, name, gateOf(name));
      for (const name of pathHandlers[path].fates) putFrames(fates, name, gateOf(name));
    }
    putFrames(this.strayFates, 'fate');
  }
}
