/** What nearly every rule asks about. */
import type { EventId, VirtualTime } from '../../trace/records';
import type { ListLedger } from './listLedger';
import type { MachineFacts } from './machineFacts';
import type { ObjectFacts } from './objectFacts';
import type { OpenCalls } from './openCalls';

/** See the file's head. All of it is as it was just before the record that rules are looking at. */
export interface CoreFacts {
  /** Time and id of the record under way. */
  readonly now: VirtualTime;
  readonly event: EventId;
  /**
   * Whether every record since the start of the run has been seen. Behind a loss, or in a trace that was cut, what was never seen proves
   * nothing: a rule about something missing before must then hold its tongue.
   */
  readonly historyComplete: boolean;
  /** Components and connections. */
  readonly machine: MachineFacts;
  /** Calls that have not returned. */
  readonly calls: OpenCalls;
  /** NET_BUFFER_LISTs that somebody has lent to somebody. */
  readonly lists: ListLedger;
  /** State objects: their tree, their owner, and what is under way with them. */
  readonly objects: ObjectFacts;
}
