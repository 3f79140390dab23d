/**
 * Measures one format of others with the events of the bench and prints one line of JSON (`TracePeerMeasurement`). Usage: measurePeers NAME EVENTS FOLDER,
 * where NAME is one of `peers` below.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { silentProbe } from '../../../electron/emulator/observe/silentProbe';
import { TraceRecorder } from '../../../electron/recorder/traceRecorder';
import { TraceModel } from '../../../shared/analysis/traceModel';
import type { RunReport } from '../../../shared/analysis/runReport';
import { PcapngWriter } from '../../../shared/capture/pcapngWriter';
import { perfettoTrace } from '../../../shared/export/perfetto';
import { traceFormatVersion } from '../../../shared/trace/records';
import { EventSource } from './eventSource';
import { FlatColumns, rowsOfBatch } from './flatColumns';
import { flatProbe, type FlatRow } from './flatRows';
import { peakBytes } from './peakMemory';
import type { TracePeerMeasurement } from './traceMeasurement';

const [peer = '', count = '', folder = '.'] = process.argv.slice(2);
const events = Number(count);
const file = path.join(folder, `peer-${peer}`);
const pixels = 2000;

function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** CPU time of making the events alone, ns. */
function makingNs(): number {
  const before = cpuNanoseconds();
  new EventSource(silentProbe()).run(events);
  return cpuNanoseconds() - before;
}

/** The hot connection's stretch. */
function stretch(lastTime: number): readonly [number, number] {
  return [lastTime * 0.5, lastTime * 0.51];
}

async function milliseconds(work: () => unknown): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

const common = (): Pick<TracePeerMeasurement, 'name' | 'events' | 'peakBytes' | 'bytesPerEvent'> => ({
  name: peer,
  events,
  peakBytes: peakBytes(),
  bytesPerEvent: statSync(file).size / events,
});

/** CPU time by event to make the events and hand them to `take`, making them taken off; then `end`. */
async function writing(
  take: (row: FlatRow) => void,
  end: () => unknown,
): Promise<{ ns: number; lastTime: number }> {
  const made = makingNs();
  const before = cpuNanoseconds();
  const source = new EventSource(flatProbe(take).probe);
  source.run(events);
  await end();
  return { ns: (cpuNanoseconds() - before - made) / events, lastTime: source.now };
}

async function arrow(): Promise<TracePeerMeasurement> {
  const library = await import('apache-arrow');
  const writer = new library.RecordBatchFileWriter();
  let columns = new FlatColumns();
  const close = (): void => {
    const { rows } = columns;
    const number = (values: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array) =>
      library.makeVector(values.subarray(0, rows));
    const payload = library.makeVector(
      library.makeData({
        type: new library.Binary(),
        length: rows,
        nullCount: 0,
        valueOffsets: columns.payloadEnds.subarray(0, rows + 1),
        data: columns.payload.subarray(0, columns.payloadEnds[rows]),
      }),
    );
    const { time, kind, name, component, connection, reference, status, value } = columns;
    const table = new library.Table({
      time: number(time),
      kind: number(kind),
      name: number(name),
      component: number(component),
      connection: number(connection),
      reference: number(reference),
      status: number(status),
      value: number(value),
      payload,
    });
    for (const batch of table.batches) writer.write(batch);
    columns = new FlatColumns();
  };
  const { ns, lastTime } = await writing(
    (row) => {
      columns.push(row);
      if (columns.rows === rowsOfBatch) close();
    },
    () => {
      if (columns.rows > 0) close();
      writer.finish();
      const descriptor = openSync(file, 'w');
      writeSync(descriptor, writer.toUint8Array(true));
      closeSync(descriptor);
    },
  );
  let table = new library.Table();
  const load = (): void => {
    table = library.tableFromIPC(readFileSync(file));
  };
  const loadMs = await milliseconds(load);
  const pictureMs = await milliseconds(() => {
    load();
    const lane = new Float64Array(pixels);
    for (const batch of table.batches) {
      const times = batch.getChild('time')!.toArray() as Float64Array;
      for (const time of times) lane[Math.min(pixels - 1, Math.floor((time / lastTime) * pixels))]!++;
    }
  });
  const [from, to] = stretch(lastTime);
  const hot = (): number => {
    let found = 0;
    for (const batch of table.batches) {
      const times = batch.getChild('time')!.toArray() as Float64Array;
      if (times[0]! >= to || times[times.length - 1]! < from) continue;
      const connections = batch.getChild('connection')!.toArray() as Int32Array;
      for (let row = 0; row < times.length; row++)
        if (connections[row] === 0 && times[row]! >= from && times[row]! < to) found++;
    }
    return found;
  };
  hot();
  const hotMs = await milliseconds(hot);
  return {
    ...common(),
    writeNs: ns,
    loadMs,
    pictureMs,
    hotMs,
    remarks: 'apache-arrow, whole columns, plain',
  };
}

async function duckdb(asParquet: boolean): Promise<TracePeerMeasurement> {
  const library = await import('@duckdb/node-api');
  rmSync(file, { force: true });
  const instance = await library.DuckDBInstance.create(asParquet ? ':memory:' : file);
  const connection = await instance.connect();
  await connection.run(
    'CREATE TABLE t (time DOUBLE, kind UTINYINT, name USMALLINT, component UTINYINT, connection INTEGER, reference DOUBLE, status UINTEGER, value DOUBLE, payload BLOB)',
  );
  const appender = await connection.createAppender('t');
  const { ns, lastTime } = await writing(
    (row) => {
      appender.appendDouble(row.time);
      appender.appendUTinyInt(row.kind);
      appender.appendUSmallInt(row.name);
      appender.appendUTinyInt(row.component);
      appender.appendInteger(row.connection);
      appender.appendDouble(row.reference);
      appender.appendUInteger(row.status);
      appender.appendDouble(row.value);
      if (row.payload === undefined) appender.appendNull();
      else appender.appendBlob(row.payload);
      appender.endRow();
    },
    async () => {
      appender.closeSync();
      await connection.run(
        asParquet ? `COPY t TO '${file}' (FORMAT parquet, COMPRESSION zstd)` : 'CHECKPOINT',
      );
    },
  );
  const [from, to] = stretch(lastTime);
  const picture = async (table: string): Promise<unknown> =>
    (
      await connection.runAndReadAll(
        `SELECT CAST(floor(time * ${pixels} / ${lastTime}) AS INTEGER) AS pixel, count(*) FROM ${table} GROUP BY pixel`,
      )
    ).getRows();
  const hot = async (table: string): Promise<unknown> =>
    (
      await connection.runAndReadAll(
        `SELECT time FROM ${table} WHERE connection = 0 AND time >= ${from} AND time < ${to}`,
      )
    ).getRows();
  const table = asParquet ? `read_parquet('${file}')` : 't';
  const pictureMs = await milliseconds(() => picture(table));
  await hot(table);
  const hotMs = await milliseconds(() => hot(table));
  const version = (await connection.runAndReadAll('SELECT version()')).getRows()[0]?.[0];
  const remarks = `DuckDB ${String(version)}, ${asParquet ? 'zstd, written from a table in memory' : 'appender, opened by its writer'}`;
  return { ...common(), writeNs: ns, pictureMs, hotMs, remarks };
}

async function chromeJson(): Promise<TracePeerMeasurement> {
  const descriptor = openSync(file, 'w');
  let text = '{"traceEvents":[\n';
  const { ns, lastTime } = await writing(
    (row) => {
      const { time, kind, name, component, connection, reference, status, value, payload } = row;
      const bytes = payload === undefined ? undefined : Buffer.from(payload).toString('base64');
      const args = { connection, reference, status, value, bytes };
      const event = {
        ph: 'i',
        ts: time / 1000,
        pid: 1,
        tid: component,
        name: String(name),
        cat: String(kind),
        args,
      };
      text += `${JSON.stringify(event)},\n`;
      if (text.length > 0x10_0000) {
        writeSync(descriptor, text);
        text = '';
      }
    },
    () => {
      writeSync(descriptor, `${text}{}]}`);
      closeSync(descriptor);
    },
  );
  let trace: { traceEvents: { ts?: number; args?: { connection: number } }[] } = { traceEvents: [] };
  const load = (): void => {
    trace = JSON.parse(readFileSync(file, 'utf8')) as typeof trace;
  };
  let loadMs: number;
  try {
    loadMs = await milliseconds(load);
  } catch (error) {
    const remarks = `written; can't be read in JavaScript (${error instanceof Error ? error.message : ''})`;
    return { ...common(), writeNs: ns, remarks };
  }
  const countMs = await milliseconds(() => {
    const lane = new Float64Array(pixels);
    for (const { ts } of trace.traceEvents)
      if (ts !== undefined) lane[Math.min(pixels - 1, Math.floor(((ts * 1000) / lastTime) * pixels))]!++;
  });
  const [from, to] = stretch(lastTime / 1000);
  const hot = (): unknown =>
    trace.traceEvents.filter(
      ({ ts, args }) => ts !== undefined && ts >= from && ts < to && args?.connection === 0,
    );
  hot();
  const hotMs = await milliseconds(hot);
  return { ...common(), writeNs: ns, loadMs, pictureMs: loadMs + countMs, hotMs, remarks: 'JSON.parse' };
}

async function perfetto(): Promise<TracePeerMeasurement> {
  const pieces: Uint8Array[] = [];
  const header = {
    format: 'chimneysweep-trace',
    version: traceFormatVersion,
    application: 'bench',
    scenario: 'bench',
    title: 'Bench',
    seed: 1,
    settings: {},
    snapLength: 128,
  } as const;
  const recorder = new TraceRecorder(header, { write: (bytes) => pieces.push(bytes.slice()) });
  const source = new EventSource(recorder);
  source.run(events);
  recorder.finish({ virtualTime: source.now } as unknown as RunReport);
  const model = new TraceModel();
  for (const piece of pieces) model.push(piece);
  const before = cpuNanoseconds();
  const descriptor = openSync(file, 'w');
  for (const piece of perfettoTrace({ model, store: model.store!, complete: true }))
    writeSync(descriptor, piece);
  closeSync(descriptor);
  const ns = (cpuNanoseconds() - before) / events;
  await Promise.resolve();
  const remarks = 'our export of a loaded trace; no trace processor is installed that would load it';
  return { ...common(), writeNs: ns, remarks };
}

async function pcapng(): Promise<TracePeerMeasurement> {
  const descriptor = openSync(file, 'w');
  const sink = { write: (bytes: Uint8Array) => void writeSync(descriptor, bytes) };
  const writer = new PcapngWriter(sink, { application: 'bench', comment: '' });
  writer.addInterface({ name: 'events', description: '', snapLength: 0 });
  const plain = new Uint8Array(48);
  // EtherType for local experiments.
  plain.set([0x88, 0xb5], 12);
  const view = new DataView(plain.buffer);
  const { ns } = await writing(
    ({ time, kind, name, component, connection, reference, status, value, payload }) => {
      let bytes = payload;
      if (bytes === undefined || kind !== 2) {
        bytes = plain;
        plain[14] = kind;
        plain[15] = component;
        view.setUint16(16, name);
        view.setInt32(18, connection);
        view.setFloat64(22, reference);
        view.setUint32(30, status);
        view.setFloat64(34, value);
      }
      writer.packet({ interfaceNumber: 0, time, length: bytes.length, bytes });
    },
    () => {
      writer.finish(0);
      closeSync(descriptor);
    },
  );
  if (spawnSync('tshark', ['--version']).error !== undefined)
    return { ...common(), writeNs: ns, remarks: 'one frame by event; tshark is not installed' };
  const read = (...options: string[]): Promise<number> =>
    milliseconds(() => execFileSync('tshark', ['-n', '-q', '-r', file, ...options], { stdio: 'pipe' }));
  const loadMs = await read();
  const hotMs = await read('-Y', 'tcp.port == 49152', '-z', 'io,stat,0');
  return {
    ...common(),
    writeNs: ns,
    loadMs,
    hotMs,
    remarks: 'one frame by event, read by tshark; hot is a filter over all',
  };
}

const peers: Readonly<Record<string, () => Promise<TracePeerMeasurement>>> = {
  arrow,
  duckdb: () => duckdb(false),
  parquet: () => duckdb(true),
  'chrome-json': chromeJson,
  perfetto,
  pcapng,
};

/** What went wrong instead of a measurement. */
function skipped(error: unknown): TracePeerMeasurement {
  const message = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
  const isMissing = /Cannot find (package|module)/u.test(message);
  return { name: peer, remarks: isMissing ? 'skipped: the package is not installed' : `failed: ${message}` };
}

const measure = peers[peer];
if (measure === undefined) throw new Error(`no peer ${peer}`);
const measured = await measure().catch(skipped);
rmSync(file, { force: true });
rmSync(`${file}.wal`, { force: true });
process.stdout.write(`${JSON.stringify(measured)}\n`);
