/** Scenarios as files and texts, as they cross between window and main process; checked at every edge. */
import { z } from 'zod';
import { longestText } from '../scenario/yamlTree';
import { ruleSeveritySchema } from './ruleSeverity';

/** A scenario file that the user has opened or saved; the page knows it by a token and never by its path. */
export interface ScenarioFile {
  readonly token: string;
  readonly name: string;
}

/** With what is in it; nobody has looked whether that is a scenario. */
export interface OpenedScenario extends ScenarioFile {
  readonly text: string;
}

const token = z.string().max(100);
const text = z.string().max(longestText);

/** A wish to save a scenario: into the file of the token, or, without one, where the user chooses. */
export const saveScenarioRequestSchema = z
  .object({ text, name: z.string().max(200), token: token.optional() })
  .strict();

/** See {@link saveScenarioRequestSchema}. */
export type SaveScenarioRequest = z.infer<typeof saveScenarioRequestSchema>;

/** A wish to make the run of a trace again. */
export const runAgainRequestSchema = z
  .object({
    /** Token of the trace, as the stream that brought it said. */
    trace: token,
    /** Its scenario with something changed; absent: as it was. */
    text: text.optional(),
    /** Absent: as it was. */
    seed: z.number().int().min(0).max(0xffff_ffff).optional(),
    /** Token of a file registered with the main process, for a trace that carried one. */
    fileToken: token.optional(),
    /** Token of a driver module that the user trusts, for a trace that was recorded with one. */
    driverToken: token.optional(),
    /** As of {@link scenarioRunRequestSchema}. */
    breakOnFinding: ruleSeveritySchema.optional(),
  })
  .strict();

/** See {@link runAgainRequestSchema}. */
export type RunAgainRequest = z.infer<typeof runAgainRequestSchema>;

/** A wish to record a scenario that is a text: YAML that the main process and the engine read again. */
export const scenarioRunRequestSchema = z
  .object({
    text,
    /** Seed of all randomness in the run. */
    seed: z.number().int().min(0).max(0xffff_ffff),
    /** Rules look at the run while it goes on, which pauses at findings of at least this severity. */
    breakOnFinding: ruleSeveritySchema.optional(),
  })
  .strict();

/** See {@link scenarioRunRequestSchema}. */
export type ScenarioRunRequest = z.infer<typeof scenarioRunRequestSchema>;
