import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { ipAddressText } from '../../../shared/ddi/addressText';
import { portableCodec } from '../../../shared/trace/codec';
import type { CallArgument, TraceRecord } from '../../../shared/trace/records';
import { memorySource } from '../../../shared/trace/traceSource';
import {
  sanitizeTrace,
  type SanitizeOptions,
  type SanitizeResult,
} from '../../../shared/sanitize/sanitizeTrace';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { keyedHash } from '../../harness/keyedHash';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';
import { concatenate, encodeTrace, plainHeader, readTrace, type Reading } from '../../harness/traceBytes';

interface Sanitized extends SanitizeResult {
  readonly bytes: Uint8Array;
  readonly reading: Reading;
  readonly records: readonly TraceRecord[];
}

async function sanitize(bytes: Uint8Array, options: SanitizeOptions = {}, key = 'key'): Promise<Sanitized> {
  const pieces: Uint8Array[] = [];
  const sink = { write: (piece: Uint8Array) => void pieces.push(piece.slice()) };
  const made = await sanitizeTrace(memorySource(bytes), sink, portableCodec, keyedHash(key), options);
  if (!made.ok) throw new Error(made.error.message);
  const written = concatenate(pieces);
  const reading = readTrace(written);
  return { ...made.value, bytes: written, reading, records: reading.records as readonly TraceRecord[] };
}

/** Every text and every stretch of bytes of a trace, with what it is. */
function* contents(
  reading: Reading,
): Generator<{ readonly what: string; readonly value: string | Uint8Array }> {
  const ofArguments = function* (
    list: readonly CallArgument[],
  ): Generator<{ what: string; value: string | Uint8Array }> {
    for (const argument of list) {
      const what = `argument ${argument.name}`;
      if (argument.kind === 'text') yield { what, value: argument.value };
      if (argument.kind === 'pointer') yield { what, value: argument.label };
      if (argument.kind === 'structure') yield { what, value: argument.bytes };
      if (argument.kind === 'block-list')
        for (const block of argument.blocks) {
          yield { what, value: block.bytes };
          for (const state of block.states) yield { what: state.structure, value: state.bytes };
        }
    }
  };
  yield { what: 'header', value: JSON.stringify(reading.header) };
  for (const record of reading.records as readonly TraceRecord[]) {
    const what = record.kind;
    if (record.kind === 'call') yield* ofArguments(record.arguments);
    if (record.kind === 'return') yield* ofArguments(record.outputs);
    if (record.kind === 'state-change')
      for (const { value } of record.changes) if (typeof value !== 'number') yield { what, value };
    if (record.kind === 'frame') yield { what, value: record.bytes };
    if (record.kind === 'component' || record.kind === 'counter') yield { what, value: record.name };
    if (record.kind === 'connection') yield { what, value: `${record.local} ${record.remote}` };
    if (record.kind === 'state-object') yield { what, value: record.label };
    if (record.kind === 'note' || record.kind === 'finding') yield { what, value: record.text };
    if (record.kind === 'annotation') yield { what, value: `${record.author} ${record.text}` };
    if (record.kind === 'end') yield { what, value: record.report };
  }
}

/** Unicast addresses of the frames of a trace, read off their headers by hand. */
function frameAddresses(reading: Reading): Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  const add = (bytes: Uint8Array): void => {
    const isGroup =
      bytes.length === 4 ? bytes[0]! >= 224 : bytes.length === 16 ? bytes[0] === 0xff : (bytes[0]! & 1) === 1;
    if (!isGroup && bytes.some((byte) => byte !== 0)) found.set([...bytes].join(), bytes);
  };
  for (const record of reading.records as readonly TraceRecord[]) {
    if (record.kind !== 'frame') continue;
    const { bytes } = record;
    add(bytes.slice(0, 6));
    add(bytes.slice(6, 12));
    const at = bytes[12] === 0x81 ? 18 : 14;
    const type = bytes[at - 2]! * 256 + bytes[at - 1]!;
    if (type === 0x0800) for (const place of [12, 16]) add(bytes.slice(at + place, at + place + 4));
    if (type === 0x0806) for (const place of [14, 24]) add(bytes.slice(at + place, at + place + 4));
    if (type === 0x86dd) for (const place of [8, 24]) add(bytes.slice(at + place, at + place + 16));
  }
  return [...found.values()];
}

/** How an address looks in a text: with dots and colons, and as digits alone. */
function spellings(address: Uint8Array): string[] {
  const pairs = Array.from(address, (byte) => byte.toString(16).padStart(2, '0'));
  const texts = [pairs.join(''), pairs.join(' '), pairs.join(':'), pairs.join('-')];
  return address.length === 6 ? texts : [...texts, ipAddressText(address)];
}

function holds(bytes: Uint8Array, part: Uint8Array): boolean {
  const last = bytes.length - part.length;
  outer: for (let at = 0; at <= last; at++) {
    for (let index = 0; index < part.length; index++) if (bytes[at + index] !== part[index]) continue outer;
    return true;
  }
  return false;
}

/** Where addresses of the original are found in a trace. */
function leaks(reading: Reading, addresses: readonly Uint8Array[]): string[] {
  const found: string[] = [];
  const texts = addresses.map((address) => spellings(address));
  for (const { what, value } of contents(reading))
    addresses.forEach((address, index) => {
      const isThere =
        typeof value === 'string'
          ? texts[index]!.some((text) =>
              new RegExp(`(?<![0-9a-f])${text.replaceAll('.', '\\.')}(?![0-9a-f])`, 'i').test(value),
            )
          : holds(value, address);
      if (isThere) found.push(`${texts[index]!.at(-1)!} in ${what}: ${String(value).slice(0, 120)}`);
    });
  return found;
}

function model(bytes: Uint8Array): TraceModel {
  const made = new TraceModel();
  made.push(bytes);
  return made;
}

const recordings = [
  ['first-sweep', 'ipv4'],
  ['transfer', 'ipv4'],
  ['transfer', 'ipv6'],
  ['many-connections', 'both'],
  ['address-and-mtu-change', 'ipv4'],
  ['failover', 'ipv4'],
  ['query-everything', 'ipv6'],
  ['stacked-drivers', 'ipv4'],
] as const;

describe.each(recordings)('the recording of %s over %s that is sanitized', (scenario, ipVersions) => {
  const { bytes } = recordScenario(scenario, { fileBytes: 20_000, ipVersions });
  const original = readTrace(bytes);
  const addresses = frameAddresses(original);

  it('has no address of the original left, as bytes or in texts', async () => {
    expect(addresses.length).toBeGreaterThanOrEqual(4);
    expect(leaks(original, addresses).length).toBeGreaterThan(addresses.length);
    expect(leaks((await sanitize(bytes)).reading, addresses)).toEqual([]);
  });

  it('has the same records at the same times, but for what was replaced', async () => {
    const made = await sanitize(bytes);
    expect(made.reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(made.reading.times).toEqual(original.times);
    expect(made.records.map(({ kind }) => kind)).toEqual(original.records.map(({ kind }) => kind));
    const bare = (records: readonly TraceRecord[]): unknown[] =>
      records.map((record) => {
        if (record.kind === 'call')
          return { ...record, arguments: record.arguments.map(({ kind, name }) => [kind, name]) };
        if (record.kind === 'return')
          return { ...record, outputs: record.outputs.map(({ kind, name }) => [kind, name]) };
        if (record.kind === 'frame') return { ...record, bytes: [] };
        if (record.kind === 'state-change')
          return { ...record, changes: record.changes.map(({ variable }) => variable) };
        return record.kind === 'ownership' || record.kind === 'frame-fate' ? record : record.kind;
      });
    expect(bare(made.records)).toEqual(bare(original.records as readonly TraceRecord[]));
  });

  it('has the same statistics of handlers and frames', async () => {
    const [before, after] = [model(bytes), model((await sanitize(bytes)).bytes)];
    const calls = (of: TraceModel): unknown[] =>
      of.calls.calls.map(({ functionName, status, start, end, completedBy, depth }) => [
        functionName,
        status,
        start,
        end,
        completedBy,
        depth,
      ]);
    const frames = (of: TraceModel): unknown[] =>
      of.frames.frames.map(({ sent, length, payloadLength, fate, retransmission, path }) => [
        sent,
        length,
        payloadLength,
        fate,
        retransmission,
        path,
      ]);
    expect(calls(after)).toEqual(calls(before));
    expect(frames(after)).toEqual(frames(before));
  });

  it('has no byte of payload', async () => {
    for (const record of (await sanitize(bytes)).records) {
      if (record.kind !== 'frame' || record.payloadLength === 0) continue;
      expect(record.bytes.length).toBeLessThanOrEqual(record.length - record.payloadLength);
    }
  });
});

describe('a trace that is sanitized', () => {
  const { bytes } = recordScenario('transfer', { fileBytes: 20_000 });

  it('is the same for the same key, and another for another', async () => {
    const made = await sanitize(bytes);
    expect((await sanitize(bytes)).bytes).toEqual(made.bytes);
    expect((await sanitize(bytes, {}, 'other')).bytes).not.toEqual(made.bytes);
  });

  it('keeps what it is told to keep', async () => {
    const original = readTrace(bytes);
    const made = await sanitize(bytes, { keepPayload: true, keepAddresses: true, keepNames: true });
    expect(made.reading.records).toEqual(original.records);
    const withAddresses = await sanitize(bytes, { keepAddresses: true });
    expect(leaks(withAddresses.reading, frameAddresses(original)).length).toBeGreaterThan(0);
    const withPayload = await sanitize(bytes, { keepPayload: true });
    expect(withPayload.payloadBytes).toBe(0);
    expect(leaks(withPayload.reading, frameAddresses(original))).toEqual([]);
  });

  it('says in its header what was replaced', async () => {
    expect((await sanitize(bytes)).reading.header!.settings['sanitized']).toBe('payload, addresses, names');
    expect((await sanitize(bytes, { keepNames: true })).reading.header!.settings['sanitized']).toBe(
      'payload, addresses',
    );
  });

  it('has no name of a file or person, and no hash that could confirm a guess', async () => {
    const hash = 'ab'.repeat(32);
    const header = {
      ...plainHeader,
      settings: { file: '/home/ada/secret-plan.pdf', targetDriverSha256: hash },
    };
    const named = encodeTrace(
      [
        { time: 0, record: { kind: 'component', id: 0, role: 'application', name: 'secret-plan' } },
        {
          time: 1,
          record: {
            kind: 'note',
            component: 0,
            connection: undefined,
            cause: undefined,
            text: 'sends secret-plan.pdf',
          },
        },
        {
          time: 2,
          record: { kind: 'annotation', from: 0, to: 1, author: 'Ada', text: 'look at 198.51.100.3' },
        },
        {
          time: 3,
          record: {
            kind: 'end',
            report: JSON.stringify({
              summary: 'secret-plan.pdf came back',
              sha256: { source: hash, peer: hash },
            }),
          },
        },
      ],
      header,
    );
    const { reading } = await sanitize(named);
    const all = [...contents(reading)].map(({ value }) => String(value)).join('\n');
    for (const secret of ['secret', 'Ada', 'ada', hash, '198.51.100.3']) expect(all).not.toContain(secret);
    const report = JSON.parse(reading.report!) as { sha256: { source: string; peer: string } };
    expect(report.sha256.source).toMatch(/^[0-9a-f]{64}$/);
    expect(report.sha256.peer).toBe(report.sha256.source);
  });

  it('is whole whatever the trace holds', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords(), async (records) => {
        const made = await sanitize(encodeTrace(records));
        expect(made.reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
        expect(made.records.map(({ kind }) => kind)).toEqual(records.map(({ record }) => record.kind));
      }),
      property(80),
    );
  });

  it('tells what is wrong with the end of one that is cut', async () => {
    const made = await sanitize(bytes.subarray(0, bytes.length * 0.6));
    expect(made.flaw).toMatch(/incomplete|damaged/);
    expect(made.events).toBeGreaterThan(100);
  });

  it('is refused where the original is no trace', async () => {
    const made = await sanitizeTrace(
      memorySource(new Uint8Array(20)),
      { write: () => undefined },
      portableCodec,
      keyedHash('key'),
    );
    expect(made).toMatchObject({ ok: false, error: { code: 'not-a-trace' } });
  });
});
