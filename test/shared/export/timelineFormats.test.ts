import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chromeJson } from '../../../shared/export/chromeJson';
import { countersOf } from '../../../shared/export/counters';
import { perfettoTrace } from '../../../shared/export/perfetto';
import type { TableSource } from '../../../shared/export/tableTypes';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { sourceOf } from '../../harness/corpus';
import { property } from '../../harness/property';
import { fieldOf, readProtobuf, type ProtobufField } from '../../harness/protobufReader';
import { recordScenario } from '../../harness/recordScenario';
import { syntheticTrace } from '../../harness/syntheticTrace';
import { concatenate, encodeTrace } from '../../harness/traceBytes';

const text = new TextDecoder();

/** An event of either format. */
interface Happening {
  readonly type: 'begin' | 'end' | 'instant' | 'sample';
  readonly track: string;
  readonly time: number;
  readonly name: string;
  readonly leaving: readonly number[];
  readonly arriving: readonly number[];
}

/** What a reader of Perfetto's format makes of a file; complains about what it may not hold. */
function readPerfetto(bytes: Uint8Array): {
  readonly happenings: Happening[];
  readonly tracks: Map<number, ProtobufField[]>;
  readonly complaints: string[];
} {
  const tracks = new Map<number, ProtobufField[]>();
  const names = new Map<number, string>();
  const happenings: Happening[] = [];
  const complaints: string[] = [];
  for (const [index, { field, bytes: packetBytes }] of readProtobuf(bytes).entries()) {
    if (field !== 1) complaints.push(`field ${field} in Trace`);
    const packet = readProtobuf(packetBytes);
    if (fieldOf(packet, 10)?.number !== 1) complaints.push('a packet of no sequence');
    if (fieldOf(packet, 13)?.number !== (index === 0 ? 3 : 2)) complaints.push('sequence flags');
    const descriptor = fieldOf(packet, 60);
    if (descriptor !== undefined) {
      const fields = readProtobuf(descriptor.bytes);
      const uuid = fieldOf(fields, 1)!.number;
      const parent = fieldOf(fields, 5);
      if (tracks.has(uuid)) complaints.push(`track ${uuid} twice`);
      if (parent !== undefined && !tracks.has(parent.number)) complaints.push(`parent of track ${uuid}`);
      tracks.set(uuid, fields);
      continue;
    }
    const interned = fieldOf(packet, 12);
    if (interned !== undefined)
      for (const entry of readProtobuf(interned.bytes))
        if (entry.field === 2) {
          const [iid, name] = readProtobuf(entry.bytes);
          names.set(iid!.number, text.decode(name!.bytes));
        }
    const event = readProtobuf(fieldOf(packet, 11)!.bytes);
    const track = fieldOf(event, 11)!.number;
    if (!tracks.has(track)) complaints.push(`track ${track} is not declared`);
    const iid = fieldOf(event, 10)?.number;
    if (iid !== undefined && !names.has(iid)) complaints.push(`name ${iid} is not declared`);
    happenings.push({
      type: (['begin', 'end', 'instant', 'sample'] as const)[fieldOf(event, 9)!.number - 1]!,
      track: String(track),
      time: fieldOf(packet, 8)!.number,
      name: iid === undefined ? '' : names.get(iid)!,
      leaving: event.filter(({ field: number }) => number === 47).map(({ number }) => number),
      arriving: event.filter(({ field: number }) => number === 48).map(({ number }) => number),
    });
  }
  return { happenings, tracks, complaints };
}

const perfettoOf = (source: TableSource): Uint8Array => concatenate([...perfettoTrace(source)]);

interface ChromeEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name: string;
  readonly id: number;
}

const chromeOf = (source: TableSource): { readonly traceEvents: readonly ChromeEvent[] } =>
  JSON.parse([...chromeJson(source)].join('')) as { readonly traceEvents: readonly ChromeEvent[] };

/** The events of Chrome's format in the terms of the other; a flow belongs to the slice that begins before it. */
function chromeHappenings(events: readonly ChromeEvent[]): Happening[] {
  const types = { B: 'begin', E: 'end', i: 'instant', C: 'sample' } as const;
  const found: (Happening & { readonly leaving: number[]; readonly arriving: number[] })[] = [];
  for (const { ph, pid, tid, ts, name, id } of events) {
    if (ph === 's') found.at(-1)!.leaving.push(id);
    else if (ph === 'f') found.at(-1)!.arriving.push(id);
    else if (ph !== 'M') {
      const type = types[ph as keyof typeof types];
      found.push({
        type,
        track: `${pid}/${tid}${type === 'sample' ? name : ''}`,
        time: ts * 1000,
        name,
        leaving: [],
        arriving: [],
      });
    }
  }
  return found;
}

/** What a viewer would object to: slices that end before they begin, times that go back on a track, flows that lead nowhere. */
function objections(happenings: readonly Happening[]): string[] {
  const found: string[] = [];
  const depth = new Map<string, number>();
  const last = new Map<string, number>();
  const left = new Map<number, number>();
  const arrived = new Set<number>();
  for (const { type, track, time } of happenings) {
    if (time < (last.get(track) ?? 0)) found.push(`time goes back on track ${track}`);
    last.set(track, time);
    const open = depth.get(track) ?? 0;
    if (type === 'begin') depth.set(track, open + 1);
    if (type === 'end' && open === 0) found.push(`an end without a beginning on track ${track}`);
    if (type === 'end') depth.set(track, open - 1);
  }
  for (const { leaving, time } of happenings)
    for (const flow of leaving) {
      if (left.has(flow)) found.push(`flow ${flow} forks`);
      left.set(flow, time);
    }
  for (const { arriving, time } of happenings)
    for (const flow of arriving) {
      if (arrived.has(flow)) found.push(`flow ${flow} arrives twice`);
      arrived.add(flow);
      if (!((left.get(flow) ?? Infinity) <= time)) found.push(`flow ${flow} arrives before it leaves`);
    }
  for (const flow of left.keys()) if (!arrived.has(flow)) found.push(`flow ${flow} never arrives`);
  return found;
}

let source: TableSource;

beforeAll(() => {
  source = sourceOf(recordScenario('transfer', { seed: 5, fileBytes: 120_000, loss: 0.03 }).bytes);
});

describe('a trace for Perfetto', () => {
  it('is of one sequence, in which everything is declared before it is used', () => {
    const { complaints, tracks } = readPerfetto(perfettoOf(source));
    expect(complaints).toEqual([]);
    const processes = [...tracks.values()].flatMap((fields) => {
      const process = fieldOf(fields, 3);
      return process === undefined ? [] : [text.decode(fieldOf(readProtobuf(process.bytes), 6)!.bytes)];
    });
    expect(processes).toEqual([...source.store.components.map(({ name }) => name), 'Send a file (seed 5)']);
  });

  it('has slices that nest, times that never go back on a track, and flows from one slice to one other', () => {
    expect(objections(readPerfetto(perfettoOf(source)).happenings)).toEqual([]);
  });

  it('has a slice for every call, with its name and its times', () => {
    const slices: string[] = [];
    const open = new Map<string, Happening[]>();
    const { happenings, tracks } = readPerfetto(perfettoOf(source));
    const isThread = (track: string): boolean => fieldOf(tracks.get(Number(track))!, 4) !== undefined;
    for (const happening of happenings) {
      const { type, track, time } = happening;
      if (!isThread(track)) continue;
      if (type === 'begin') open.set(track, [...(open.get(track) ?? []), happening]);
      else if (type === 'end') {
        const begun = open.get(track)!.pop()!;
        slices.push(`${begun.name} ${begun.time} ${time}`);
      }
    }
    const calls = source.model.calls.calls.map(
      ({ functionName, start, end }) => `${functionName} ${start} ${end ?? ''}`,
    );
    expect(slices.sort()).toEqual(calls.sort());
  });

  it('links each completed request to its completion', () => {
    const pairs = source.model.calls.calls.reduce((sum, call) => sum + call.completes.length, 0);
    const { happenings } = readPerfetto(perfettoOf(source));
    const from = new Map(happenings.flatMap((one) => one.leaving.map((flow) => [flow, one.name] as const)));
    const completions = happenings.flatMap((one) =>
      one.arriving.filter(
        (flow) => from.get(flow) === 'MiniportTcpOffloadSend' && one.name === 'NdisTcpOffloadSendComplete',
      ),
    );
    expect(pairs).toBeGreaterThan(0);
    expect(completions.length).toBe(
      source.model.calls.calls.filter(
        ({ functionName, completedBy }) =>
          functionName === 'MiniportTcpOffloadSend' && completedBy !== undefined,
      ).length,
    );
  });

  it('has a track for each counter, with all its values', () => {
    const { happenings, tracks } = readPerfetto(perfettoOf(source));
    const counters = countersOf(source);
    expect(counters.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'throughput chimney',
        'requests in flight',
        'bytes in flight',
        'congestion window',
      ]),
    );
    expect([...tracks.values()].filter((fields) => fieldOf(fields, 8) !== undefined)).toHaveLength(
      counters.length,
    );
    expect(happenings.filter(({ type }) => type === 'sample')).toHaveLength(
      counters.reduce((sum, { times }) => sum + times.length, 0),
    );
  });

  it('leaves open what was open when the recording was cut', () => {
    const cut = sourceOf(syntheticTrace({ withoutEnd: true }));
    expect(objections(readPerfetto(perfettoOf(cut)).happenings)).toEqual([]);
  });

  it('can be read whatever a trace holds', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const { complaints } = readPerfetto(perfettoOf(sourceOf(encodeTrace(records))));
        expect(complaints).toEqual([]);
      }),
      property(100),
    );
  });

  // The schema is Perfetto's own file protos/perfetto/trace/perfetto_trace.proto; no registry that we use has it.
  const schema = process.env['PERFETTO_TRACE_PROTO'];
  const canDecode = schema !== undefined && spawnSync('protoc', ['--version']).status === 0;
  it.skipIf(!canDecode)(
    `is all known to Perfetto's own schema${canDecode ? '' : ' (skipped: set PERFETTO_TRACE_PROTO to its perfetto_trace.proto, and install protoc)'}`,
    () => {
      const words = [`--proto_path=${path.dirname(schema!)}`, '--decode=perfetto.protos.Trace', schema!];
      const input = perfettoOf(source);
      const { status, stdout, stderr } = spawnSync('protoc', words, { input, maxBuffer: 512 * 1024 * 1024 });
      expect([status, stderr.toString()]).toEqual([0, '']);
      const decoded = stdout.toString();
      // A field that the schema does not know is shown by its number.
      expect(decoded.match(/^\s*\d+[:{ ].*$/m)).toBeNull();
      expect(decoded.match(/^packet \{$/gm)!.length).toBe(readProtobuf(input).length);
      for (const word of [
        'TYPE_SLICE_BEGIN',
        'TYPE_COUNTER',
        'terminating_flow_ids',
        'thread_name',
        'UNIT_SIZE_BYTES',
      ])
        expect(decoded).toContain(word);
    },
  );
});

describe("a trace in Chrome's JSON", () => {
  const schema = JSON.parse(
    readFileSync(path.resolve(import.meta.dirname, '../../../docs/chrome-trace.schema.json'), 'utf8'),
  ) as Parameters<typeof z.fromJSONSchema>[0];

  it('is valid by docs/chrome-trace.schema.json', () => {
    const parsed = z.fromJSONSchema(schema).safeParse(chromeOf(source));
    expect(parsed.error?.issues ?? []).toEqual([]);
    expect(z.fromJSONSchema(schema).safeParse({ traceEvents: [{ ph: 'B', pid: 1, tid: 1 }] }).success).toBe(
      false,
    );
  });

  it('has slices that nest, times that never go back on a track, and flows from one slice to one other', () => {
    expect(objections(chromeHappenings(chromeOf(source).traceEvents))).toEqual([]);
  });

  it('tells what the file for Perfetto tells', () => {
    const plain = ({ type, name, time, leaving, arriving }: Happening): string =>
      `${type} ${type === 'sample' || type === 'end' ? '' : name} ${Math.round(time)} ${leaving.join()} ${arriving.join()}`;
    expect(chromeHappenings(chromeOf(source).traceEvents).map(plain)).toEqual(
      readPerfetto(perfettoOf(source)).happenings.map(plain),
    );
  });

  it('is JSON whatever a trace holds', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        const parsed = z.fromJSONSchema(schema).safeParse(chromeOf(sourceOf(encodeTrace(records))));
        expect(parsed.error?.issues ?? []).toEqual([]);
      }),
      property(60),
    );
  });
});
