/** What may be asked of the links of a scenario, as it crosses from window or command line to the engine; checked at every edge. */
import { z } from 'zod';

/** Highest frame loss that a scenario accepts; beyond it TCP makes no progress worth watching. */
export const highestLoss = 0.3;

/** Limits of what is accepted; beyond them TCP makes no progress worth watching, or nothing is left to see. */
export const linkLimits = {
  /** Highest probability of a duplicate, of holding a frame back, and of a corruption. */
  probability: 0.5,
  /** Longest delay, jitter and time for which a frame is held back, ns. */
  delay: 2e9,
  /** Slowest and fastest link, bits per second. */
  slowest: 10_000,
  fastest: 400e9,
  /** Smallest and largest queue in front of a transmitter, bytes: one frame at least. */
  smallestQueue: 2_000,
  largestQueue: 1024 * 1024 * 1024,
} as const;

const probability = z.number().min(0).max(linkLimits.probability);
const duration = z.number().int().min(0).max(linkLimits.delay);

/** Settings of each direction of every link; undefined ones take the scenario's. */
export const linkRequestSchema = z
  .object({
    /** Bits per second. */
    bitsPerSecond: z.number().min(linkLimits.slowest).max(linkLimits.fastest).optional(),
    /** Propagation delay, ns. */
    delay: duration.optional(),
    /** Bytes that may wait in front of each transmitter. */
    queueBytes: z.number().int().min(linkLimits.smallestQueue).max(linkLimits.largestQueue).optional(),
    /** Probability that a frame arrives twice. */
    duplicate: probability.optional(),
    /** Probability that a frame is held back, and the longest time for which it is, ns. */
    reorder: probability.optional(),
    reorderDelay: duration.optional(),
    /** Probability that bits of a frame flip, and the part of those frames that its frame check sequence does not show. */
    corrupt: probability.optional(),
    corruptPastFcs: z.number().min(0).max(1).optional(),
    /** Longest additional delay, ns. */
    jitter: duration.optional(),
    /** Probabilities of changing from a state without loss to one that loses everything, and back, before each frame. */
    burstLoss: z
      .object({ goodToBad: probability, badToGood: z.number().min(0.01).max(1) })
      .strict()
      .optional(),
  })
  .strict();

/** See {@link linkRequestSchema}. */
export type LinkRequest = z.infer<typeof linkRequestSchema>;
