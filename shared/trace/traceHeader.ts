/** Checks the JSON head of a trace file. */
import { z } from 'zod';
import { fail, succeed, type Result } from '../base/result';
import { decodeUtf8 } from '../base/utf8';
import { traceFormatVersion, type TraceHeader } from './records';
import type { TraceError } from './traceError';

const versioned = z.object({ format: z.literal('chimneysweep-trace'), version: z.number().int().positive() });

const headerSchema = versioned.extend({
  application: z.string().max(200),
  scenario: z.string().max(200),
  title: z.string().max(500),
  seed: z.number().int().nonnegative(),
  settings: z.record(z.string().max(200), z.union([z.string().max(10_000), z.number(), z.boolean()])),
  snapLength: z.number().int().nonnegative(),
  run: z.unknown().optional(),
});

/** Parses and checks a head frame's payload. A newer version is told apart from a broken header. */
export function parseTraceHeader(payload: Uint8Array): Result<TraceHeader, TraceError> {
  let json: unknown;
  try {
    json = JSON.parse(decodeUtf8(payload));
  } catch {
    return fail({
      code: 'bad-header',
      message: 'The header of this trace is not readable JSON. Record it again.',
    });
  }
  const version = versioned.safeParse(json);
  if (version.success && version.data.version > traceFormatVersion) {
    return fail({
      code: 'newer-version',
      version: version.data.version,
      message:
        `This trace has format version ${version.data.version}; this Chimneysweep reads up to ${traceFormatVersion}. ` +
        'Open it with a newer Chimneysweep.',
    });
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue === undefined ? '' : ` (${issue.path.join('.') || 'top level'}: ${issue.message})`;
    return fail({
      code: 'bad-header',
      message: `The header of this trace is incomplete${place}. Record it again.`,
    });
  }
  return succeed(parsed.data);
}
