/** Calls that have not returned, by id. */
import type { EventId } from '../../trace/records';
import type { Call } from '../engine/call';
import type { Handlers } from '../engine/rule';

/** See the file's head. */
export class OpenCalls implements Handlers {
  private readonly open = new Map<EventId, Call>();

  readonly anyCall = (call: Call): void => {
    this.open.set(call.event, call);
  };

  readonly anyReturned = (call: Call): void => {
    this.open.delete(call.event);
  };

  /** The call with an id, while it runs. */
  find(event: EventId | undefined): Call | undefined {
    return event === undefined ? undefined : this.open.get(event);
  }

  /** All calls that run, in the order in which they began. */
  all(): IterableIterator<Call> {
    return this.open.values();
  }
}
