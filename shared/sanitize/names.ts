/** Names that a trace has from outside: of files, driver modules, applications, people. */
import type { TraceHeader } from '../trace/records';

/** Settings of a header that are names of files and modules, with what stands in their place. */
const namedSettings: readonly (readonly [string, string])[] = [
  ['file', 'file'],
  ['targetDriver', 'target driver'],
  ['intermediateDriver', 'intermediate driver'],
  ['script', 'script'],
];

/** Files that are made up have no name. */
const madeUp = /^made up/;

/** Shorter names would be found in the middle of words. */
const shortestName = 3;

function applicationNames(chimney: TraceHeader['settings'][string] | undefined): string[] {
  if (typeof chimney !== 'string') return [];
  try {
    const request: unknown = JSON.parse(chimney);
    if (typeof request !== 'object' || request === null || !('applications' in request)) return [];
    const { applications } = request;
    return typeof applications === 'object' && applications !== null ? Object.keys(applications) : [];
  } catch {
    return [];
  }
}

/** What stands in the place of each name of a header, longer names first, so that no part of one is left. */
export function nameSubstitutes({ settings }: TraceHeader): readonly (readonly [string, string])[] {
  const substitutes = new Map<string, string>();
  for (const [setting, substitute] of namedSettings) {
    const name = settings[setting];
    if (typeof name !== 'string' || name.length === 0 || madeUp.test(name)) continue;
    for (const part of [
      name,
      name.split(/[\\/]/).at(-1)!,
      name
        .split(/[\\/]/)
        .at(-1)!
        .replace(/\.[^.]*$/, ''),
    ])
      if (part.length >= shortestName && !substitutes.has(part)) substitutes.set(part, substitute);
  }
  applicationNames(settings['chimney']).forEach((name, index) => {
    if (name.length >= shortestName) substitutes.set(name, `application ${index + 1}`);
  });
  return [...substitutes].sort(([left], [right]) => right.length - left.length);
}

/** Whether a setting is a name, whatever its length. */
export function isNamedSetting(setting: string): boolean {
  return namedSettings.some(([name]) => name === setting);
}

/** What stands in the place of a setting that is a name. */
export function settingSubstitute(setting: string, value: string): string {
  if (madeUp.test(value)) return value;
  return namedSettings.find(([name]) => name === setting)?.[1] ?? value;
}
