/**
 * What a process does that works through fuzz inputs: `worker.mjs ROOT SEED FIRST STEP COUNT PROGRESS FINDINGS`. It writes the number of the input
 * under way into the file PROGRESS (f64, little-endian), so that whoever watches knows it whatever happens, and appends what it finds, a JSON
 * object a line, to the file FINDINGS.
 */
import { appendFileSync, openSync, writeSync } from 'node:fs';
import { inputOf, type FuzzSubject } from './subject';

/** Processor time that one input may take, ms: what others do on the machine is no finding. The watcher ends who is stuck. */
const longestInput = 2000;

/** Works through the inputs that the command line names. */
export async function workThrough(
  words: readonly string[],
  subjectOf: (root: string) => FuzzSubject | Promise<FuzzSubject>,
): Promise<void> {
  const [root, seedText, firstText, stepText, countText, progress, findings] = words;
  const [seed, first, step, count] = [seedText, firstText, stepText, countText].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const subject = await subjectOf(root!);
  const descriptor = openSync(progress!, 'w');
  const mark = new Uint8Array(8);
  const view = new DataView(mark.buffer);
  const endings: Record<string, number> = {};
  const report = (finding: object): void => {
    appendFileSync(findings!, JSON.stringify(finding) + '\n');
  };
  for (let number = first; number < count; number += step) {
    view.setFloat64(0, number, true);
    writeSync(descriptor, mark, 0, 8, 0);
    const made = inputOf(subject, seed, number);
    const { bytes, story } = made;
    const begun = process.cpuUsage();
    try {
      const ending = await subject.exercise(made, number);
      endings[ending] = (endings[ending] ?? 0) + 1;
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      report({ kind: 'crash', number, story, text, input: Buffer.from(bytes).toString('base64') });
    }
    const { user, system } = process.cpuUsage(begun);
    const spent = (user + system) / 1000;
    if (spent > longestInput)
      report({
        kind: 'hang',
        number,
        story,
        text: `${Math.round(spent)} ms`,
        input: Buffer.from(bytes).toString('base64'),
      });
  }
  view.setFloat64(0, count, true);
  writeSync(descriptor, mark, 0, 8, 0);
  const { maxRSS } = process.resourceUsage();
  report({ kind: 'done', first, endings, peakBytes: maxRSS * 1024 });
}
