/** How the host decides what to offload, as it crosses from command line or window to the engine, and in a trace's header. */
import { z } from 'zod';

/** States of `netsh interface tcp set global chimney=`. */
export const chimneyStates = ['disabled', 'enabled', 'automatic'] as const;

/** See {@link chimneyStates}. */
export type ChimneyState = (typeof chimneyStates)[number];

/** What a rule says of the connections that it matches. */
export type ChimneyRule = 'enabled' | 'disabled';

const rule = z.enum(['enabled', 'disabled']);

/** What may be asked; undefined settings take the host's defaults. */
export const chimneyRequestSchema = z
  .object({
    state: z.enum(chimneyStates),
    /** Rules for local or remote ports, as `netsh interface tcp add chimneyport` makes them. */
    ports: z.record(z.string().regex(/^\d{1,5}$/), rule).optional(),
    /** Rules for applications by their names, as `add chimneyapplication` makes them. */
    applications: z.record(z.string().max(260), rule).optional(),
    /** Thresholds of automatic mode: bytes exchanged, age and round-trip time in ns, bits per second of the link. */
    minimumBytes: z.number().min(0).optional(),
    minimumAge: z.number().min(0).optional(),
    largestRoundTripTime: z.number().min(0).optional(),
    slowestLink: z.number().min(0).optional(),
  })
  .strict();

/** See {@link chimneyRequestSchema}. */
export type ChimneyRequest = z.infer<typeof chimneyRequestSchema>;
