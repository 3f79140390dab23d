/** What a scenario reports at its end; stands as JSON in the last record of a trace. */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const schema = z.object({
  scenario: z.string(),
  /** Whether the scenario reached its goal. */
  success: z.boolean(),
  /** One sentence for people. */
  summary: z.string(),
  seed: z.number().int().nonnegative(),
  /** Size of the file that was carried, in bytes. */
  fileBytes: z.number().int().nonnegative(),
  /** SHA-256 of the file, of what the peer received, and of what came back; null while unknown. */
  sha256: z.object({ source: sha256.nullable(), peer: sha256.nullable(), returned: sha256.nullable() }),
  /** Application bytes that left by each path, each byte counted once. */
  bytesSent: z.object({ hostPath: z.number(), chimney: z.number() }),
  /** Application bytes that came back by each path. */
  bytesReceived: z.object({ hostPath: z.number(), chimney: z.number() }),
  /** Function calls recorded. */
  callsRecorded: z.number().int().nonnegative(),
  /** NdisSetOptionalHandlers calls recorded. */
  optionalHandlersCalls: z.number().int().nonnegative(),
  /** Frames on the wire, lost ones and retransmissions. */
  frames: z.object({ sent: z.number(), lost: z.number(), retransmitted: z.number() }),
  /** Virtual time at the end, ns. */
  virtualTime: z.number().nonnegative(),
});

/** See the schema's fields. */
export type RunReport = z.infer<typeof schema>;

/** Whether the file arrived and came back as it left; false while any of the three hashes is unknown. */
export function hashesAgree({ sha256 }: RunReport): boolean {
  return sha256.source !== null && sha256.source === sha256.peer && sha256.source === sha256.returned;
}

/** Parses the text of an end record; undefined if it is none of ours. */
export function parseRunReport(text: string): RunReport | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
