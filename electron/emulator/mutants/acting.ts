/** What situations make happen besides what their scenario does. */
import type { HostConnection } from '../host/hostConnection';
import { OffloadTarget } from '../target/offloadTarget';
import type { ScenarioRun } from '../scenarios/scenarioRun';

/** One thing that happens when it is due. */
export interface Step {
  readonly isDue: (run: ScenarioRun) => boolean;
  readonly act: (run: ScenarioRun) => void;
}

/** Steps one after the other, each in a work item of its own. Every run begins with the first. */
export function inOrder(...steps: readonly Step[]): (run: ScenarioRun) => boolean {
  const progress = new WeakMap<ScenarioRun, number>();
  return (run) => {
    const at = progress.get(run) ?? 0;
    const step = steps[at];
    if (step === undefined) return false;
    if (step.isDue(run)) {
      progress.set(run, at + 1);
      run.topology.host.kernel.queueWorkItem(() => {
        step.act(run);
      }, 0);
    }
    return true;
  };
}

/** The connection of the first stream. */
export function firstConnection(run: ScenarioRun): HostConnection {
  return run.streams[0]!.connection!;
}

/** Whether the target has the first connection, with its path and neighbor, and no request about them is under way. */
export function isSettled(run: ScenarioRun): boolean {
  const { connection } = run.streams[0]!;
  if (connection === undefined) return false;
  const { path } = connection;
  return (
    [connection, path, path.neighbor].every(
      ({ record }) => record.place === 'Offloaded' && !record.updating && record.openRequests === 0,
    ) && Object.values(run.topology.host.offloads.updates.outstanding).every((count) => count === 0)
  );
}

/** As soon as the target has the first connection and nothing is under way, and a part of its bytes has been acknowledged. */
export function whenSettled(act: (run: ScenarioRun) => void, part = 0): Step {
  return { isDue: (run) => isSettled(run) && run.streams[0]!.acknowledgedPart >= part, act };
}

/** From the beginning the applications read only what somebody asks for. */
export const readsNothing: Step = {
  isDue: () => true,
  act: (run) => {
    for (const { application } of run.streams) Object.assign(application, { reading: 'on-request' });
  },
};

/** An application that reads nothing before some steps have been done. */
export function readsBehind(...steps: readonly Step[]): (run: ScenarioRun) => boolean {
  return inOrder(readsNothing, ...steps, whenSettled(startReading));
}

/** The applications read all that there is, and go on. */
export function startReading(run: ScenarioRun): void {
  for (const { application, connection } of run.streams) {
    const read = (): void => {
      connection!.read(16_384, (bytes) => {
        if (bytes.length === 0) return;
        application.onData(bytes);
        read();
      });
    };
    read();
  }
}

/** An application that reads nothing before its connection has been offloaded: what has come until then goes with the offload. */
export const readsAfterOffload = readsBehind();

/** The hardware of the first adapter breaks down with the next request of a kind. */
export function breaksHardware(
  { topology: { target } }: ScenarioRun,
  operation: Parameters<OffloadTarget['breakHardwareDuring']>[0],
): void {
  if (target instanceof OffloadTarget) target.breakHardwareDuring(operation);
}
