/** Positions for events in columns that have a place for every event, so that what a trace has lost takes none. */
import type { EventId } from '../trace/records';

/** Missing events in a row that get positions nonetheless: records of unknown kinds and the like, which would make many short pieces. */
const longestPadding = 64;

interface Piece {
  readonly event: EventId;
  readonly position: number;
}

/** Events in ascending order, and the positions that they take: ascending too, without gaps worth mentioning. */
export class EventPositions {
  /** Where events go on behind a gap. */
  private readonly pieces: Piece[] = [];
  /** The event and the position behind the last ones. */
  private nextEvent = 0;
  private next = 0;

  /** Positions so far, those of padding included. */
  get length(): number {
    return this.next;
  }

  /** Gives an event its position; events come in ascending order, and one that comes again keeps its own. */
  take(event: EventId): number {
    const missing = event - this.nextEvent;
    if (missing < 0) return this.of(event);
    if (this.pieces.length === 0 || missing > longestPadding)
      this.pieces.push({ event, position: this.next });
    else this.next += missing;
    this.nextEvent = event + 1;
    return this.next++;
  }

  /** Position of an event; -1 for one that has none. */
  of(event: EventId): number {
    if (event >= this.nextEvent) return -1;
    const index = this.lastPiece((piece) => piece.event <= event);
    if (index < 0) return -1;
    const piece = this.pieces[index]!;
    const position = piece.position + (event - piece.event);
    return position < (this.pieces[index + 1]?.position ?? this.next) ? position : -1;
  }

  /** The event at a position below `length`. */
  at(position: number): EventId {
    const piece = this.pieces[this.lastPiece((candidate) => candidate.position <= position)]!;
    return piece.event + (position - piece.position);
  }

  private lastPiece(isBefore: (piece: Piece) => boolean): number {
    let low = 0;
    let high = this.pieces.length;
    // Most traces have one piece, and most questions are about the last one.
    if (high > 0 && isBefore(this.pieces[high - 1]!)) return high - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.pieces[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
