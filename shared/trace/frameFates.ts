/** What the fates of frames mean for whoever counts them. */
import type { FrameFate } from './records';

/** Whether the receiver has got the frame, in whatever shape. */
export function fateDelivers(fate: FrameFate): boolean {
  return fate !== 'lost' && fate !== 'queue-overflow' && fate !== 'fcs-error';
}
