/** A wish to record, as it crosses from window or command line to the engine; checked at every edge. */
import { z } from 'zod';
import { highestLoss, linkRequestSchema } from './linkRequest';
import { ruleSeveritySchema } from './runControl';
import { faultsSchema } from '../scenario/faults';
import { scenarioIds } from './scenarios';

/** Largest file that a scenario carries, in bytes: virtual buffers must fit into memory. */
export const largestFileBytes = 512 * 1024 * 1024;

export { highestLoss };

/** Where a driver module can stand. */
export type DriverPlace = 'target' | 'intermediate';

/** What may be asked of a recording. Undefined settings take the scenario's defaults. */
export const recordingRequestSchema = z
  .object({
    scenario: z.enum(scenarioIds),
    /** Seed of all randomness in the run. */
    seed: z.number().int().min(0).max(0xffff_ffff),
    /** Probability that a frame is lost, each direction, 0 to {@link highestLoss}. */
    loss: z.number().min(0).max(highestLoss).optional(),
    /** What else the links do; undefined: as the scenario has it. */
    link: linkRequestSchema.optional(),
    /** Token of a file registered with the main process; without it the scenario makes up a file. */
    fileToken: z.string().max(100).optional(),
    /** Token of a driver module that the user trusts; without it all drivers are built-in ones. */
    driverToken: z.string().max(100).optional(),
    /** What goes wrong on purpose besides the faults of the scenario. */
    faults: faultsSchema.optional(),
    /** Rules look at the run while it goes on, which pauses at findings of at least this severity. */
    breakOnFinding: ruleSeveritySchema.optional(),
  })
  .strict();

/** See {@link recordingRequestSchema}. */
export type RecordingRequest = z.infer<typeof recordingRequestSchema>;
