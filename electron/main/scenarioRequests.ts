/** What the page may ask about scenarios as files and texts, and about runs made again; checked where it arrives. */
import path from 'node:path';
import type { z } from 'zod';
import { fail, succeed, type Result } from '../../shared/base/result';
import { channels } from '../../shared/contract/channels';
import type { BridgeError, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import {
  runAgainRequestSchema,
  saveScenarioRequestSchema,
  scenarioRunRequestSchema,
  type OpenedScenario,
  type ScenarioFile,
} from '../../shared/contract/scenarioFiles';
import { canonicalDefinition } from '../../shared/scenario/canonical';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { readScenario, scenarioProblemText } from '../../shared/scenario/readScenario';
import { readRecordedRun } from '../../shared/scenario/recordedRun';
import { readTraceHeader } from '../files/readTraceHeader';
import type { DriverChoices } from './driverChoices';
import type { RecordingSession } from './recordingSession';
import type { RunComparisons } from './runComparisons';
import type { ScenarioFiles } from './scenarioFiles';
import type { SourceFiles } from './sourceFiles';
import type { TraceFiles } from './traceFiles';
import { streamTraceFile } from './traceFileStream';

/** What the requests work on. */
export interface ScenarioRequestContext {
  readonly session: RecordingSession;
  readonly files: SourceFiles;
  readonly drivers: DriverChoices;
  readonly scenarios: ScenarioFiles;
  readonly traces: TraceFiles;
  readonly comparisons: RunComparisons;
  readonly emit: (event: TraceStreamEvent) => void;
}

/** Installs a handler for a channel. */
export type Handle = <Answer>(
  channel: string,
  answer: (argument: unknown) => Answer | Promise<Answer>,
) => void;

const busy = 'A recording is under way. Stop it first.';

function checked<Value>(schema: z.ZodType<Value>, argument: unknown): Result<Value, BridgeError> {
  const parsed = schema.safeParse(argument);
  if (parsed.success) return succeed(parsed.data);
  const [issue] = parsed.error.issues;
  return fail({
    message: `This can't be done: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'bad request'}.`,
  });
}

function definitionOf(text: string): Result<ScenarioDefinition, BridgeError> {
  const read = readScenario(text);
  if (read.ok) return read;
  const [first] = read.error;
  return fail({
    message: first === undefined ? 'The scenario is wrong.' : scenarioProblemText('scenario', first),
  });
}

/** Installs the handlers. */
export function handleScenarioRequests(handle: Handle, context: ScenarioRequestContext): void {
  const { session, files, drivers, scenarios, traces, comparisons, emit } = context;

  handle(channels.openScenario, (): Promise<Result<OpenedScenario | null, BridgeError>> => scenarios.open());

  handle(channels.readScenario, (argument): Result<OpenedScenario | null, BridgeError> => {
    if (typeof argument !== 'string' || !path.isAbsolute(argument)) return succeed(null);
    return scenarios.read(argument);
  });

  handle(channels.saveScenario, async (argument): Promise<Result<ScenarioFile | null, BridgeError>> => {
    const request = checked(saveScenarioRequestSchema, argument);
    return request.ok ? scenarios.save(request.value) : request;
  });

  handle(channels.runScenario, (argument): Result<null, BridgeError> => {
    const request = checked(scenarioRunRequestSchema, argument);
    if (!request.ok) return request;
    const { text, seed, breakOnFinding } = request.value;
    const definition = definitionOf(text);
    if (!definition.ok) return definition;
    const { scenario, topology } = definition.value;
    return session.start({
      scenario,
      text,
      seed,
      loss: topology.link.loss,
      ...(breakOnFinding === undefined ? {} : { breakOnFinding }),
    });
  });

  handle(channels.runAgain, (argument): Result<null, BridgeError> => {
    const request = checked(runAgainRequestSchema, argument);
    if (!request.ok) return request;
    if (session.isRunning) return fail({ message: busy });
    const { trace, text, fileToken, driverToken, breakOnFinding } = request.value;
    const before = traces.fileOf(trace);
    if (before === undefined)
      return fail({ message: 'The trace is no longer known. Open its file again, and run it again then.' });
    const header = readTraceHeader(before.path);
    if (!header.ok) return fail({ message: header.error });
    const recorded = readRecordedRun(header.value);
    if (!recorded.ok) return fail({ message: recorded.error });
    const written = text === undefined ? undefined : definitionOf(text);
    if (written?.ok === false) return written;
    const definition = written?.value ?? recorded.value.definition;
    const file = fileToken === undefined ? undefined : files.pathOf(fileToken);
    if (fileToken !== undefined && file === undefined)
      return fail({ message: 'The file is no longer known. Choose it again.' });
    const modules = driverToken === undefined ? undefined : drivers.filesOf(driverToken);
    if (driverToken !== undefined && modules === undefined)
      return fail({ message: 'The driver module is no longer known. Choose it again.' });
    const { seed = header.value.seed } = request.value;
    const wantsSame =
      seed === header.value.seed &&
      JSON.stringify(canonicalDefinition(definition)) ===
        JSON.stringify(canonicalDefinition(recorded.value.definition));
    comparisons.stop();
    return session.start(
      {
        scenario: definition.scenario,
        ...(text === undefined ? {} : { text }),
        again: before.path,
        seed,
        loss: definition.topology.link.loss,
        ...(file === undefined ? {} : { file }),
        ...(modules === undefined ? {} : { drivers: modules }),
        ...(breakOnFinding === undefined ? {} : { breakOnFinding }),
      },
      false,
      {
        keeps: before.path,
        onWhole: () => {
          const after = session.lastTrace;
          if (after === undefined) return;
          comparisons.start({
            left: { ...before, trace },
            right: { path: after.path, name: after.name, trace: traces.tokenOf(after) },
            wantsSame,
          });
        },
      },
    );
  });

  handle(channels.openDroppedTrace, (argument): Result<boolean, BridgeError> => {
    if (session.isRunning) return fail({ message: busy });
    if (typeof argument !== 'string' || !path.isAbsolute(argument)) return succeed(false);
    const file = { path: argument, name: path.basename(argument) };
    void streamTraceFile(argument, emit, { origin: 'file', name: file.name, trace: traces.tokenOf(file) });
    return succeed(true);
  });

  handle(channels.showTrace, (argument): Result<null, BridgeError> => {
    if (session.isRunning) return fail({ message: busy });
    const file = typeof argument === 'string' ? traces.fileOf(argument) : undefined;
    if (file === undefined || typeof argument !== 'string')
      return fail({ message: 'The trace is no longer known. Open its file again.' });
    // A recording that is shown is the one that is saved.
    const isOurs = session.recall(file.path);
    void streamTraceFile(file.path, emit, {
      origin: isOurs ? 'left' : 'file',
      name: file.name,
      trace: argument,
    });
    return succeed(null);
  });
}
