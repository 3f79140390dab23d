/** Three traces as sources of tables, recorded once for all tests of a file. */
import type { ScenarioId } from '../../shared/contract/scenarios';
import type { TableSource } from '../../shared/export/tableTypes';
import { TraceModel } from '../../shared/analysis/traceModel';
import { recordScenario } from './recordScenario';
import { syntheticTrace } from './syntheticTrace';

/** A trace with its name in a corpus, and its bytes. */
export interface CorpusTrace {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly source: TableSource;
}

/** Bytes of a trace as a source of tables. */
export function sourceOf(bytes: Uint8Array): TableSource {
  const model = new TraceModel();
  const pushed = model.push(bytes);
  if (!pushed.ok) throw new Error(pushed.error.message);
  const ending = model.close();
  if (!ending.ok) throw new Error(ending.error.message);
  return { model, store: model.store!, complete: ending.value.kind === 'complete' };
}

function recorded(
  name: string,
  scenario: ScenarioId,
  seed: number,
  fileBytes: number,
  loss = 0,
): CorpusTrace {
  const { bytes } = recordScenario(scenario, { seed, fileBytes, loss });
  return { name, bytes, source: sourceOf(bytes) };
}

/** Two transfers, one of them with losses, and a trace that was made by hand. */
export function threeTraces(): readonly CorpusTrace[] {
  const made = syntheticTrace();
  return [
    recorded('plain', 'transfer', 1, 150_000),
    recorded('lossy', 'transfer', 2, 150_000, 0.03),
    { name: 'synthetic', bytes: made, source: sourceOf(made) },
  ];
}
