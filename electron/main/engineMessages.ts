/** Messages between the main process and the engine, the utility process that hosts the emulator; checked on arrival. */
import { z } from 'zod';
import { traceStreamEventSchema } from '../../shared/contract/desktopBridge';
import { linkRequestSchema } from '../../shared/contract/linkRequest';
import { ruleSeveritySchema, runControlSchema } from '../../shared/contract/runControl';
import { scenarioIds } from '../../shared/contract/scenarios';

/** Main process to engine. */
export const engineCommandSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('record'),
    scenario: z.enum(scenarioIds),
    seed: z.number().int().nonnegative(),
    loss: z.number().min(0).max(1),
    link: linkRequestSchema.optional(),
    /** File to carry; without it the scenario makes one up. */
    file: z.string().optional(),
    /** Where the trace goes while it is recorded. */
    tracePath: z.string(),
    application: z.string(),
    /** Driver modules that the user trusts, by the place that they take. */
    drivers: z.object({ target: z.string().optional(), intermediate: z.string().optional() }).optional(),
    /** Rules look at the run, which pauses at findings of at least this severity. */
    breakOnFinding: ruleSeveritySchema.optional(),
  }),
  z.object({ kind: z.literal('stop') }),
  z.object({ kind: z.literal('control'), control: runControlSchema }),
]);

/** See {@link engineCommandSchema}. */
export type EngineCommand = z.infer<typeof engineCommandSchema>;

/** Engine to main process: the trace stream, as the window gets it. */
export const engineEventSchema = traceStreamEventSchema;
