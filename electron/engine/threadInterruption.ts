/**
 * Looks into a thread that is at work and does not turn its event loop, by the debugger that Node has in it: what it is doing, and a call of a
 * global function of its own in the midst of that.
 */
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type { CodePlace } from '../drivers/moduleProblem';
import { interruptionName, type Interruption, type InterruptionAnswer } from './runTask';

/** Functions of the stack that are told at most, the innermost first. */
const mostFrames = 200;

/** What the debugger answers, as far as it is looked at. */
interface DebuggerMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly scriptId?: string;
    readonly url?: string;
    readonly callFrames?: readonly {
      readonly callFrameId: string;
      readonly location: {
        readonly scriptId: string;
        readonly lineNumber: number;
        readonly columnNumber?: number;
      };
    }[];
  };
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** The debugger makes URLs of the names of scripts that are paths. */
function scriptName(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}

/** What came of it; `unreachable`: the thread does not let anybody in. */
export type InterruptionOutcome = InterruptionAnswer | 'unreachable';

/**
 * Stops a thread wherever it is, tells it what it is doing, and lets it go on; or ends it, if it answers `closed`.
 * @param name the worker's, by which the debugger knows it
 * @param patience longest wait for the thread to stop, ms
 */
export async function interruptThread(
  worker: Worker,
  name: string,
  why: Interruption['why'],
  patience: number,
): Promise<InterruptionOutcome> {
  const session = new Session();
  const scripts = new Map<string, string>();
  const waiting = new Map<number, (message: DebuggerMessage) => void>();
  let worked = 0;
  let debuggee: string | undefined;
  const post = (method: string, params: object = {}): Promise<DebuggerMessage> =>
    new Promise((resolve) => {
      const id = ++worked;
      waiting.set(id, resolve);
      const message = JSON.stringify({ id, method, params });
      session.post('NodeWorker.sendMessageToWorker', { sessionId: debuggee!, message });
    });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<InterruptionOutcome>((resolve) => {
      const onExit = (): void => {
        resolve('unreachable');
      };
      worker.once('exit', onExit);
      timer = setTimeout(onExit, patience);
      const onPaused = async (
        frames: NonNullable<DebuggerMessage['params']>['callFrames'],
      ): Promise<void> => {
        const top = frames?.[0];
        if (top === undefined) return;
        clearTimeout(timer);
        const stack = frames!.slice(0, mostFrames).map(({ location }): CodePlace => ({
          script: scripts.get(location.scriptId) ?? '',
          line: location.lineNumber,
          column: location.columnNumber ?? 0,
        }));
        const interruption: Interruption = { why, stack };
        const { result } = await post('Debugger.evaluateOnCallFrame', {
          callFrameId: top.callFrameId,
          expression: `globalThis.${interruptionName}(${JSON.stringify(interruption)})`,
          returnByValue: true,
        });
        const answer = result?.result?.value;
        const outcome: InterruptionOutcome =
          answer === 'closed' || answer === 'goes-on' || answer === 'later' ? answer : 'unreachable';
        const ends = outcome === 'closed' || outcome === 'unreachable';
        // It must not go on by a single step once its recording has been finished.
        const gone = ends ? worker.terminate() : undefined;
        void post('Debugger.resume', { terminateOnResume: ends });
        if (ends) await gone;
        else await post('Debugger.disable');
        worker.off('exit', onExit);
        resolve(outcome);
      };
      session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
        const message = JSON.parse(params.message) as DebuggerMessage;
        if (message.id !== undefined) waiting.get(message.id)?.(message);
        else if (message.method === 'Debugger.scriptParsed')
          scripts.set(message.params?.scriptId ?? '', scriptName(message.params?.url ?? ''));
        else if (message.method === 'Debugger.paused') void onPaused(message.params?.callFrames);
      });
      session.on('NodeWorker.attachedToWorker', ({ params }) => {
        if (debuggee !== undefined || !params.workerInfo.title.includes(name)) return;
        debuggee = params.sessionId;
        void post('Debugger.enable');
        void post('Debugger.pause');
      });
      session.connect();
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => {
        if (error !== null) onExit();
      });
    });
  } finally {
    clearTimeout(timer);
    session.disconnect();
  }
}
