import { bench, describe } from 'vitest';
import { Scheduler, type EventHost, type EventTarget } from '../../electron/emulator/clock/scheduler';
import { inventFile, ScenarioRun } from '../../electron/emulator/scenarios/scenarioRun';
import { finishChecksum, sumWords } from '../../electron/emulator/wire/internetChecksum';
import { Recording } from '../../electron/recorder/recording';
import { Random } from '../../shared/base/random';
import { silentProbe } from '../harness/silentProbe';

/** One place that is never busy. */
const idleHost: EventHost = { isBusy: () => false, begin: () => undefined, end: () => undefined };

/** Keeps itself in the queue: the hold model of event-queue benchmarks. */
class Holder implements EventTarget {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
  ) {}

  onEvent(): void {
    this.scheduler.schedule(this.scheduler.now + 1 + this.random.nextBelow(100_000), this);
  }
}

describe('event queue: 10,000 pops and pushes', () => {
  for (const pending of [16, 1_024, 65_536]) {
    const scheduler = new Scheduler();
    const holder = new Holder(scheduler, new Random(1));
    for (let index = 0; index < pending; index++) holder.onEvent();
    bench(`${pending} pending`, () => {
      for (let index = 0; index < 10_000; index++) scheduler.step(idleHost);
    });
  }
});

describe('Internet checksum of 1,460 bytes, 1,000 times', () => {
  const bytes = new Uint8Array(1460);
  new Random(1).fill(bytes);
  let sum = 0;
  bench('sum and fold', () => {
    for (let index = 0; index < 1000; index++) sum += finishChecksum(sumWords(0, bytes, 0, bytes.length));
    if (sum < 0) throw new Error('unreachable');
  });
});

describe('4 MB there and back', () => {
  const file = inventFile(1, 4_000_000);
  const settings = { scenario: 'transfer', seed: 1, loss: 0, file } as const;
  bench('emulated, not recorded', () => {
    const run = new ScenarioRun(silentProbe(), settings);
    while (run.advance(100_000));
  });
  bench('emulated and recorded to memory', () => {
    let bytes = 0;
    const recording = new Recording('bench', settings, 'bench', {
      write: (piece) => (bytes += piece.length),
    });
    while (recording.advance(100_000));
    recording.finish(false);
    if (bytes === 0) throw new Error('nothing was recorded');
  });
});
