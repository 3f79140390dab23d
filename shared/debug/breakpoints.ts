/** Breakpoints as data, as they cross from window or command line to the engine and stand in files; what they mean: docs/debugging.md. */
import { z } from 'zod';
import { ruleSeveritySchema } from '../contract/ruleSeverity';
import { longestExpression } from '../expression/syntax';
import { isRuleId } from '../rules/catalogue';

/** Most breakpoints that are set at once: each costs time at every record. */
export const mostBreakpoints = 256;

const text = z.string().min(1).max(longestExpression);
const name = z.string().min(1).max(200);

/** What a breakpoint looks at. */
export const breakpointTriggerSchema = z.discriminatedUnion('kind', [
  /** An expression as in `chimneysweep events --where` becomes true for an event. */
  z.object({ kind: z.literal('expression'), text }).strict(),
  /** A function is entered; `*` and `?` stand for anything and for one character. */
  z.object({ kind: z.literal('handler'), name }).strict(),
  /** A rule is broken: with this severity or a graver one, and this rule only, where one is given. */
  z
    .object({
      kind: z.literal('finding'),
      least: ruleSeveritySchema,
      rule: z.string().refine(isRuleId, 'no such rule').optional(),
    })
    .strict(),
  /** A call returns this status, or passes it. As in expressions: `RESOURCES`, `NDIS_STATUS_RESOURCES`, `0xC000009A`. */
  z.object({ kind: z.literal('status'), status: name }).strict(),
  /**
   * A change of this state variable makes a condition true that was false: an expression, or what stands behind the name, such as `== 0`.
   * Without a condition every change of it counts. Of one state object, or of all.
   */
  z
    .object({
      kind: z.literal('field'),
      name,
      condition: text.optional(),
      object: z.number().int().nonnegative().optional(),
    })
    .strict(),
  /** A request has been pending for longer than this, ns; requests of this function only, where one is given. */
  z
    .object({ kind: z.literal('age'), nanoseconds: z.number().nonnegative(), handler: name.optional() })
    .strict(),
  /** A frame for which an expression becomes true. */
  z.object({ kind: z.literal('packet'), text }).strict(),
]);

/** See {@link breakpointTriggerSchema}. */
export type BreakpointTrigger = z.infer<typeof breakpointTriggerSchema>;

/** Which of its hits count: the nth, those from the nth on, every nth. */
export const hitCountSchema = z
  .object({ operator: z.enum(['==', '>=', '%']), count: z.number().int().positive() })
  .strict();

/** See {@link hitCountSchema}. */
export type HitCount = z.infer<typeof hitCountSchema>;

/** One breakpoint. */
export const breakpointSchema = z
  .object({
    /** Unique among those that are set together. */
    id: name,
    on: breakpointTriggerSchema,
    /** An expression that has to hold for the event besides. */
    condition: text.optional(),
    hitCount: hitCountSchema.optional(),
    /** Makes it a log-point, which says this and does not stop; `{…}` stands for the value of an expression, `{{` and `}}` for braces. */
    log: text.optional(),
    enabled: z.boolean(),
  })
  .strict();

/** See {@link breakpointSchema}. */
export type Breakpoint = z.infer<typeof breakpointSchema>;

/** A list of breakpoints, as it is set. */
export const breakpointListSchema = z
  .array(breakpointSchema)
  .max(mostBreakpoints)
  .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, 'two breakpoints have one id');
