/**
 * Measures one cell of the bench in a process of its own, which tools/bench starts with --expose-gc. Prints one line of JSON.
 * Usage: measureTransfer PATH DIRECTION CONNECTIONS on|off SECONDS
 */
import { silentProbe } from '../../../electron/emulator/observe/silentProbe';
import type { Probe } from '../../../electron/emulator/probe';
import { defaultSnapLength } from '../../../electron/recorder/recording';
import { zlibChecksum } from '../../../electron/files/zlibCodec';
import { TraceRecorder } from '../../../electron/recorder/traceRecorder';
import { traceFormatVersion } from '../../../shared/trace/records';
import type { TraceSink } from '../../../shared/trace/traceEncoder';
import { BulkTransfer, link, type DataPath, type TransferDirection } from './bulkTransfer';
import type { TransferMeasurement } from './transferMeasurement';

/** Payload of a full segment without timestamps, bytes. */
const segmentBytes = 1460;

/** Segments in which allocation is counted: few enough that no garbage is collected meanwhile. */
const countedSegments = 2_000;

/** Keeps the newest bytes of a trace in memory, as a ring: what is measured is making and copying them, not a disk. */
class MemoryRing implements TraceSink {
  /** Bytes written so far. */
  written = 0;
  private readonly ring = new Uint8Array(64 * 1024 * 1024);
  private at = 0;

  write(bytes: Uint8Array): void {
    if (this.at + bytes.length > this.ring.length) this.at = 0;
    this.ring.set(bytes, this.at);
    this.at += bytes.length;
    this.written += bytes.length;
  }
}

function recorder(sink: TraceSink): Probe {
  return new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: 'bench',
      scenario: 'bench',
      title: 'Bench',
      seed: 1,
      settings: {},
      snapLength: defaultSnapLength,
    },
    sink,
    { checksum: zlibChecksum },
  );
}

/** Bytes in use after a full collection; needs --expose-gc. */
function bytesInUse(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  // `external` counts array buffers, too.
  return heapUsed + external;
}

function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Bytes that `work` allocates for itself; undefined if garbage was collected meanwhile. */
function allocationOf(work: () => void): number | undefined {
  globalThis.gc?.();
  const before = process.memoryUsage();
  work();
  const after = process.memoryUsage();
  const grown = after.heapUsed - before.heapUsed;
  return grown < 0 ? undefined : grown + Math.max(0, after.arrayBuffers - before.arrayBuffers);
}

function measure(
  path: DataPath,
  direction: TransferDirection,
  connections: number,
  recorded: boolean,
  seconds: number,
): TransferMeasurement {
  const plan = { path, direction, connections };
  // Warms up what every run begins with, so that it does not count as memory of connections.
  new BulkTransfer(silentProbe(), { ...plan, connections: 1 }).settle();
  const sink = new MemoryRing();
  const probe = recorded ? recorder(sink) : silentProbe();
  const before = bytesInUse();
  const transfer = new BulkTransfer(probe, plan);
  transfer.settle();
  const memoryPerConnection = (bytesInUse() - before) / connections;
  transfer.start();
  // At first code is slow and windows are small: warm up for a quarter of the time.
  const step = 20_000 * segmentBytes;
  const warm = cpuNanoseconds() + seconds * 0.25e9;
  transfer.carry(Math.max(step, transfer.round));
  while (cpuNanoseconds() < warm) transfer.carry(step);
  const tracedBefore = sink.written;
  const bytesBefore = transfer.bytes;
  const virtualBefore = transfer.machine.now;
  const wallBefore = performance.now();
  const cpuBefore = cpuNanoseconds();
  const end = cpuBefore + seconds * 1e9;
  do transfer.carry(step);
  while (cpuNanoseconds() < end || transfer.bytes - bytesBefore < transfer.round);
  const cpu = cpuNanoseconds() - cpuBefore;
  const wall = (performance.now() - wallBefore) / 1000;
  const bytes = transfer.bytes - bytesBefore;
  const segments = bytes / segmentBytes;
  const traced = (sink.written - tracedBefore) / segments;
  const virtual = (transfer.machine.now - virtualBefore) / 1e9;
  const simulatedBitsPerSecond = (bytes * 8) / virtual;
  // What no link can carry has not been measured but miscounted.
  if (simulatedBitsPerSecond > link.bitsPerSecond)
    throw new Error(`${simulatedBitsPerSecond} bits per simulated second on a link of ${link.bitsPerSecond}`);
  const allocated = allocationOf(() => {
    transfer.carry(countedSegments * segmentBytes);
  });
  return {
    ...plan,
    recorded,
    nsPerSegment: cpu / segments,
    segmentsPerSecond: segments / wall,
    bytesPerSecond: bytes / wall,
    simulatedBitsPerSecond,
    traceBytesPerSegment: traced,
    allocatedPerSegment: allocated === undefined ? undefined : allocated / countedSegments,
    memoryPerConnection,
    residentBytes: process.memoryUsage().rss,
  };
}

const [path, direction, connections, recorded, seconds] = process.argv.slice(2);
const result = measure(
  path as DataPath,
  direction as TransferDirection,
  Number(connections),
  recorded === 'on',
  Number(seconds),
);
process.stdout.write(`${JSON.stringify(result)}\n`);
