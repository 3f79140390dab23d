/** What one side of a connection has got, and how it came to its end. */
import { sha256 } from '@noble/hashes/sha2.js';
import { hexOf } from '../wire/hex';
import type { SidePlan } from './workload';

/** See the file's head; equal for equal streams. */
export interface StreamOutcome {
  readonly received: number;
  readonly sha256: string;
  /** Whether the end of the other side's stream was seen, and how the connection ended. */
  readonly sawEnd: boolean;
  readonly ended: string | undefined;
}

/** Collects an outcome, and compares with what the other side sends as it comes. */
export class StreamEnd {
  ended: string | undefined;
  sawEnd = false;
  received = 0;
  /** The first thing that can't be. */
  problem: string | undefined;
  private readonly hash = sha256.create();

  constructor(private readonly expected: SidePlan) {}

  take(bytes: Uint8Array): void {
    const expected = this.expected.bytes;
    if (this.sawEnd && bytes.length > 0) this.problem ??= 'bytes came after the end of the stream';
    for (let index = 0; index < bytes.length; index++) {
      if (bytes[index] === expected[this.received + index]) continue;
      this.problem ??= `byte ${this.received + index} is not what was sent`;
      break;
    }
    this.hash.update(bytes);
    this.received += bytes.length;
  }

  takeEnd(): void {
    if (this.sawEnd) this.problem ??= 'the stream ended twice';
    this.sawEnd = true;
    if (this.received < this.expected.bytes.length)
      this.problem ??= `the stream ended after ${this.received} of ${this.expected.bytes.length} bytes`;
  }

  takeClosed(reason: string): void {
    if (this.ended !== undefined) this.problem ??= `closed as ${this.ended} and once more as ${reason}`;
    this.ended ??= reason;
  }

  outcome(): StreamOutcome {
    return {
      received: this.received,
      sha256: hexOf(this.hash.clone().digest()),
      sawEnd: this.sawEnd,
      ended: this.ended,
    };
  }
}
