/**
 * Who owns each NET_BUFFER_LIST over time, from the lists that calls pass. A list has lives: one begins when its owner lends it out, and ends
 * when the owner has it back; the next one at the same address is another life, of the same list or of another one in its place.
 */
import { NDIS_STATUS } from '../ddi/status';
import type { EventId, NetBufferListSnapshot, VirtualTime } from '../trace/records';
import type { Call } from './callIndex';
import { handOversOf, movesLists, type HandOver, type LoanPurpose } from './listHandOvers';
import { IntervalIndex } from './pendingRequests';
import type { TraceModel } from './traceModel';

/** A stay of a list with one owner. */
export interface BufferStay {
  /** Component that has it. */
  readonly owner: number;
  /** How it came there: for what it is lent, that it was given back, or that the callee has not taken it. */
  readonly how: LoanPurpose | 'given-back' | 'refused';
  /** The call with which the stay began; for what was refused, its return. */
  readonly event: EventId;
  readonly from: VirtualTime;
  /** With what it ended; undefined for the last stay. */
  readonly until: VirtualTime | undefined;
  readonly untilEvent: EventId | undefined;
}

/** A list from the call that lent it out until its owner has it back. */
export interface BufferLife {
  readonly address: number;
  /** Counts the lives of the address, from 0. */
  readonly ordinal: number;
  /** Component that lent it out first; where the trace begins later, who had it when it was first seen. */
  readonly lender: number;
  /** What it was lent for first. */
  readonly purpose: LoanPurpose;
  readonly connection: number | undefined;
  /** Bytes of data in it, and where they begin in the stream if the sender knew, as it was lent. */
  readonly dataLength: number;
  readonly streamOffset: number | undefined;
  readonly from: VirtualTime;
  readonly event: EventId;
  /** When its owner had it back; undefined if that is not in the trace. */
  readonly until: VirtualTime | undefined;
  readonly untilEvent: EventId | undefined;
  /** In order; none before the first call that passes it. */
  readonly stays: readonly BufferStay[];
}

/** A loan that has not ended: the lender gets the list back. */
interface Loan {
  readonly from: number;
  readonly call: EventId;
}

interface OpenLife {
  life: Omit<BufferLife, 'until' | 'untilEvent' | 'stays'>;
  readonly position: number;
  readonly owners: number[];
  readonly hows: BufferStay['how'][];
  readonly events: EventId[];
  readonly times: VirtualTime[];
  readonly loans: Loan[];
  until: VirtualTime | undefined;
  untilEvent: EventId | undefined;
}

/** A call that has not returned, whose status may say that nothing changed hands. */
interface Undecided {
  readonly call: Call;
  readonly handOver: HandOver;
}

/** See the file's head. Takes in what has been read since somebody last asked. */
export class BufferOwnership {
  private readonly intervals = new IntervalIndex();
  private readonly lives: OpenLife[] = [];
  private readonly byAddress = new Map<number, number[]>();
  private undecided: Undecided[] = [];
  private seen = 0;

  constructor(private readonly model: TraceModel) {}

  /** The lists that are lent right after an event, in the order in which they were. */
  at(event: EventId): BufferLife[] {
    this.takeIn();
    return this.intervals.at(event).map((position) => this.told(this.lives[position]!));
  }

  /** The lives of which something lies between two events, both included, in the order in which they began. */
  between(from: EventId, until: EventId): BufferLife[] {
    this.takeIn();
    const found = this.intervals.at(from).map((position) => this.told(this.lives[position]!));
    for (let at = this.firstBegunAfter(from); at < this.lives.length; at++) {
      if (this.lives[at]!.life.event > until) break;
      found.push(this.told(this.lives[at]!));
    }
    return found;
  }

  /** All lives of an address: the whole story of a list. */
  storyOf(address: number): BufferLife[] {
    this.takeIn();
    return (this.byAddress.get(address) ?? []).map((position) => this.told(this.lives[position]!));
  }

  /** The stay of a list right after an event; undefined where it is not lent then. */
  stayAt(address: number, event: EventId): BufferStay | undefined {
    this.takeIn();
    const positions = this.byAddress.get(address) ?? [];
    for (let index = positions.length - 1; index >= 0; index--) {
      const life = this.lives[positions[index]!]!;
      if (life.life.event > event) continue;
      if (life.untilEvent !== undefined && life.untilEvent <= event) return undefined;
      let at = life.events.length - 1;
      while (at > 0 && life.events[at]! > event) at--;
      return this.stay(life, at);
    }
    return undefined;
  }

  private firstBegunAfter(event: EventId): number {
    let low = 0;
    let high = this.lives.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lives[middle]!.life.event <= event) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private told(life: OpenLife): BufferLife {
    const { until, untilEvent } = life;
    return { ...life.life, until, untilEvent, stays: life.owners.map((_, at) => this.stay(life, at)) };
  }

  private stay({ owners, hows, events, times }: OpenLife, at: number): BufferStay {
    return {
      owner: owners[at]!,
      how: hows[at]!,
      event: events[at]!,
      from: times[at]!,
      until: times[at + 1],
      untilEvent: events[at + 1],
    };
  }

  private takeIn(): void {
    const { calls } = this.model.calls;
    for (; this.seen < calls.length; this.seen++) {
      const call = calls[this.seen]!;
      this.decide(call.event);
      if (call.lists === 0 || !movesLists(call.functionName)) continue;
      const record = this.model.store?.record(call.event);
      if (record?.kind !== 'call') continue;
      for (const handOver of handOversOf(record)) {
        for (const list of handOver.lists)
          if (handOver.direction === 'lent') this.lend(call, handOver.purpose, list);
          else this.giveBack(call, handOver.purpose, list);
        if (handOver.undone !== 'never') this.undecided.push({ call, handOver });
      }
    }
    this.decide(Infinity);
  }

  /** Takes back what calls that had returned by an event did not take. */
  private decide(event: EventId): void {
    const { undecided } = this;
    if (undecided.length === 0) return;
    const returned = undecided
      .filter(({ call }) => call.returnEvent !== undefined && call.returnEvent < event)
      .sort((one, other) => one.call.returnEvent! - other.call.returnEvent!);
    if (returned.length === 0) return;
    this.undecided = undecided.filter(
      ({ call }) => call.returnEvent === undefined || call.returnEvent >= event,
    );
    for (const { call, handOver } of returned) {
      const { status } = call;
      const kept =
        status === undefined ||
        status === (handOver.undone === 'unless-success' ? NDIS_STATUS.SUCCESS : NDIS_STATUS.PENDING);
      if (!kept) for (const { address } of handOver.lists) this.undo(call, address);
    }
  }

  private lend(call: Call, purpose: LoanPurpose, list: NetBufferListSnapshot): void {
    const open = this.openLife(list.address);
    // Who lends a list that it does not have has got it back in some way that is not in the trace.
    const goesOn = open !== undefined && open.owners.at(-1) === call.caller;
    if (open !== undefined && !goesOn) this.end(open, call.event, call.start);
    const life = goesOn ? open : this.begin(call, purpose, list, call.caller);
    life.loans.push({ from: call.caller, call: call.event });
    this.move(life, call.callee, purpose, call.event, call.start);
  }

  private giveBack(call: Call, purpose: LoanPurpose, list: NetBufferListSnapshot): void {
    let life = this.openLife(list.address);
    if (life === undefined) {
      // The trace begins after it had been lent.
      life = this.begin(call, purpose, list, call.caller);
      if (!this.isNdis(call.callee)) {
        this.move(life, call.callee, 'given-back', call.event, call.start);
        this.end(life, call.event, call.start);
        return;
      }
    }
    this.takeBack(life, call.callee, 'given-back', call.event, call.start);
  }

  private undo(call: Call, address: number): void {
    const life = this.openLife(address);
    const loan = life?.loans.findLastIndex((one) => one.call === call.event) ?? -1;
    if (life === undefined || loan < 0) return;
    life.loans.length = loan + 1;
    this.takeBack(life, call.caller, 'refused', call.returnEvent!, call.end!);
  }

  /** A component has a list again: the loans that it made, and those that others made of it since, are over. */
  private takeBack(
    life: OpenLife,
    owner: number,
    how: BufferStay['how'],
    event: EventId,
    time: VirtualTime,
  ): void {
    const loan = life.loans.findLastIndex(({ from }) => from === owner);
    if (loan >= 0) life.loans.length = loan;
    this.move(life, owner, how, event, time);
    if (life.loans.length === 0 && !this.isNdis(owner)) this.end(life, event, time);
  }

  private begin(call: Call, purpose: LoanPurpose, list: NetBufferListSnapshot, lender: number): OpenLife {
    const { address, dataLength, streamOffset } = list;
    let positions = this.byAddress.get(address);
    if (positions === undefined) this.byAddress.set(address, (positions = []));
    const life: OpenLife = {
      life: {
        address,
        ordinal: positions.length,
        lender,
        purpose,
        connection: call.connection,
        dataLength,
        streamOffset,
        from: call.start,
        event: call.event,
      },
      position: this.intervals.begin(call.event),
      owners: [],
      hows: [],
      events: [],
      times: [],
      loans: [],
      until: undefined,
      untilEvent: undefined,
    };
    positions.push(life.position);
    this.lives.push(life);
    return life;
  }

  private move(
    life: OpenLife,
    owner: number,
    how: BufferStay['how'],
    event: EventId,
    time: VirtualTime,
  ): void {
    life.owners.push(owner);
    life.hows.push(how);
    life.events.push(event);
    life.times.push(time);
  }

  private end(life: OpenLife, event: EventId, time: VirtualTime): void {
    life.until = time;
    life.untilEvent = event;
    this.intervals.end(life.position, event);
  }

  private openLife(address: number): OpenLife | undefined {
    const last = this.byAddress.get(address)?.at(-1);
    const life = last === undefined ? undefined : this.lives[last]!;
    return life?.untilEvent === undefined ? life : undefined;
  }

  private isNdis(component: number): boolean {
    return this.model.store?.components[component]?.role === 'ndis';
  }
}

const known = new WeakMap<TraceModel, BufferOwnership>();

/** The ownership of a trace's lists: reckoned when somebody first asks, and then kept up to date. */
export function bufferOwnershipOf(model: TraceModel): BufferOwnership {
  let ownership = known.get(model);
  if (ownership === undefined) known.set(model, (ownership = new BufferOwnership(model)));
  return ownership;
}
