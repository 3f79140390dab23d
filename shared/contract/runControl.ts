/** What may be asked of a run under way, and why one stands still, as it crosses between window and engine; checked at every edge. */
import { z } from 'zod';
import { isRuleId, type RuleId, type RuleSeverity } from '../rules/catalogue';

/** The gravest first. */
export const ruleSeverities = ['error', 'warning', 'info'] as const satisfies readonly RuleSeverity[];

/** See {@link ruleSeverities}. */
export const ruleSeveritySchema = z.enum(ruleSeverities);

/** A wish about the run under way. */
export const runControlSchema = z.discriminatedUnion('kind', [
  /** Stand still behind the event under way. */
  z.object({ kind: z.literal('pause') }).strict(),
  z.object({ kind: z.literal('resume') }).strict(),
  /** Pause at findings of at least this severity; null: at none. Runs that began without that have nobody who looks. */
  z.object({ kind: z.literal('break-on'), least: ruleSeveritySchema.nullable() }).strict(),
]);

/** See {@link runControlSchema}. */
export type RunControl = z.infer<typeof runControlSchema>;

/** Why a run stands still, and since when in virtual ns. */
export type RunPause =
  | { readonly cause: 'asked'; readonly time: number }
  | {
      readonly cause: 'finding';
      readonly time: number;
      readonly rule: RuleId;
      readonly severity: RuleSeverity;
      readonly found: string;
      /** The records of the proof, the one that breaks the rule last. */
      readonly events: readonly number[];
      /** Findings that the same step made, with this one: the gravest. */
      readonly count: number;
    };

const time = z.number().min(0);

/** See {@link RunPause}. */
export const runPauseSchema: z.ZodType<RunPause> = z.discriminatedUnion('cause', [
  z.object({ cause: z.literal('asked'), time }),
  z.object({
    cause: z.literal('finding'),
    time,
    rule: z.string().refine(isRuleId),
    severity: ruleSeveritySchema,
    found: z.string(),
    events: z.array(z.number().int().nonnegative()),
    count: z.number().int().positive(),
  }),
]);
