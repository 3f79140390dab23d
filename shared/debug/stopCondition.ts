/**
 * Where a run is to stop next, as data: what a step forward means when what it goes to has not been recorded yet. Each condition is about
 * the first record that meets it among those that have not been seen yet.
 */
import { z } from 'zod';

const event = z.number().int().nonnegative();
const id = z.number().int().nonnegative();

/** See the file's head. */
export const stopConditionSchema = z.discriminatedUnion('kind', [
  /** The next record of something that happens: no declaration, no counter. */
  z.object({ kind: z.literal('event') }).strict(),
  /** The next call of a handler: on this connection and of this driver (a component's id), where they are given. */
  z.object({ kind: z.literal('handler'), connection: id.optional(), driver: id.optional() }).strict(),
  /** The next call or return on this processor. */
  z.object({ kind: z.literal('stack'), processor: z.number().int().min(0).max(63) }).strict(),
  /** The return of this call. */
  z.object({ kind: z.literal('return'), call: event }).strict(),
  /** The end of this request's work: a call that completes it, or a return that does not leave it pending. */
  z.object({ kind: z.literal('completion'), request: event }).strict(),
  /** The record with this id. */
  z.object({ kind: z.literal('at'), event }).strict(),
]);

/** See {@link stopConditionSchema}. */
export type StopCondition = z.infer<typeof stopConditionSchema>;
