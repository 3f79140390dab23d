/** What fuzzing needs to know of whatever it gives wrong inputs to. */
import { Random } from '../../shared/base/random';

/** An input, and how it was made. */
export interface FuzzInput {
  readonly bytes: Uint8Array;
  readonly story: string;
}

/** See the file's head. */
export interface FuzzSubject {
  /** Makes an input; the same one from the same chance. */
  readonly make: (random: Random) => FuzzInput;
  /**
   * Gives an input to everything that takes such a thing; answers in a word or two how that ended.
   * @throws Error where a wrong input is an exception
   */
  readonly exercise: (input: FuzzInput, number: number) => string | Promise<string>;
}

/** The input with a number; always the same one for a seed. */
export function inputOf({ make }: FuzzSubject, seed: number, number: number): FuzzInput {
  return make(new Random((seed ^ Math.imul(number + 1, 0x9e37_79b1)) >>> 0, 2));
}
