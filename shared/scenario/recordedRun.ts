/** What a trace's header says of the run that it records, so that somebody can run it again. */
import { z } from 'zod';
import { fail, succeed, type Result } from '../base/result';
import type { TraceHeader } from '../trace/records';
import { canonicalDefinition } from './canonical';
import { scenarioDefinitionSchema, type ScenarioDefinition } from './definition';

const carriedFileSchema = z.union([
  z.strictObject({
    /** Seed from which the file was made up. */
    seed: z.number().int().min(0).max(0xffff_ffff),
    bytes: z.number().int().nonnegative(),
  }),
  z.strictObject({
    /** SHA-256 of the file, as hexadecimal digits. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.number().int().nonnegative(),
  }),
]);

/** The file that a run carried: made up, or somebody's, of which only the digest is known. */
export type CarriedFile = z.infer<typeof carriedFileSchema>;

const recordedRunSchema = z.object({ definition: scenarioDefinitionSchema, file: carriedFileSchema });

/** Besides the header's seed, settings and snap length. */
export interface RecordedRun {
  /** With everything that was asked for besides. */
  readonly definition: ScenarioDefinition;
  readonly file: CarriedFile;
}

/** The header's `run`. */
export function headerRun({ definition, file }: RecordedRun): RecordedRun {
  return { definition: canonicalDefinition(definition), file };
}

/** Reads the header's `run`; a text says why that can't be done. */
export function readRecordedRun({ run, application }: TraceHeader): Result<RecordedRun, string> {
  if (run === undefined)
    return fail(
      'The trace does not say what was run: it was recorded by an older version, is no run of a scenario, or was sanitized.',
    );
  const parsed = recordedRunSchema.safeParse(run);
  if (parsed.success) return succeed(parsed.data);
  const [issue] = parsed.error.issues;
  const place = issue === undefined ? '' : ` (${issue.path.map(String).join('.')}: ${issue.message})`;
  return fail(
    `The trace was recorded by ${application}, whose scenario this version does not understand${place}.`,
  );
}
