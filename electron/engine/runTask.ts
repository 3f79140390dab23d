/** What the thread of a run is made for, and what passes between it and who watches it. Plain data. */
import { z } from 'zod';
import type { MessagePort } from 'node:worker_threads';
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';
import { linkRequestSchema } from '../../shared/contract/linkRequest';
import { ruleSeveritySchema } from '../../shared/contract/ruleSeverity';
import { breakpointListSchema } from '../../shared/debug/breakpoints';
import { faultsSchema } from '../../shared/scenario/faults';
import { paceLimits } from '../../shared/contract/runControl';
import { longestText } from '../../shared/scenario/yamlTree';
import type { CodePlace } from '../drivers/moduleProblem';

/** A run that is to be recorded. */
export const runTaskSchema = z.object({
  /** One of the library's, unless there is a text or a trace. */
  scenario: z.string().min(1).max(100),
  /** The scenario as YAML, which the thread reads for itself. */
  text: z.string().max(longestText).optional(),
  /** A trace whose run is made again, with the text in the place of its scenario if there is one. */
  again: z.string().optional(),
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
  /** What goes wrong on purpose besides the faults of the scenario. */
  faults: faultsSchema.optional(),
  /** Rules look at the run, which pauses at findings of at least this severity. */
  breakOnFinding: ruleSeveritySchema.optional(),
  /** Where the run stops, from its first record on. */
  breakpoints: breakpointListSchema.optional(),
  /** Whether the run stands still at its first record. */
  startPaused: z.boolean().optional(),
  /** Seconds of virtual time in a second of real time; absent: as fast as it goes. */
  pace: z.number().min(paceLimits.slowest).max(paceLimits.fastest).optional(),
});

/** See {@link runTaskSchema}. */
export type RunTask = z.infer<typeof runTaskSchema>;

/** What the thread is made with. */
export interface RunThreadData {
  readonly runTask: RunTask;
  /** Brings wishes (`RunWish`). */
  readonly port: MessagePort;
  /** Of a `ThreadState`. */
  readonly state: SharedArrayBuffer;
  readonly limits: RunLimits;
}

/** What a run may have. */
export interface RunLimits {
  /** Memory of the JavaScript heap at which a run is ended, bytes. */
  readonly heapBytes: number;
}

/** What the thread says. */
export type FromRun =
  | { readonly kind: 'stream'; readonly event: TraceStreamEvent }
  /** It has finished its recording early, and goes no further: the file is whole and has to be saved. */
  | { readonly kind: 'closed' }
  /** It goes no further, and there is nothing to save. */
  | { readonly kind: 'refused'; readonly message: string };

/** Why somebody looks into a thread that is at work. */
export interface Interruption {
  readonly why:
    | /** No record has been made for long. */ 'no-progress'
    | /** The process has grown too much. */ 'memory'
    | /** The user has asked for the end, and nothing came of it. */ 'stop';
  /** Functions under way, the innermost first. */
  readonly stack: readonly CodePlace[];
}

/**
 * What the thread answers. `closed`: the recording has been finished, and the thread can be ended. `goes-on`: nothing is wrong. `later`: in the
 * midst of a record; ask again.
 */
export type InterruptionAnswer = 'closed' | 'goes-on' | 'later';

/** Name of the global function that the thread has for who interrupts it: takes an {@link Interruption} and answers it. */
export const interruptionName = 'chimneysweepInterruption';
