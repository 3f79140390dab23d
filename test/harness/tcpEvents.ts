/** TCP events that a target has raised, by their names. */
import { nameInGroup } from '../../shared/ddi/catalogue';
import type { SeenCall } from './offloadBench';

/** An event with its upload reason, where it has one, or its number. */
export interface SeenEvent {
  readonly type: string;
  readonly reason: string | undefined;
  readonly information: number;
  readonly irql: number;
  /** Virtual ns. */
  readonly time: number;
}

function numberIn(call: SeenCall, name: string): number {
  const found = call.arguments.find((argument) => argument.name === name);
  if (found?.kind !== 'number') throw new Error(`${call.functionName} has no number ${name}`);
  return found.value;
}

/** The events among some calls, in order. */
export function eventsIn(calls: readonly SeenCall[]): SeenEvent[] {
  return calls
    .filter((call) => call.functionName === 'NdisTcpOffloadEventHandler')
    .map((call) => {
      const type = nameInGroup('TCP_OFFLOAD_EVENT_TYPE', numberIn(call, 'EventType')) ?? '?';
      const information = numberIn(call, 'EventSpecificInformation');
      const reason =
        type === 'TcpIndicateRetrieve' ? nameInGroup('TCP_UPLOAD_REASON', information) : undefined;
      return { type, reason, information, irql: call.irql, time: call.time };
    });
}

/** Upload reasons among some calls, in order. */
export function reasonsIn(calls: readonly SeenCall[]): string[] {
  return eventsIn(calls).flatMap((event) => event.reason ?? []);
}

/** Statuses of all lists that the calls of a function carry. */
export function statusesIn(calls: readonly SeenCall[], functionName: string): number[] {
  return calls
    .filter((call) => call.functionName === functionName)
    .flatMap((call) =>
      call.arguments.flatMap((argument) =>
        argument.kind === 'net-buffer-lists' ? argument.lists.map((list) => list.status) : [],
      ),
    );
}
