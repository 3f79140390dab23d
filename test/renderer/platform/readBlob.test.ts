import { expect, test } from 'vitest';
import { fakePlatform } from '../../../renderer/platform/fake';
import { pieceLength, streamAddress, streamBlob } from '../../../renderer/platform/readBlob';
import { TraceEvents } from '../../../renderer/platform/traceEvents';
import type { TraceStreamEvent } from '../../../shared/contract/desktopBridge';

function collect(): { events: TraceStreamEvent[]; emit: (event: TraceStreamEvent) => void } {
  const events: TraceStreamEvent[] = [];
  return { events, emit: (event) => void events.push(event) };
}

function bytesOf(events: readonly TraceStreamEvent[]): Uint8Array {
  const pieces = events.flatMap((event) => (event.kind === 'bytes' ? [event.bytes] : []));
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

test('a file comes in pieces, whole and in order', async () => {
  const content = Uint8Array.from({ length: pieceLength * 2 + 17 }, (_, index) => index % 251);
  const { events, emit } = collect();
  await streamBlob('big.sweep', new Blob([content]), emit);
  expect(events[0]).toEqual({ kind: 'begin', origin: 'file', name: 'big.sweep' });
  expect(events.filter((event) => event.kind === 'bytes')).toHaveLength(3);
  expect(Buffer.compare(bytesOf(events), content)).toBe(0);
  expect(events.filter((event) => event.kind === 'progress').at(-1)).toEqual({
    kind: 'progress',
    fraction: 1,
  });
  expect(events.at(-1)).toEqual({ kind: 'end' });
});

test('a file that cannot be read fails in words', async () => {
  const { events, emit } = collect();
  const broken = {
    size: 10,
    slice: () => ({ arrayBuffer: () => Promise.reject(new Error('it was removed')) }),
  };
  await streamBlob('gone.sweep', broken, emit);
  expect(events.at(-1)).toEqual({
    kind: 'failed',
    message: 'gone.sweep could not be read: it was removed. Choose it again.',
  });
});

test('an address is streamed under its file name', async () => {
  const { events, emit } = collect();
  const get = (): Promise<Response> =>
    Promise.resolve(new Response(Uint8Array.of(1, 2, 3), { headers: { 'content-length': '3' } }));
  await streamAddress('traces/first%20sweep.sweep?x=1', emit, get);
  expect(events[0]).toMatchObject({ kind: 'begin', name: 'first sweep.sweep' });
  expect([...bytesOf(events)]).toEqual([1, 2, 3]);
  expect(events.at(-1)).toEqual({ kind: 'end' });
});

test('a server that refuses and a network that fails end in words', async () => {
  const refused = collect();
  await streamAddress('a.sweep', refused.emit, () =>
    Promise.resolve(new Response('', { status: 404, statusText: 'Not Found' })),
  );
  expect(refused.events.at(-1)).toEqual({
    kind: 'failed',
    message: 'a.sweep could not be loaded: the server answers 404 Not Found. Check the address.',
  });
  const failed = collect();
  await streamAddress('https://example.org/a.sweep', failed.emit, () =>
    Promise.reject(new TypeError('Failed to fetch')),
  );
  expect(failed.events.at(-1)).toMatchObject({ kind: 'failed' });
  expect(JSON.stringify(failed.events.at(-1))).toContain(
    'Failed to fetch. Only addresses that this page may read',
  );
});

test('a newer stream silences the older one', () => {
  const source = new TraceEvents();
  const { events, emit } = collect();
  const leave = source.subscribe(emit);
  const first = source.startStream();
  first({ kind: 'begin', origin: 'file', name: 'first' });
  const second = source.startStream();
  first({ kind: 'end' });
  second({ kind: 'begin', origin: 'file', name: 'second' });
  source.silence();
  second({ kind: 'end' });
  leave();
  source.emit({ kind: 'end' });
  expect(events.map((event) => (event.kind === 'begin' ? event.name : event.kind))).toEqual([
    'first',
    'second',
  ]);
});

test('the fake platform remembers what was asked of it', async () => {
  const platform = fakePlatform();
  platform.ready();
  await platform.startRecording({ scenario: 'transfer', seed: 4 });
  await platform.stopRecording();
  expect(platform.asked).toMatchObject({
    ready: 1,
    stopped: 1,
    recordings: [{ scenario: 'transfer', seed: 4 }],
  });
});
