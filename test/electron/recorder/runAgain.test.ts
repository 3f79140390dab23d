import { describe, expect, it } from 'vitest';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { libraryScenario } from '../../../shared/scenario/library';
import type { TraceHeader } from '../../../shared/trace/records';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { runAgain, type RunAgain, type RunAgainWishes } from '../../../electron/recorder/runAgain';

function record({ settings, fileName, options }: Omit<RunAgain, 'isChanged'>): Buffer {
  const pieces: Uint8Array[] = [];
  const sink = { write: (bytes: Uint8Array) => pieces.push(bytes.slice()) };
  const recording = new Recording('test', settings, fileName, sink, options);
  while (recording.advance(10_000));
  recording.finish(false);
  return Buffer.concat(pieces);
}

function headerOf(bytes: Uint8Array): TraceHeader {
  const model = new TraceModel();
  model.push(bytes);
  model.close();
  return model.store!.header;
}

function planned(header: TraceHeader, wishes: RunAgainWishes = {}): RunAgain {
  const plan = runAgain(header, wishes);
  if (!plan.ok) throw new Error(plan.error);
  return plan.value;
}

describe('a run that is made again from its trace', () => {
  const definition = libraryScenario('first-sweep')!;
  const file = inventFile(3, definition.workload.bytes);
  const settings = { scenario: 'first-sweep', seed: 3, loss: 0.01, file };
  const first = record({
    settings: { ...settings, fileSeed: 3 },
    fileName: 'made up from seed 3',
    options: {},
  });
  const header = headerOf(first);

  it('is the same byte for byte, with another loss than the scenario has', () => {
    const again = planned(header);
    expect(again.isChanged).toBe(false);
    expect(record(again).equals(first)).toBe(true);
  });

  it('keeps the snap length', () => {
    const options = { snapLength: 200 };
    const bytes = record({ settings: { ...settings, fileSeed: 3 }, fileName: 'made up', options });
    expect(record(planned(headerOf(bytes))).equals(bytes)).toBe(true);
  });

  it('has another file with another seed', () => {
    const again = planned(header, { seed: 4 });
    expect(again).toMatchObject({ isChanged: true, fileName: 'made up from seed 4' });
    expect(Buffer.from(again.settings.file).equals(Buffer.from(inventFile(4, file.length)))).toBe(true);
  });

  it('takes changes with units, and a whole definition', () => {
    const changes = [
      'workload.bytes=64KiB',
      'topology.link.delay=1ms',
      'faults=[{kind: link-down, at: 2ms, for: 1ms}]',
    ];
    const { settings: changed, isChanged } = planned(header, { changes });
    expect(isChanged).toBe(true);
    expect(changed.file).toHaveLength(65_536);
    expect(changed.definition).toMatchObject({
      topology: { link: { delay: 1_000_000, loss: 0.01 } },
      faults: [{ kind: 'link-down', at: 2_000_000 }],
    });
    expect(planned(header, { definition: libraryScenario('transfer')! }).settings.scenario).toBe('transfer');
  });

  it.each([
    ['workload.byte=1', '"byte" is unknown here'],
    ['workload.bytes', 'is no change'],
    ['__proto__.x=1', 'is no change'],
    ['workload.constructor.x=1', 'constructor is no name of a scenario'],
    ['title.x=1', 'leads through title'],
    ['steps[9].do=wait', 'steps[0]'],
    ['seed=[', "can't be read"],
  ])('refuses the change %s', (change, message) => {
    const plan = runAgain(header, { changes: [change] });
    expect(plan.ok ? '' : plan.error).toContain(message);
  });

  it('asks for a file that is somebody’s, and knows it by its digest', () => {
    const own = headerOf(record({ settings, fileName: 'own.bin', options: {} }));
    const without = runAgain(own);
    expect(without.ok ? '' : without.error).toContain('Name the file');
    expect(planned(own, { file: { name: 'own.bin', bytes: file } }).isChanged).toBe(false);
    expect(planned(own, { file: { name: 'own.bin', bytes: file.subarray(1) } }).isChanged).toBe(true);
  });

  it('asks for driver modules', () => {
    const settings = { ...header.settings, targetDriver: 'mine.ts', targetDriverSha256: '00' };
    const plan = runAgain({ ...header, settings });
    expect(plan.ok ? '' : plan.error).toContain('the driver module mine.ts');
  });

  it('says that a trace has no scenario', () => {
    const plan = runAgain({ ...header, run: undefined });
    expect(plan.ok ? '' : plan.error).toContain('does not say what was run');
  });
});
