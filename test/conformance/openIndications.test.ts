/** Terminates that are ready while an indication about the adapter is still on its way up. */
import { describe, expect, it } from 'vitest';
import { once } from '../../electron/emulator/mutants/situations';
import type { Situation } from '../../electron/emulator/mutants/mutant';
import { runSituation } from '../../electron/emulator/mutants/runMutant';
import { OffloadTarget } from '../../electron/emulator/target/offloadTarget';
import { terminateRules } from '../../shared/rules/areas/terminate';

/** A host stack that takes 200 µs for every status. */
const slow: NonNullable<Situation['besides']> = {
  in: 'host-stack',
  driver: {
    handlers: {
      StatusHandlerEx:
        (next, { machine }) =>
        (context, indication) => {
          machine.scheduler.spend(200_000);
          machine.interleave();
          next(context, indication);
        },
    },
  },
};

/** The host stack takes a connection back, and at the same moment an adapter asks for a pause. */
const pausedAtUpload = once(
  (connection, { streams }) => connection.place === 'Offloaded' && streams[0]!.acknowledgedPart >= 0.5,
  (connection, { topology }) => {
    const { host } = topology;
    connection.upload();
    // While the terminate is under way: it takes the target some 20 µs.
    host.kernel.queueWorkItem(() => {
      for (const { target } of topology.adapters) if (target instanceof OffloadTarget) target.pauseOffload();
    }, 10_000);
  },
);

const terminates = terminateRules.filter(({ id }) => id === 'TRM-018');

describe('TRM-018: no terminate is completed while a status is on its way up', () => {
  it('of targets and of the intermediate driver above them', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { checker, accident } = runSituation(
        terminates,
        {
          scenario: 'load-balancing',
          plan: { processors: 4, halfway: 'nothing' },
          act: pausedAtUpload,
          besides: slow,
        },
        seed,
      );
      expect(accident).toBeUndefined();
      expect(checker.findings.map(({ found }) => `seed ${seed}: ${found}`)).toEqual([]);
      expect(checker.coverage().find(({ rule }) => rule === 'TRM-018')!.looks).toBeGreaterThan(0);
    }
  });
});
