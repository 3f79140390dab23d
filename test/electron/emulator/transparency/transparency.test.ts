/** TRANSPARENCY: whether a connection is offloaded does not show to its applications, whatever the wire does to frames. */
import { describe, expect, it } from 'vitest';
import { silentProbe } from '../../../../electron/emulator/observe/silentProbe';
import {
  checkTransparency,
  TransparencyCheck,
  TransparencyRun,
} from '../../../../electron/emulator/transparency/transparencyRun';
import { fateDelivers } from '../../../../shared/trace/frameFates';
import { frameFates } from '../../../../shared/trace/records';

/** Seeds of each part; the command line runs thousands. */
const seedsOfPart = 40;

describe('applications see the same bytes and ends with and without hand-overs', () => {
  it.each([0, 1, 2, 3, 4])(
    'for 40 seeds, part %i',
    (part) => {
      for (let seed = 1 + part * seedsOfPart; seed <= (part + 1) * seedsOfPart; seed++)
        expect({ seed, findings: checkTransparency({ seed, connections: 3 }).findings }).toEqual({
          seed,
          findings: [],
        });
    },
    60_000,
  );
});

describe('a check of transparency', () => {
  const results = Array.from({ length: 20 }, (_, index) =>
    checkTransparency({ seed: 5000 + index, connections: 4 }),
  );

  it('hands connections over in both directions, several times in a run, with bytes in the chimney', () => {
    expect(Math.max(...results.map(({ uploads }) => uploads))).toBeGreaterThan(5);
    expect(results.every(({ offloads }) => offloads > 0)).toBe(true);
    expect(results.filter(({ chimneyBytes }) => chimneyBytes > 0).length).toBeGreaterThan(15);
  });

  it('has wires that do everything to frames', () => {
    const fates = new Set(results.flatMap(({ frames }) => Object.keys(frames)));
    for (const fate of frameFates) if (fate !== 'queue-overflow') expect(fates).toContain(fate);
    expect(frameFates.filter(fateDelivers).length).toBe(4);
  });

  it('is a function of its seed', () => {
    const again = checkTransparency({ seed: 5003, connections: 4 });
    expect(again).toEqual(results[3]);
    expect(checkTransparency({ seed: 5004, connections: 4 }).events).not.toBe(again.events);
  });

  it('finds a byte that was changed, one that is missing, and an end that was not seen', () => {
    const settings = { seed: 1, connections: 1 };
    const check = new TransparencyCheck(silentProbe(), settings);
    while (check.advance(100_000));
    expect(check.result().findings).toEqual([]);
    const run = new TransparencyRun(silentProbe(), settings, true);
    const [host] = run.hosts;
    host!.end.take(Uint8Array.of(host!.plan.peer.bytes[0]! ^ 1));
    host!.end.takeEnd();
    host!.end.take(Uint8Array.of(1));
    expect(run.findings()).toContainEqual(expect.stringContaining('byte 0 is not what was sent'));
    expect(run.findings()).toContainEqual(expect.stringContaining('still open'));
  });

  it('reports a crash as a finding', () => {
    const probe = silentProbe();
    const run = new TransparencyRun(
      {
        ...probe,
        frame: () => {
          throw new Error('a frame too many');
        },
      },
      { seed: 1, connections: 1 },
      true,
    );
    while (run.advance(100_000));
    expect(run.findings()).toContain('crashed: a frame too many');
  });
});
