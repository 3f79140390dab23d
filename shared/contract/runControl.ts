/** What may be asked of a run under way, and why one stands still, as it crosses between window and engine; checked at every edge. */
import { z } from 'zod';
import { breakpointListSchema } from '../debug/breakpoints';
import { stopConditionSchema } from '../debug/stopCondition';
import { isRuleId, type RuleId, type RuleSeverity } from '../rules/catalogue';
import { liveEditSchema } from './liveEdit';
import { ruleSeverities, ruleSeveritySchema } from './ruleSeverity';

export { ruleSeverities, ruleSeveritySchema };

/** Limits of how fast virtual time may go by real time: a day of it in some seconds, and a microsecond of it in one. */
export const paceLimits = { slowest: 1e-6, fastest: 1e4 } as const;

/** A wish about the run under way. */
export const runControlSchema = z.discriminatedUnion('kind', [
  /** Stand still behind the record or the event under way. */
  z.object({ kind: z.literal('pause') }).strict(),
  z.object({ kind: z.literal('resume') }).strict(),
  /** Go on, and stand still behind the first record that meets the condition. */
  z.object({ kind: z.literal('step'), until: stopConditionSchema }).strict(),
  /** Stand still where one of these is met; they replace those that were set before. */
  z.object({ kind: z.literal('breakpoints'), breakpoints: breakpointListSchema }).strict(),
  /** So many seconds of virtual time in a second of real time: 1 is real time; null: as fast as it goes. */
  z
    .object({
      kind: z.literal('pace'),
      factor: z.number().min(paceLimits.slowest).max(paceLimits.fastest).nullable(),
    })
    .strict(),
  /** Do this next, by hand. */
  z.object({ kind: z.literal('edit'), edit: liveEditSchema }).strict(),
  /** Pause at findings of at least this severity; null: at none. Runs that began without that have nobody who looks. */
  z.object({ kind: z.literal('break-on'), least: ruleSeveritySchema.nullable() }).strict(),
]);

/** See {@link runControlSchema}. */
export type RunControl = z.infer<typeof runControlSchema>;

/** Where a run stands still. */
interface RunStand {
  /** Virtual time, ns. */
  readonly time: number;
  /** The last record: everything up to it has arrived, and nothing behind it has happened. */
  readonly event: number;
}

/** Why a run stands still, and where. */
export type RunPause =
  | (RunStand & { readonly cause: 'asked' })
  /** The condition of a step is met. */
  | (RunStand & { readonly cause: 'step' })
  | (RunStand & {
      readonly cause: 'breakpoint';
      /** Ids of the breakpoints that are met. */
      readonly breakpoints: readonly string[];
    })
  | (RunStand & {
      readonly cause: 'finding';
      readonly rule: RuleId;
      readonly severity: RuleSeverity;
      readonly found: string;
      /** The records of the proof, the one that breaks the rule last. */
      readonly events: readonly number[];
      /** Findings that the same record made, with this one: the gravest. */
      readonly count: number;
    });

const event = z.number().int().nonnegative();
const stand = { time: z.number().min(0), event };

/** See {@link RunPause}. */
export const runPauseSchema: z.ZodType<RunPause> = z.discriminatedUnion('cause', [
  z.object({ cause: z.literal('asked'), ...stand }),
  z.object({ cause: z.literal('step'), ...stand }),
  z.object({ cause: z.literal('breakpoint'), ...stand, breakpoints: z.array(z.string()) }),
  z.object({
    cause: z.literal('finding'),
    ...stand,
    rule: z.string().refine(isRuleId),
    severity: ruleSeveritySchema,
    found: z.string(),
    events: z.array(event),
    count: z.number().int().positive(),
  }),
]);

/** What a log-point said. */
export const breakpointLogSchema = z.object({
  /** Id of the log-point. */
  breakpoint: z.string(),
  event,
  /** Virtual time, ns. */
  time: z.number().min(0),
  text: z.string(),
});

/** See {@link breakpointLogSchema}. */
export type BreakpointLog = z.infer<typeof breakpointLogSchema>;
