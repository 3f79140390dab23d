/** A disk that is slow: `write` takes its time, and the emulation waits for it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { saveTrace } from '../../../electron/files/saveTrace';
import { TraceFileSink } from '../../../electron/files/traceFileSink';
import { Recording, type RecordingOptions } from '../../../electron/recorder/recording';
import { TraceRecorder } from '../../../electron/recorder/traceRecorder';
import { EventSource } from '../../bench/trace/eventSource';
import { ByteReader } from '../../../shared/trace/byteReader';
import { frameHeadLength, frameTags, mostRowsOfChunk } from '../../../shared/trace/layout';
import type { TraceSink } from '../../../shared/trace/traceEncoder';
import { concatenate, plainHeader, readTrace } from '../../harness/traceBytes';

const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-slow-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function recordingInto(sink: TraceSink, options: RecordingOptions = {}): Recording {
  const settings = { scenario: 'transfer', seed: 8, loss: 0.01, file: inventFile(8, 400_000) } as const;
  return new Recording('test', settings, 'made up', sink, options);
}

/** Blocks as a disk does: the thread stands still. */
function wait(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Runs to the end, flushing between slices: so slow a disk has always been at work for longer than the clock's interval. */
function runTo(recording: Recording, between: () => void = () => undefined): void {
  while (recording.advance(100)) {
    recording.flush();
    between();
  }
  recording.finish(false);
}

describe('a recording on a slow disk', () => {
  it('waits for it: nothing is lost, and what has been written opens at every moment with all that was flushed', () => {
    const pieces: Uint8Array[] = [];
    const recording = recordingInto({
      write(bytes) {
        wait(5);
        pieces.push(bytes.slice());
      },
    });
    let looks = 0;
    runTo(recording, () => {
      const reading = readTrace(concatenate(pieces));
      expect(reading.end).toMatchObject({ ok: true, value: { kind: 'cut' } });
      expect(reading.records.length).toBeGreaterThan(0);
      looks++;
    });
    expect(looks).toBeGreaterThan(5);
    expect(recording.lostCount).toBe(0);
    const reading = readTrace(concatenate(pieces));
    expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(reading.records).toHaveLength(recording.eventCount);
    expect(reading.unknownRecords).toBe(0);
  });

  it('keeps at most one chunk of records in memory, however long each write takes', () => {
    let written = 0;
    let most = 0;
    const recorder = new TraceRecorder(plainHeader, {
      write(bytes) {
        const input = new ByteReader(bytes, 0, bytes.length);
        if (bytes.length < frameHeadLength || input.u32() !== frameTags.chunk) return;
        most = Math.max(most, recorder.eventCount - written);
        const chunk = new ByteReader(bytes, frameHeadLength, bytes.length);
        const firstEvent = chunk.varint();
        written = firstEvent + chunk.varint();
      },
    });
    new EventSource(recorder).run(400_000);
    expect(written).toBeGreaterThan(300_000);
    expect(most).toBeLessThanOrEqual(mostRowsOfChunk);
    expect(recorder.eventCount - written).toBeLessThanOrEqual(mostRowsOfChunk);
  });

  it('is saved as the same file as on a fast one, whenever it was flushed', async () => {
    const fast = path.join(folder, 'fast.sweep');
    const slow = path.join(folder, 'slow.sweep');
    const fastSink = new TraceFileSink(fast);
    const fastRecording = recordingInto(fastSink);
    while (fastRecording.advance(100));
    fastRecording.finish(false);
    fastSink.close();
    await saveTrace(fast, fastRecording.wasFlushed);
    const slowSink = new TraceFileSink(slow);
    const slowRecording = recordingInto({
      write(bytes) {
        wait(2);
        slowSink.write(bytes);
      },
    });
    runTo(slowRecording);
    slowSink.close();
    expect([fastRecording.wasFlushed, slowRecording.wasFlushed]).toEqual([false, true]);
    await saveTrace(slow, true);
    expect(Buffer.compare(readFileSync(fast), readFileSync(slow))).toBe(0);
  });

  it('that gives up now and then loses what it did not take, counts it, and lets the run reach its goal', () => {
    const pieces: Uint8Array[] = [];
    let writes = 0;
    const errors: unknown[] = [];
    const recording = recordingInto(
      {
        write(bytes) {
          // Two out of seven time out.
          if (++writes > 4 && writes % 7 < 2)
            throw Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
          pieces.push(bytes.slice());
        },
      },
      { onSinkError: (error) => errors.push(error) },
    );
    runTo(recording);
    expect(errors.length).toBeGreaterThan(0);
    expect(recording.lostCount).toBeGreaterThan(0);
    const { records, end } = readTrace(concatenate(pieces));
    expect(end.ok && end.value.kind).not.toBe('damaged');
    const counted = records.reduce((sum, record) => sum + (record.kind === 'loss' ? record.records : 0), 0);
    const missing = records.filter(({ kind }) => kind === 'unknown').length;
    expect(missing).toBeGreaterThan(0);
    expect(counted).toBeGreaterThanOrEqual(missing);
  });

  it('tells what it costs: the time is that of the sink', () => {
    const clock = { now: 0 };
    const recording = recordingInto(
      {
        write() {
          clock.now += 50;
        },
      },
      { clock: () => clock.now },
    );
    runTo(recording);
    const { sinkMilliseconds, milliseconds, runMilliseconds } = recording.cost!;
    expect(sinkMilliseconds).toBeGreaterThan(250);
    expect(sinkMilliseconds / milliseconds).toBeGreaterThan(0.9);
    expect(milliseconds).toBeLessThanOrEqual(runMilliseconds + 50);
  });
});
