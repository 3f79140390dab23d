/** `chimneysweep pending`: the requests that are outstanding at an instant, who has each, and what it waits for. */
import type { Command } from 'commander';
import { pendingAt, type PendingRequest } from '../../shared/analysis/pendingAt';
import { PendingWaits, type PendingWait } from '../../shared/analysis/pendingWaits';
import type { TraceModel } from '../../shared/analysis/traceModel';
import type { EventId } from '../../shared/trace/records';
import { complain } from './complain';
import { addInstantOptions, instantOf, type InstantOptions } from './instant';
import { openTrace } from './openTrace';
import { durationText } from './statisticsText';

interface PendingOptions extends InstantOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addPendingCommand(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command('pending')
    .description('List the requests that are outstanding at an instant, who has each, and what it waits for.')
    .argument('<trace>', 'a .sweep file');
  addInstantOptions(command)
    .option('--all', 'also requests that only carry others on through NDIS and intermediate drivers')
    .option('--json', 'print JSON; all times in ns')
    .action((trace: string, options: PendingOptions) => {
      exitWith(pending(trace, options));
    });
}

function pending(path: string, options: PendingOptions): number {
  const opened = openTrace(path);
  if (!opened.ok) return complain(opened.error);
  const { model, flaw } = opened.value;
  const instant = instantOf(model, path, options);
  if (!instant.ok) return complain(instant.error);
  const event = instant.value;
  const rows = pendingAt(model, event);
  const waits = event < 0 ? undefined : new PendingWaits(model, event, rows);
  const shown = rows
    .filter(({ outer }) => options.all === true || outer === undefined)
    .map((row) => ({ ...row, waits: waits?.of(row) ?? [] }));
  if (options.json === true) process.stdout.write(`${JSON.stringify({ event, pending: shown }, null, 2)}\n`);
  else process.stdout.write(pendingText(model, event, shown));
  if (flaw === undefined) return 0;
  process.stderr.write(`chimneysweep: ${flaw}\n`);
  return 1;
}

function pendingText(
  model: TraceModel,
  event: EventId,
  rows: readonly (PendingRequest & { readonly waits: readonly PendingWait[] })[],
): string {
  if (rows.length === 0) return `Nothing is outstanding right after event ${event}.\n`;
  const nameOf = (component: number): string =>
    model.store!.components[component]?.name ?? `component ${component}`;
  const lines = [`${rows.length} outstanding right after event ${event}`];
  for (const row of rows) {
    const connection = row.connection === undefined ? '' : `, connection ${row.connection}`;
    const lists = row.lists < 2 && row.listsBack === 0 ? '' : `, ${row.listsBack} of ${row.lists} lists back`;
    const what = row.attached ? `send data of ${row.functionName}` : row.functionName;
    lines.push(
      `#${row.event} ${what} by ${nameOf(row.caller)}${connection}: ${nameOf(row.holder)} has it` +
        ` (#${row.heldBy}), for ${durationText(row.age)}${lists}`,
    );
    for (const { text, events } of row.waits)
      lines.push(
        `    waits for ${text}${events.length === 0 ? '' : ` (${events.map((one) => `#${one}`).join(', ')})`}`,
      );
  }
  return `${lines.join('\n')}\n`;
}
