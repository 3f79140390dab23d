/** The numbers of the host-cost model as they travel: as one JSON text in a trace's header, and as `name=value` on a command line. */
import { z } from 'zod';
import { fail, succeed, type Result } from '../base/result';
import { defaultHostCost, type HostCostSettings } from './hostCostModel';

/** Name of the header's setting. */
export const hostCostSetting = 'hostCost';

const cost = z.number().min(0).max(1e12);

/** What a number of the model may be. */
const hostCostSchema = z
  .object({
    clockHz: z.number().min(1e6).max(1e12),
    processors: z.number().int().min(1).max(64),
    copyPerByte: cost,
    copyMemoryPerByte: cost,
    checksumPerByte: cost,
    checksumOffload: z.boolean(),
    largeSendOffload: z.boolean(),
    perSegment: cost,
    perAcknowledgment: cost,
    perInterrupt: cost,
    interruptCoalescing: cost,
    perSystemCall: cost,
    ioBytes: z
      .number()
      .min(1)
      .max(2 ** 30),
    perOffloadCall: cost,
    perOffloadRequest: cost,
    perPage: cost,
    offloadPerByte: cost,
    perInitiate: cost,
    perTerminate: cost,
  })
  .strict();

function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined
    ? 'not the numbers of a host'
    : `${issue.path.join('.') || 'all'}: ${issue.message}`;
}

/** The header's text for the numbers of a run. */
export function hostCostText(settings: HostCostSettings): string {
  return JSON.stringify(settings);
}

/** The numbers that a trace was recorded with; the defaults where it says none. */
export function hostCostOfHeader(
  settings: Readonly<Record<string, string | number | boolean>>,
): Result<HostCostSettings, string> {
  const text = settings[hostCostSetting];
  if (text === undefined) return succeed(defaultHostCost);
  let json: unknown;
  try {
    json = JSON.parse(String(text));
  } catch {
    return fail(`The header's ${hostCostSetting} is no JSON.`);
  }
  const parsed = hostCostSchema.safeParse(json);
  return parsed.success
    ? succeed(parsed.data)
    : fail(`The header's ${hostCostSetting} can't be used (${problemOf(parsed.error)}).`);
}

/** Changes numbers as `name=value` says, such as `clockHz=3e9` or `checksumOffload=true`. */
export function withHostCost(
  settings: HostCostSettings,
  changes: readonly string[],
): Result<HostCostSettings, string> {
  const changed: Record<string, unknown> = { ...settings };
  for (const change of changes) {
    const [name = '', text = ''] = change.split('=', 2);
    if (!Object.hasOwn(defaultHostCost, name))
      return fail(`${name} is no number of the host-cost model: ${Object.keys(defaultHostCost).join(', ')}.`);
    changed[name] =
      text === 'true' ? true : text === 'false' ? false : text.trim() === '' ? undefined : Number(text);
  }
  const parsed = hostCostSchema.safeParse(changed);
  return parsed.success ? succeed(parsed.data) : fail(`That can't be: ${problemOf(parsed.error)}.`);
}
