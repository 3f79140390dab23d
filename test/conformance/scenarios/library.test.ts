/** Every scenario of the library keeps what it promises, and its run can be made again from its trace alone. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../../shared/analysis/runReport';
import { compareTraces, isSameRun } from '../../../shared/analysis/traceDifference';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { implementedRules } from '../../../shared/rules/rules';
import type { ScenarioDefinition } from '../../../shared/scenario/definition';
import { library } from '../../../shared/scenario/library';
import { missedExpectations } from '../../../shared/scenario/missedExpectations';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { analyseTrace } from '../../harness/analyseTrace';
import { buildProgram } from '../../harness/runThreadProgram';

/** Long enough for a thousand connections on a machine that does other things as well. */
const patience = 600_000;

interface Recorded {
  readonly report: RunReport;
  readonly model: TraceModel;
  readonly checker: RuleChecker;
}

const folder = mkdtempSync(path.join(tmpdir(), 'library-'));
const fileOf = ({ scenario }: ScenarioDefinition): string => path.join(folder, `${scenario}.sweep`);

/** Records a scenario with all rules beside it. */
function record(definition: ScenarioDefinition, seed: number): Recorded {
  const { scenario, topology, workload } = definition;
  const pieces: Uint8Array[] = [];
  const checker = new RuleChecker(implementedRules);
  const recording = new Recording(
    'test',
    {
      scenario,
      definition,
      seed,
      loss: topology.link.loss,
      file: inventFile(seed, workload.bytes),
      fileSeed: seed,
    },
    `made up from seed ${seed}`,
    { write: (bytes) => pieces.push(bytes.slice()) },
    { checker },
  );
  while (recording.advance(10_000));
  const report = recording.finish(false);
  const bytes = Buffer.concat(pieces);
  writeFileSync(fileOf(definition), bytes);
  const model = new TraceModel();
  model.push(bytes);
  model.close();
  return { report, model, checker };
}

/** Runs that are large on purpose: stepping through them is for people with time. */
const large: readonly string[] = [
  'address-and-mtu-change',
  'bulk-offload',
  'failover',
  'link-loss',
  'load-balancing',
  'many-connections',
  'neighbor-invalidated',
  'power-down',
  'query-everything',
  'stacked-drivers',
  'terminate-with-data',
  'transfer',
  'update-everything',
  'upload-all',
];

describe.each(library.map((definition, index) => [definition.scenario, definition, index + 1] as const))(
  'the scenario %s',
  (_name, definition, seed) => {
    let recorded: Recorded;

    beforeAll(() => {
      recorded = record(definition, seed);
    }, patience);

    it('reaches its goal', () => {
      expect(recorded.report.summary).not.toMatch(/^The transfer did not finish/);
      expect(recorded.report.success).toBe(true);
    });

    it('is as it expects to be, and breaks no rule that it does not name', () => {
      const { report, model, checker } = recorded;
      const expectations = { ...definition.expectations, findings: definition.expectations.findings ?? [] };
      expect(missedExpectations(expectations, { report, model, findings: checker.findings })).toEqual([]);
    });

    it('is small enough to be stepped through', () => {
      const { length } = recorded.model.store!;
      if (!large.includes(definition.scenario)) expect(length).toBeLessThan(5_000);
    });
  },
);

describe('the run of each scenario of the library, made again by another process', () => {
  let remove: (() => void) | undefined;

  beforeAll(async () => {
    const built = await buildProgram('test/harness/againProgram.ts');
    ({ remove } = built);
    const { status, stderr } = spawnSync(process.execPath, [built.program, ...library.map(fileOf)], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  }, patience);

  afterAll(() => {
    remove?.();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(library.map((definition) => [definition.scenario, definition] as const))(
    'is the same byte for byte, without a difference: %s',
    (_name, definition) => {
      const first = readFileSync(fileOf(definition));
      const again = readFileSync(`${fileOf(definition)}.again`);
      expect(again.equals(first)).toBe(true);
      expect(isSameRun(compareTraces(analyseTrace(first), analyseTrace(again)))).toBe(true);
    },
    patience,
  );
});
