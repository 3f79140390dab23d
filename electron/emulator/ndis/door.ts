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
    const { machine, costs } = this;
    const { scheduler, probe, openCalls, processor } = machine;
    const parent = openCalls.length > 0 ? openCalls[openCalls.length - 1] : undefined;
    const call = probe.call(scheduler.now, {
      functionName: crossing.functionName,
      caller: crossing.caller,
      callee: crossing.callee,
      irql: machine.irql,
      processor,
      connection: crossing.connection,
      parent,
      cause: parent === undefined ? machine.cause : undefined,
      completes: crossing.completes ?? none,
      arguments: crossing.arguments,
    });
    openCalls.push(call);
    scheduler.spend(costs.enter);
    machine.interleave();
    const answer = body(call);
    scheduler.spend(costs.leave);
    machine.interleave();
    openCalls.pop();
    const { status, outputs } = describe(answer);
    probe.return(scheduler.now, { call, status, outputs: outputs ?? [] });
    return answer;
  }

  /** Calls a function that returns an NDIS_STATUS. */
  status(crossing: Crossing, body: (call: EventId) => NdisStatus): NdisStatus {
    return this.cross(crossing, body, (status) => ({ status }));
  }

  /** Calls a function that returns VOID. */
  void(crossing: Crossing, body: (call: EventId) => void): void {
    this.cross(crossing, body, () => ({}));
  }
}
