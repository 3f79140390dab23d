/** The desktop application: one window, one engine, one recording at a time. */
import { app, dialog } from 'electron';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { channels } from '../../shared/contract/channels';
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';
import { demonstrationScenario, scenarioDescription } from '../../shared/contract/scenarios';
import { looksLikeTrace } from '../files/sourceFile';
import { DriverChoices } from './driverChoices';
import { registerApplicationScheme, serveApplication } from './applicationScheme';
import { parseCommandLine } from './commandLine';
import { KeptRecordings } from './keptRecordings';
import { applicationFacts, createMainWindow } from './mainWindow';
import { installMenu } from './menu';
import { handlePageRequests } from './pageRequests';
import { RecordingSession } from './recordingSession';
import { RunComparisons } from './runComparisons';
import { ScenarioFiles } from './scenarioFiles';
import { SourceFiles } from './sourceFiles';
import { TraceFiles } from './traceFiles';
import { TrustedModules } from './trustedModules';
import { streamTraceFile } from './traceFileStream';
import { UnattendedRun } from './unattended';

/** Seed of the demonstration: everybody sees the same run. */
const demonstrationSeed = 1;

function start(): void {
  const applicationPath = app.isPackaged
    ? undefined
    : process.argv.find((argument) => path.resolve(argument) === app.getAppPath());
  const launch = parseCommandLine(process.argv, applicationPath);
  serveApplication(path.join(__dirname, '../renderer'));
  const facts = applicationFacts();
  const window = createMainWindow(facts);
  const emit = (event: TraceStreamEvent): void => {
    if (window.isDestroyed()) return;
    window.webContents.send(channels.traceEvent, event);
    if (event.kind === 'failed') unattended?.fail(event.message);
    if (event.kind === 'end') unattended?.onEnd();
  };
  const files = new SourceFiles();
  // A run that nobody watches has nobody to offer anything to.
  const kept =
    launch.unattended === undefined
      ? new KeptRecordings(path.join(app.getPath('userData'), 'recordings'))
      : undefined;
  const folder = kept?.folder ?? mkdtempSync(path.join(tmpdir(), 'chimneysweep-'));
  const traces = new TraceFiles();
  const comparisons = new RunComparisons(emit);
  const session: RecordingSession = new RecordingSession(folder, `chimneysweep ${facts.version}`, (event) => {
    const { lastTrace } = session;
    emit(
      event.kind === 'begin' && lastTrace !== undefined
        ? { ...event, trace: traces.tokenOf(lastTrace) }
        : event,
    );
  });
  let openedTrace: { readonly path: string; readonly name: string } | undefined;
  const unattended =
    launch.unattended === undefined
      ? undefined
      : new UnattendedRun(launch.unattended, window, () => openedTrace ?? session.lastTrace);

  let started = false;
  const onReady = (): void => {
    if (started) return;
    started = true;
    if (launch.file !== undefined) {
      const file = path.resolve(launch.file);
      const isTrace = looksLikeTrace(file);
      if (!isTrace.ok) emit({ kind: 'failed', message: isTrace.error });
      else if (isTrace.value) {
        openedTrace = { path: file, name: path.basename(file) };
        void streamTraceFile(file, emit, {
          origin: 'file',
          name: openedTrace.name,
          trace: traces.tokenOf(openedTrace),
        });
      } else session.start({ scenario: 'transfer', seed: demonstrationSeed, loss: 0, file });
    } else if (!launch.empty) {
      const { defaultLoss } = scenarioDescription(demonstrationScenario);
      session.start({ scenario: demonstrationScenario, seed: demonstrationSeed, loss: defaultLoss }, true);
    }
  };

  handlePageRequests({
    window,
    session,
    kept,
    files,
    drivers: new DriverChoices(
      {
        open: (options) => dialog.showOpenDialog(window, options),
        ask: (options) => dialog.showMessageBox(window, options),
      },
      new TrustedModules(path.join(app.getPath('userData'), 'trusted-drivers.json')),
      (token, name) => {
        emit({ kind: 'driver-changed', token, name });
      },
    ),
    scenarios: new ScenarioFiles({
      open: (options) => dialog.showOpenDialog(window, options),
      save: (options) => dialog.showSaveDialog(window, options),
    }),
    traces,
    comparisons,
    emit,
    onReady,
    onSettled: (whole) => unattended?.onSettled(whole),
  });
  installMenu((command) => {
    window.webContents.send(channels.menuCommand, command);
  });
  app.on('will-quit', (event) => {
    if (session.isRunning) {
      event.preventDefault();
      void session.end().then(() => {
        app.quit();
      });
      return;
    }
    comparisons.stop();
    session.dispose();
    kept?.close(session.missedTrace);
  });
  process.on('exit', () => {
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  });
}

registerApplicationScheme();
app.on('window-all-closed', () => {
  app.quit();
});
void app.whenReady().then(start);
