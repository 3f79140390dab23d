/** poll and epoll: which sockets are ready for what. */
import { symbols } from './constants';
import type { ScriptSocket } from './scriptSocket';

const { POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP, POLLRDNORM, POLLWRNORM } = symbols as Record<
  'POLLIN' | 'POLLOUT' | 'POLLERR' | 'POLLHUP' | 'POLLRDHUP' | 'POLLRDNORM' | 'POLLWRNORM',
  number
>;

/** Events that are told even if nobody asks for them. */
const alwaysTold = POLLERR | POLLHUP;

/** What a socket is ready for; `unread` bytes wait in its connection. */
export function readiness(socket: ScriptSocket, unread: number): number {
  const { state } = socket;
  if (state === 'new') return POLLOUT | POLLHUP;
  if (state === 'listening') return socket.backlog.length > 0 ? POLLIN | POLLRDNORM : 0;
  let events = 0;
  const isOver = state === 'over';
  const noMore = socket.peerClosed || socket.readClosed || isOver;
  if (socket.arrivedBytes + unread > 0 || noMore) events |= POLLIN | POLLRDNORM;
  if (noMore) events |= POLLRDHUP;
  if (state !== 'connecting') events |= POLLOUT | POLLWRNORM;
  if (socket.error !== undefined) events |= POLLERR;
  if (isOver || (noMore && socket.writeClosed)) events |= POLLHUP;
  return events;
}

/** What of a socket's readiness somebody hears who has asked for `events`. */
export function toldEvents(ready: number, events: number): number {
  return ready & (events | alwaysTold);
}

/** An epoll instance, level-triggered. */
export class EventPoll {
  /** What is asked of which descriptor. */
  readonly interests = new Map<number, number>();
}
