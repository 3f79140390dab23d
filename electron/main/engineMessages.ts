/** Messages between the main process and the engine, the utility process that hosts the emulator; checked on arrival. */
import { z } from 'zod';
import { traceStreamEventSchema } from '../../shared/contract/desktopBridge';
import { runControlSchema } from '../../shared/contract/runControl';
import { runTaskSchema } from '../engine/runTask';

/** Main process to engine. */
export const engineCommandSchema = z.discriminatedUnion('kind', [
  runTaskSchema.extend({ kind: z.literal('record') }),
  z.object({ kind: z.literal('stop') }),
  z.object({ kind: z.literal('control'), control: runControlSchema }),
]);

/** See {@link engineCommandSchema}. */
export type EngineCommand = z.infer<typeof engineCommandSchema>;

/** Engine to main process: the trace stream, as the window gets it. */
export const engineEventSchema = traceStreamEventSchema;
