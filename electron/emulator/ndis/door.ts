/**
 * The one door: every call between drivers and NDIS crosses it, in both directions. Here calls get their ids, their causes and
 * their time; here the recorder watches, and here a debugger will stop. The door judges nothing.
 */
import type { FunctionName } from '../../../shared/ddi/catalogue';
import type { NdisStatus } from '../../../shared/ddi/status';
import type { CallArgument, EventId } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';

/** Processor time of entering and of leaving a function, ns. */
export interface DoorCosts {
  readonly enter: number;
  readonly leave: number;
}

/** A call that is about to be made. */
export interface Crossing {
  readonly functionName: FunctionName;
  /** Components on both sides. */
  readonly caller: number;
  readonly callee: number;
  readonly connection?: number | undefined;
  /** The requests that this call completes; none if absent. */
  readonly completes?: readonly EventId[];
  readonly arguments: readonly CallArgument[];
}

/** The requests that most calls complete. */
const none: readonly EventId[] = [];

/** Outputs of most calls. */
const noOutputs: readonly CallArgument[] = [];

/** See the file's head. */
export class Door {
  constructor(
    private readonly machine: Machine,
    private readonly costs: DoorCosts,
  ) {}

  /**
   * Makes a call whose outputs are looked at after it has returned. `body` gets the id of the call.
   */
  cross<Answer>(
    crossing: Crossing,
    body: (call: EventId) => Answer,
    describe: (answer: Answer) => {
      readonly status?: NdisStatus;
      readonly outputs?: readonly CallArgument[];
    },
  ): Answer {
    const call = this.enterFor(crossing);
    const answer = body(call);
    this.beforeReturn();
    const { status, outputs } = describe(answer);
    this.report(call, status, outputs ?? noOutputs);
    return answer;
  }

  /** Calls a function that returns an NDIS_STATUS. */
  status(crossing: Crossing, body: (call: EventId) => NdisStatus): NdisStatus {
    const call = this.enterFor(crossing);
    const status = body(call);
    this.leave(call, status);
    return status;
  }

  /** Calls a function that returns VOID. */
  void(crossing: Crossing, body: (call: EventId) => void): void {
    const call = this.enterFor(crossing);
    body(call);
    this.leave(call, undefined);
  }

  /**
   * Begins a call: notes it, and lets the others reach the moment at which it begins. What data passes through for each packet calls
   * this and `leave` around its work; everything else leaves that to `cross`, `status` and `void`.
   */
  enter(
    functionName: FunctionName,
    caller: number,
    callee: number,
    connection: number | undefined,
    args: readonly CallArgument[],
    completes: readonly EventId[] = none,
  ): EventId {
    const { machine } = this;
    const { scheduler, openCalls } = machine;
    const parent = openCalls.length > 0 ? openCalls[openCalls.length - 1] : undefined;
    const call = machine.probe.call(scheduler.now, {
      functionName,
      caller,
      callee,
      irql: machine.irql,
      processor: machine.processor,
      connection,
      parent,
      cause: parent === undefined ? machine.cause : undefined,
      completes,
      arguments: args,
    });
    openCalls.push(call);
    scheduler.spend(this.costs.enter);
    machine.interleave();
    return call;
  }

  /** Ends the call that was begun last; `status` is undefined where the function returns VOID. */
  leave(call: EventId, status: NdisStatus | undefined): void {
    this.beforeReturn();
    this.report(call, status, noOutputs);
  }

  private enterFor(crossing: Crossing): EventId {
    const { functionName, caller, callee, connection, completes } = crossing;
    return this.enter(functionName, caller, callee, connection, crossing.arguments, completes);
  }

  /** Lets the others reach the moment of the return. */
  private beforeReturn(): void {
    const { machine } = this;
    machine.scheduler.spend(this.costs.leave);
    machine.interleave();
    machine.openCalls.pop();
  }

  private report(call: EventId, status: NdisStatus | undefined, outputs: readonly CallArgument[]): void {
    const { machine } = this;
    machine.probe.return(machine.scheduler.now, { call, status, outputs });
  }
}
