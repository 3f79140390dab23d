/** What a worker of a page does with a trace on a server: opens it by ranges, looks at events, queries, and reads the state at an instant. */
import { httpSource } from '../../../shared/trace/httpSource';
import { findEvents } from '../../../shared/trace/eventQuery';
import { portableCodec } from '../../../shared/trace/codec';
import { StateReader } from '../../../shared/trace/stateReader';
import { TraceFile } from '../../../shared/trace/traceFile';
import { blobSource, type TraceSource } from '../../../shared/trace/traceSource';

/** What the worker has read. */
export interface ReadByWorker {
  readonly length: number;
  readonly byItsIndex: boolean;
  readonly lastKind: string;
  readonly sends: readonly number[];
  readonly objects: number;
  /** Whether this ran without a page. */
  readonly inWorker: boolean;
}

async function look(source: TraceSource): Promise<ReadByWorker> {
  const file = await TraceFile.open(source);
  if (!file.ok) throw new Error(file.error.message);
  const { length, flaw } = file.value;
  const last = await file.value.record(length - 1);
  const found = await findEvents(file.value, {
    kind: 'call',
    functionName: 'MiniportTcpOffloadSend',
    limit: 5,
  });
  const state = await new StateReader(file.value, portableCodec).at(length - 1);
  return {
    length,
    byItsIndex: flaw === undefined,
    lastKind: last.kind,
    sends: found,
    objects: state.objects().length,
    inWorker: typeof document === 'undefined',
  };
}

addEventListener('message', (event: MessageEvent<string | Blob>) => {
  const { data } = event;
  const read = async (): Promise<ReadByWorker> => {
    if (typeof data !== 'string') return look(blobSource(data));
    const source = await httpSource(data, (url, request) => fetch(url, request));
    if (!source.ok) throw new Error(source.error);
    return look(source.value);
  };
  read().then(
    (value) => {
      postMessage(value);
    },
    (error: unknown) => {
      postMessage(String(error));
    },
  );
});
