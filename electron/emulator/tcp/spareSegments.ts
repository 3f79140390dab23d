/**
 * Segments for reuse by whatever reads or writes one: what happens while one is in use, on other emulated processors as well, has ended
 * before its user goes on, so that a stack of them is enough for any number of connections.
 */
import { TcpSegment } from '../wire/tcpSegment';

const segments: TcpSegment[] = [];
let inUse = 0;

/** A segment whose fields nobody may rely on; to be given back by {@link returnSegment}, the one taken last first. */
export function takeSegment(): TcpSegment {
  return (segments[inUse++] ??= new TcpSegment());
}

/** The segment that was taken last is not used any more. */
export function returnSegment(): void {
  inUse--;
}
