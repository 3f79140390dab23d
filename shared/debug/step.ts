/** What a debugger can be asked to step to, as data that crosses threads and processes; what each step means: docs/debugging.md. */
import { z } from 'zod';

/** Which way the cursor goes: on in time, or back. */
export const directions = ['forward', 'backward'] as const;

/** See {@link directions}. */
export type Direction = (typeof directions)[number];

/**
 * `event`: the next thing that happens. `call`: the next call of a handler. `into`, `over`, `out`: along the calls of one processor.
 * `completion`: to the end of the request at the cursor. `request`: from a completion back to its request. `connection`, `driver`: the
 * next call of a handler on the connection, or of the driver, at the cursor. `cursor`: to a given event.
 */
export const stepKinds = [
  'event',
  'call',
  'into',
  'over',
  'out',
  'completion',
  'request',
  'connection',
  'driver',
  'cursor',
] as const;

/** See {@link stepKinds}. */
export type StepKind = (typeof stepKinds)[number];

const event = z.number().int().nonnegative();

/** A wish to step. */
export const stepSchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.enum(['event', 'call', 'into', 'over', 'out', 'completion', 'request', 'connection', 'driver']),
      direction: z.enum(directions),
    })
    .strict(),
  /** To the event with this id, whichever way it lies. */
  z.object({ kind: z.literal('cursor'), event }).strict(),
]);

/** See {@link stepSchema}. */
export type Step = z.infer<typeof stepSchema>;
