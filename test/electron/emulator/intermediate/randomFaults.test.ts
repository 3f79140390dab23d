import { describe, expect, it } from 'vitest';
import { Random } from '../../../../shared/base/random';
import { TeamBench } from '../../../harness/teamBench';
import { heldBy } from '../../../harness/heldBy';

/** What can happen to a member of a team; each fault ends by itself. */
const faults = ['carrier', 'upload-all', 'pause-offload', 'power', 'pause'] as const;

/** Lets a random fault happen to a member that has none, for up to 20 ms. */
function strike(bench: TeamBench, member: number, random: Random, over: () => void): string {
  const { machine, topology } = bench;
  const { target, link } = bench.adapter(member);
  const fault = faults[random.nextBelow(faults.length)]!;
  const duration = 100_000 + random.nextBelow(20_000_000);
  const later = (work: () => void): void => {
    machine.queueWorkItem(duration, () => {
      work();
      over();
    });
  };
  switch (fault) {
    case 'carrier':
      link.setCarrier(false);
      later(() => {
        link.setCarrier(true);
      });
      break;
    case 'upload-all':
      target.uploadAll();
      later(() => {
        target.resumeOffload();
      });
      break;
    case 'pause-offload':
      target.pauseOffload();
      later(() => {
        target.resumeOffload();
      });
      break;
    case 'power':
      bench.setPower(member, 'D3', () => {
        machine.queueWorkItem(duration, () => {
          bench.setPower(member, 'D0', over);
        });
      });
      break;
    case 'pause':
      machine.queueWorkItem(0, () => {
        topology.ndis.life.pause(target.miniportHandle, () => {
          machine.queueWorkItem(duration, () => {
            topology.ndis.life.restart(target.miniportHandle, over);
          });
        });
      });
  }
  return fault;
}

/** What a run with faults leaves. */
interface Outcome {
  readonly changed: number;
  readonly struck: readonly string[];
  /** Connections that have been offloaded once a fault had struck. */
  readonly offloadedAgain: number;
  readonly uneven: readonly string[];
  readonly outstanding: readonly (number | undefined)[];
}

function run(seed: number, mode: 'failover' | 'load-balancing', layers: number): Outcome {
  const random = new Random(seed, 77);
  const bench = new TeamBench({
    seed,
    loss: 0.002,
    neighbors: 3,
    paths: 5,
    team: { adapters: 2, mode, layers },
  });
  bench.startOffloaded(10 + random.nextBelow(11), 250_000, seed);
  const busy = [false, false];
  const struck: string[] = [];
  const initiates = (): number => bench.callsOf('NdisInitiateOffload', 'Host TCP/IP stack').length;
  const before = initiates();
  let next = bench.machine.now;
  while (struck.length < 10 && bench.streams.some(({ application }) => application.ended === undefined)) {
    bench.step();
    if (bench.machine.now < next) continue;
    next = bench.machine.now + random.nextBelow(15_000_000);
    const member = random.nextBelow(2);
    if (busy[member]) continue;
    busy[member] = true;
    bench.machine.queueDeferredCall(0, () => {
      struck.push(strike(bench, member, random, () => (busy[member] = false)));
    });
  }
  bench.finish();
  const { adapters, intermediates } = bench.topology;
  return {
    changed: bench.streams.filter((stream) => !stream.isUnchanged()).length,
    struck,
    offloadedAgain: initiates() - before,
    uneven: bench.unevenCompletions(),
    outstanding: heldBy(
      intermediates,
      adapters.map(({ target }) => target),
    ),
  };
}

const cases = ([1, 2, 3] as const).flatMap((seed) =>
  (['failover', 'load-balancing'] as const).flatMap((mode) =>
    ([1, 2] as const).map((layers) => ({ seed, mode, layers })),
  ),
);

const outcomes = cases.map((one) => ({ ...one, ...run(one.seed, one.mode, one.layers) }));

describe.each(outcomes)('random faults of members: seed $seed, $mode, $layers layers', (outcome) => {
  it('every stream comes back unchanged', () => {
    expect(outcome.changed).toBe(0);
  });

  it('several faults have struck', () => {
    expect(outcome.struck.length).toBeGreaterThan(3);
  });

  it('IMD-014 IMD-024: every request has been completed once on every layer', () => {
    expect(outcome.uneven).toEqual([]);
  });

  it('IMD-018 IMD-020: no intermediate driver and no target holds anything', () => {
    expect(outcome.outstanding).toEqual(outcome.outstanding.map(() => 0));
  });
});

describe('random faults together', () => {
  it('every kind of fault has struck', () => {
    expect(new Set(outcomes.flatMap(({ struck }) => struck))).toEqual(new Set(faults));
  });

  it.each(['failover', 'load-balancing'])('connections have been offloaded again after them (%s)', (mode) => {
    const again = outcomes.filter((outcome) => outcome.mode === mode).map((one) => one.offloadedAgain);
    expect(again.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(20);
  });
});
