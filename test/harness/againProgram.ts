/** A program that makes the runs of traces again, in a process of its own: `againProgram FILE...` writes FILE.again for each. */
import { readFileSync, writeFileSync } from 'node:fs';
import { TraceModel } from '../../shared/analysis/traceModel';
import { Recording } from '../../electron/recorder/recording';
import { runAgain } from '../../electron/recorder/runAgain';

for (const file of process.argv.slice(2)) {
  const model = new TraceModel();
  const pushed = model.push(readFileSync(file));
  if (!pushed.ok || model.store === undefined) throw new Error(`${file} is no trace`);
  const { header } = model.store;
  const plan = runAgain(header);
  if (!plan.ok) throw new Error(plan.error);
  const { settings, fileName, options } = plan.value;
  const pieces: Uint8Array[] = [];
  const sink = { write: (bytes: Uint8Array) => pieces.push(bytes.slice()) };
  const recording = new Recording(header.application, settings, fileName, sink, options);
  while (recording.advance(10_000));
  recording.finish(false);
  writeFileSync(`${file}.again`, Buffer.concat(pieces));
}
