/** `chimneysweep info`: reads a trace and tells what is in it. */
import type { Command } from 'commander';
import { closeSync, openSync, readSync } from 'node:fs';
import { parseRunReport } from '../../shared/analysis/runReport';
import { TraceModel } from '../../shared/analysis/traceModel';
import { statusName } from '../../shared/ddi/status';
import { fileProblem } from '../files/fileProblem';
import { reportText } from './reportText';

/** Bytes that are read at a time. */
const pieceLength = 1024 * 1024;

/** Adds the verb to the program. */
export function addInfoCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('info')
    .description('Tell what a trace holds: the run, its milestones, its calls.')
    .argument('<trace>', 'a .sweep file')
    .action((trace: string) => {
      exitWith(info(trace));
    });
}

function info(path: string): number {
  const complain = (message: string): number => {
    process.stderr.write(`chimneysweep: ${path}: ${message}\n`);
    return 2;
  };
  const model = new TraceModel();
  try {
    const descriptor = openSync(path, 'r');
    try {
      const piece = new Uint8Array(pieceLength);
      for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece)) {
        const pushed = model.push(piece.subarray(0, count));
        if (!pushed.ok) return complain(pushed.error.message);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return complain(fileProblem(error, 'read', path));
  }
  const ending = model.close();
  if (!ending.ok) return complain(ending.error.message);
  process.stdout.write(describe(model));
  if (ending.value.kind === 'complete') return 0;
  process.stderr.write(`chimneysweep: ${ending.value.message}\n`);
  return 1;
}

function describe(model: TraceModel): string {
  const store = model.store!;
  const { header } = store;
  const lines = [
    `${header.title} (${header.scenario}), seed ${header.seed}, recorded by ${header.application}`,
  ];
  for (const [name, value] of Object.entries(header.settings)) lines.push(`  ${name.padEnd(16)} ${value}`);
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
