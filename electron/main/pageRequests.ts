/** Everything that the page may ask of the main process, checked where it arrives. */
import { BrowserWindow, dialog, ipcMain, type IpcMainEvent, type IpcMainInvokeEvent } from 'electron';
import path from 'node:path';
import { fail, succeed, type Result } from '../../shared/base/result';
import { channels } from '../../shared/contract/channels';
import {
  leftChoices,
  type BridgeError,
  type ChosenFile,
  type LeftRecording,
} from '../../shared/contract/desktopBridge';
import { recordingRequestSchema } from '../../shared/contract/recording';
import { runControlSchema } from '../../shared/contract/runControl';
import { expressionProblem } from '../../shared/scenario/readFault';
import { scenarioDescription } from '../../shared/contract/scenarios';
import type { KeptRecordings } from './keptRecordings';
import { handleScenarioRequests, type ScenarioRequestContext } from './scenarioRequests';
import { streamTraceFile } from './traceFileStream';

const traceFilter = { name: 'Chimneysweep traces', extensions: ['sweep'] };

/** What the requests work on. */
export interface PageRequestContext extends ScenarioRequestContext {
  readonly window: BrowserWindow;
  /** Undefined for a run that nobody watches. */
  readonly kept: KeptRecordings | undefined;
  readonly onReady: () => void;
  readonly onSettled: (whole: boolean) => void;
}

/** Installs the handlers. Requests from anything but the window's own main frame are refused. */
export function handlePageRequests(context: PageRequestContext): void {
  const { window, session, files, emit } = context;
  const isOurs = (event: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    event.senderFrame === window.webContents.mainFrame;
  const handle = <Answer>(channel: string, answer: (argument: unknown) => Answer | Promise<Answer>): void => {
    ipcMain.handle(channel, (event, argument: unknown) => {
      if (!isOurs(event)) throw new Error('refused: the request does not come from the application page');
      return answer(argument);
    });
  };
  const listen = (channel: string, react: (argument: unknown) => void): void => {
    ipcMain.on(channel, (event, argument: unknown) => {
      if (isOurs(event)) react(argument);
    });
  };

  handleScenarioRequests(handle, context);

  listen(channels.ready, context.onReady);
  listen(channels.settled, (whole) => {
    context.onSettled(whole === true);
  });

  handle(channels.startRecording, (argument): Result<null, BridgeError> => {
    const request = recordingRequestSchema.safeParse(argument);
    if (!request.success) {
      const issue = request.error.issues[0];
      return fail({
        message: `The recording can't start: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'bad request'}.`,
      });
    }
    const { scenario, seed, loss, link, fileToken, driverToken, faults, breakOnFinding } = request.data;
    const problem = faults?.map(expressionProblem).find((words) => words !== undefined);
    if (problem !== undefined) return fail({ message: `The recording can't start: ${problem}` });
    const file = fileToken === undefined ? undefined : files.pathOf(fileToken);
    if (fileToken !== undefined && file === undefined)
      return fail({ message: 'The file is no longer known. Choose it again.' });
    const drivers = driverToken === undefined ? undefined : context.drivers.filesOf(driverToken);
    if (driverToken !== undefined && drivers === undefined)
      return fail({ message: 'The driver module is no longer known. Choose it again.' });
    if (driverToken !== undefined) void context.drivers.use(driverToken);
    else context.drivers.rest();
    return session.start({
      scenario,
      seed,
      loss: loss ?? scenarioDescription(scenario).defaultLoss,
      ...(link === undefined ? {} : { link }),
      ...(file === undefined ? {} : { file }),
      ...(drivers === undefined ? {} : { drivers }),
      ...(faults === undefined ? {} : { faults }),
      ...(breakOnFinding === undefined ? {} : { breakOnFinding }),
    });
  });

  handle(channels.stopRecording, () => {
    session.stop();
  });

  handle(channels.controlRecording, (argument) => {
    session.control(runControlSchema.parse(argument));
  });

  handle(channels.openTrace, async (): Promise<Result<boolean, BridgeError>> => {
    if (session.isRunning)
      return fail({ message: 'A recording is under way. Stop it before you open a trace.' });
    const chosen = await dialog.showOpenDialog(window, { properties: ['openFile'], filters: [traceFilter] });
    const file = chosen.filePaths[0];
    if (chosen.canceled || file === undefined) return succeed(false);
    const name = path.basename(file);
    void streamTraceFile(file, emit, {
      origin: 'file',
      name,
      trace: context.traces.tokenOf({ path: file, name }),
    });
    return succeed(true);
  });

  handle(channels.leftRecording, (): LeftRecording | null => context.kept?.offer() ?? null);

  handle(channels.settleLeft, (argument): Result<null, BridgeError> => {
    const { kept } = context;
    const choice = leftChoices.find((one) => one === argument);
    if (kept === undefined || choice === undefined)
      return fail({ message: 'The recording is no longer there.' });
    if (choice === 'discard') return kept.discard();
    if (session.isRunning)
      return fail({ message: 'A recording is under way. Stop it before you open a trace.' });
    const taken = kept.take();
    if (!taken.ok) return taken;
    session.adopt(taken.value);
    void streamTraceFile(taken.value.path, emit, {
      origin: 'left',
      name: taken.value.name,
      trace: context.traces.tokenOf(taken.value),
    });
    return succeed(null);
  });

  handle(channels.chooseFileToSend, async (): Promise<Result<ChosenFile | null, BridgeError>> => {
    const chosen = await dialog.showOpenDialog(window, { properties: ['openFile'], title: 'File to send' });
    const file = chosen.filePaths[0];
    return chosen.canceled || file === undefined ? succeed(null) : files.register(file);
  });

  handle(channels.chooseDriverModule, () => context.drivers.choose());

  handle(channels.registerFile, (argument): Result<ChosenFile, BridgeError> => {
    if (typeof argument !== 'string' || argument === '' || !path.isAbsolute(argument)) {
      return fail({ message: 'Only files from this computer can be sent. Drop a file from a folder.' });
    }
    return files.register(argument);
  });

  handle(channels.saveTrace, async (): Promise<Result<{ readonly name: string } | null, BridgeError>> => {
    const last = session.lastTrace;
    if (last === undefined)
      return fail({ message: 'There is no recording to save. Record a scenario first.' });
    const chosen = await dialog.showSaveDialog(window, { defaultPath: last.name, filters: [traceFilter] });
    if (chosen.canceled || chosen.filePath === '') return succeed(null);
    const saved = session.save(chosen.filePath);
    return saved.ok ? succeed({ name: path.basename(chosen.filePath) }) : saved;
  });
}
