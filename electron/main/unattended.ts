/** A start that nobody watches: when the recording is on the screen, keeps trace and screenshot, says what was recorded. */
import { BrowserWindow, app } from 'electron';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashesAgree, parseRunReport } from '../../shared/analysis/runReport';
import { TraceModel } from '../../shared/analysis/traceModel';
import { copyTrace } from '../files/copyTrace';

/** Longest wait for the picture, ms; a window that stays unfinished that long is a failure. */
const longestWait = 120_000;

/** Time for the last frame to reach the screen, ms. */
const paintTime = 400;

/** See the file's head. */
export class UnattendedRun {
  private done = false;
  private readonly model = new TraceModel();
  private readonly watchdog: NodeJS.Timeout;

  constructor(
    private readonly folder: string,
    private readonly window: BrowserWindow,
    /** The recorded or opened trace. */
    private readonly trace: () => { readonly path: string; readonly name: string } | undefined,
  ) {
    mkdirSync(folder, { recursive: true });
    this.watchdog = setTimeout(() => {
      this.fail('The window did not finish in time.');
    }, longestWait);
  }

  /** All bytes are there: if they are no trace, the page will never show one. */
  onEnd(): void {
    const trace = this.trace();
    if (trace === undefined) return;
    const read = this.model.push(readFileSync(trace.path));
    if (!read.ok) this.fail(read.error.message);
  }

  /** The page has drawn everything that it got; `whole`: a trace that has arrived whole. */
  onSettled(whole: boolean): void {
    if (this.done || !whole) return;
    this.done = true;
    setTimeout(() => {
      void this.keep();
    }, paintTime);
  }

  /** Ends the app with a complaint. */
  fail(message: string): void {
    process.stderr.write(`Chimneysweep: ${message}\n`);
    app.exit(1);
  }

  private async keep(): Promise<void> {
    clearTimeout(this.watchdog);
    const trace = this.trace();
    if (trace === undefined) {
      this.fail('Nothing was recorded.');
      return;
    }
    const traceFile = path.join(this.folder, trace.name);
    const screenshot = path.join(this.folder, trace.name.replace(/\.sweep$/, '') + '.png');
    if (path.resolve(trace.path) !== path.resolve(traceFile)) copyTrace(trace.path, traceFile);
    const image = await this.window.webContents.capturePage();
    writeFileSync(screenshot, image.toPNG());
    process.stdout.write(describe(this.model) + `  trace       ${traceFile}\n  screenshot  ${screenshot}\n`);
    app.exit(0);
  }
}

function describe(model: TraceModel): string {
  const { store } = model;
  if (store === undefined) return 'The trace is empty.\n';
  const report = store.report === undefined ? undefined : parseRunReport(store.report);
  const registrations = model.calls.calls.filter(
    (call) => call.functionName === 'NdisSetOptionalHandlers',
  ).length;
  const lines = [
    `Recorded "${store.header.title}" (${store.header.scenario}, seed ${store.header.seed}):`,
    `  events      ${store.length}, ${model.calls.calls.length} calls of them (${registrations} NdisSetOptionalHandlers)`,
  ];
  if (report !== undefined) {
    const { sha256, bytesSent } = report;
    lines.push(
      `  result      ${report.success ? 'OK' : 'FAILED'}: ${report.summary}`,
      `  bytes sent  ${bytesSent.hostPath} by host path, ${bytesSent.chimney} by chimney`,
      `  SHA-256     ${hashesAgree(report) ? 'equal at source, peer and return' : 'NOT equal'} (${sha256.source ?? 'unknown'})`,
    );
  }
  return lines.join('\n') + '\n';
}
