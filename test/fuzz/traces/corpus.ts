/** Traces that fuzzing starts from: of every kind of writer, small enough that many fit into a second. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rewriteTrace } from '../../../shared/trace/compaction';
import type { TraceRecord } from '../../../shared/trace/records';
import { memorySource } from '../../../shared/trace/traceSource';
import { TraceEncoder } from '../../../shared/trace/traceEncoder';
import { zlibCodec } from '../../../electron/files/zlibCodec';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { concatenate, plainHeader, type TimedRecord } from '../../harness/traceBytes';
import { syntheticTrace } from '../../harness/syntheticTrace';
import { recordScenario } from '../../harness/recordScenario';

function encode(records: readonly TimedRecord[], flushEvery: number, compressed: boolean): Uint8Array {
  const pieces: Uint8Array[] = [];
  const encoder = new TraceEncoder(
    plainHeader,
    { write: (bytes) => void pieces.push(bytes.slice()) },
    { codec: compressed ? zlibCodec : undefined },
  );
  records.forEach(({ time, record }, index) => {
    encoder.write(time, record);
    if (index % flushEvery === flushEvery - 1) encoder.flush();
  });
  encoder.finish();
  return concatenate(pieces);
}

/** So many changes that checkpoints are due, in few rows. */
function manyChanges(): TimedRecord[] {
  const records: TraceRecord[] = [{ kind: 'component', id: 0, role: 'host-stack', name: 'tcpip.sys' }];
  for (let id = 0; id < 4; id++)
    records.push({
      kind: 'state-object',
      id,
      layer: id === 0 ? 'neighbor' : id === 1 ? 'path' : 'tcp',
      parent: id === 0 ? undefined : Math.min(id - 1, 1),
      connection: undefined,
      label: `object ${id}`,
    });
  for (let index = 0; index < 700; index++) {
    const changes = Array.from({ length: 60 }, (_, variable) => ({
      variable: variable % 50,
      value: variable === 7 ? Uint8Array.of(index & 0xff, 1, 2) : index * variable,
    }));
    records.push({ kind: 'state-change', object: 2 + (index % 2), cause: undefined, writer: 0, changes });
    if (index % 100 === 50) records.push({ kind: 'ownership', object: 2, owner: 'target', cause: undefined });
  }
  records.push({ kind: 'end', report: '{}' });
  return records.map((record, index) => ({ time: index * 1000, record }));
}

async function rewritten(bytes: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await rewriteTrace(memorySource(bytes), { write: (piece) => void pieces.push(piece.slice()) }, zlibCodec);
  return concatenate(pieces);
}

/**
 * Every trace to start from; always the same ones.
 * @param root folder of the repository
 */
export async function fuzzCorpus(root: string): Promise<readonly Uint8Array[]> {
  const samples = fc
    .sample(arbitraryRecords(true, 80), { seed: 5, numRuns: 400 })
    .filter((records) => records.length > 12)
    .slice(0, 24);
  const made = samples.map((records, index) =>
    encode(records, [4, 9, Infinity][index % 3]!, index % 2 === 0),
  );
  const changes = manyChanges();
  const offload = recordScenario('transfer', { fileBytes: 3000, seed: 3 }).bytes;
  const golden = ['v1-transfer.sweep', 'v1-failover.sweep'].map(
    (name) => new Uint8Array(readFileSync(path.join(root, 'test', 'golden', 'traces', name))),
  );
  return [
    ...made,
    encode(changes, 200, true),
    await rewritten(offload),
    offload.slice(0, 30_000),
    syntheticTrace({ sends: 3 }),
    ...golden.map((bytes) => bytes.slice(0, 40_000)),
  ];
}
