/** Where two recorded runs part, as the window gets it from the thread that compares them; checked at every edge. */
import { z } from 'zod';

/** Which of two runs: the one before, or the one made after it. */
export const runSides = ['left', 'right'] as const;

/** See {@link runSides}. */
export type RunSide = (typeof runSides)[number];

const event = z.number().int().nonnegative();

/** A record of one run in a line. */
const rowSchema = z.object({
  event,
  /** Virtual time, ns. */
  time: z.number().min(0),
  /** Whose it is. */
  who: z.string(),
  what: z.string(),
  status: z.string().optional(),
});

/** See the schema. */
export type ComparedRow = z.infer<typeof rowSchema>;

const runSchema = z.object({
  /** By which the main process knows its file. */
  trace: z.string(),
  name: z.string(),
  title: z.string(),
  seed: z.number(),
  /** Records; 0 where nobody has counted, as the files are the same. */
  events: z.number().int().nonnegative(),
});

/** See the schema. */
export type ComparedRun = z.infer<typeof runSchema>;

/** What a comparison found. */
export const runComparisonSchema = z.object({
  left: runSchema,
  right: runSchema,
  /** `bytes`: the same trace byte for byte. `runs`: the files differ, but nothing that happened in them. */
  same: z.enum(['bytes', 'runs', 'no']),
  /** Whether nothing was changed, so that they should be the same. */
  wantsSame: z.boolean(),
  /** Why they may differ although nothing was changed. */
  why: z.string().optional(),
  /** Where they part, in a line; absent where they don't. */
  parting: z.string().optional(),
  /** Settings of the runs that differ. */
  settings: z.array(z.object({ name: z.string(), left: z.string(), right: z.string() })),
  /** Both runs around that moment, beside each other: the rows before it are pairs, and the pair of the first difference is marked. */
  rows: z.array(
    z.object({
      left: rowSchema.optional(),
      right: rowSchema.optional(),
      differs: z.boolean(),
      isFirst: z.boolean(),
    }),
  ),
  /** Further lanes that differ, by the time of their first difference: how, and where in each run. */
  lanes: z.array(z.object({ words: z.string(), left: event.optional(), right: event.optional() })),
  /** How many lanes differ in all. */
  laneCount: z.number().int().nonnegative(),
});

/** See {@link runComparisonSchema}. */
export type RunComparison = z.infer<typeof runComparisonSchema>;
