/** `chimneysweep info`: reads a trace and tells what is in it. */
import type { Command } from 'commander';
import { hostCostSetting } from '../../shared/analysis/hostCostSettings';
import { parseRunReport } from '../../shared/analysis/runReport';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { statusName } from '../../shared/ddi/status';
import { openTrace } from './openTrace';
import { reportText } from './reportText';

/** Adds the verb to the program. */
export function addInfoCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('info')
    .description('Tell what a trace holds: the run, its milestones, its calls.')
    .argument('<trace>', 'a .sweep file')
    .option('--json', 'print it as JSON; all times in ns')
    .action((trace: string, { json }: { readonly json?: boolean }) => {
      exitWith(info(trace, json === true));
    });
}

function info(path: string, json: boolean): number {
  const opened = openTrace(path);
  if (!opened.ok) {
    process.stderr.write(`chimneysweep: ${opened.error}\n`);
    return 2;
  }
  const { model, flaw } = opened.value;
  process.stdout.write(json ? `${JSON.stringify(facts(model, flaw), null, 2)}\n` : describe(model));
  if (flaw === undefined) return 0;
  process.stderr.write(`chimneysweep: ${flaw}\n`);
  return 1;
}

/** What `--json` prints. */
function facts(model: TraceModel, flaw: string | undefined): object {
  const store = model.store!;
  const calls = new Map<string, { function: string; status: string | null; count: number }>();
  for (const { functionName, status } of model.calls.calls) {
    const name = status === undefined ? null : statusName(status);
    const key = `${functionName} ${name}`;
    const known = calls.get(key);
    if (known === undefined) calls.set(key, { function: functionName, status: name, count: 1 });
    else known.count++;
  }
  return {
    header: store.header,
    complete: flaw === undefined,
    flaw: flaw ?? null,
    events: store.length - store.lostRecords,
    lostRecords: store.lostRecords,
    unknownRecords: store.unknownRecords,
    lastTime: store.lastTime,
    components: store.components.map(({ role, name }) => ({ role, name })),
    connections: store.connections.length,
    stateObjects: store.stateObjects.length,
    frames: model.frames.frames.length,
    milestones: model.notes.notes.map(({ time, text }) => ({ time, text })),
    calls: [...calls.values()],
    report: store.report === undefined ? null : (parseRunReport(store.report) ?? null),
  };
}

function describe(model: TraceModel): string {
  const store = model.store!;
  const { header } = store;
  const lines = [
    `${header.title} (${header.scenario}), seed ${header.seed}, recorded by ${header.application}`,
  ];
  for (const [name, value] of Object.entries(header.settings))
    if (name !== hostCostSetting) lines.push(`  ${name.padEnd(16)} ${value}`);
  lines.push('Milestones:');
  for (const note of model.notes.notes) {
    lines.push(`  ${(note.time / 1e6).toFixed(3).padStart(12)} ms  ${note.text}`);
  }
  lines.push('Calls:');
  const counts = new Map<string, number>();
  for (const call of model.calls.calls) {
    const key =
      call.status === undefined ? call.functionName : `${call.functionName} → ${statusName(call.status)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [name, count] of counts) lines.push(`  ${String(count).padStart(8)}  ${name}`);
  const report = store.report === undefined ? undefined : parseRunReport(store.report);
  const text =
    report === undefined
      ? ''
      : reportText(report, { wallSeconds: undefined, events: store.length, trace: undefined });
  return lines.join('\n') + '\n' + text;
}
