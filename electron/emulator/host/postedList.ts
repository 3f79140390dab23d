import { NET_BUFFER_LIST } from '../kit';
import type { HostConnection } from './hostConnection';

/** A list that a connection posts to the target: its own until it is posted, and again when it is back. */
export class PostedList extends NET_BUFFER_LIST {
  /** Whose it is while the target has it. */
  owner: HostConnection | undefined;
}
