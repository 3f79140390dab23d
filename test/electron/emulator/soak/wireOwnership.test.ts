import { expect, it } from 'vitest';
import type { FramePath, StateOwner } from '../../../../shared/trace/records';
import { WireOwnership } from '../../../../electron/emulator/soak/wireOwnership';
import { silentProbe } from '../../../harness/silentProbe';

/** What is found when a frame of a path leaves while a connection's state has an owner. */
function findingsOf(owner: StateOwner, path: FramePath): readonly string[] {
  const { probe, findings } = new WireOwnership(silentProbe());
  const object = probe.stateObject(0, 'tcp', undefined, 7, 'TCP');
  probe.ownership(1, object, owner, undefined);
  probe.frame(2, 0, path, 7, undefined, 60, 0, false, new Uint8Array(60));
  return findings;
}

it.each([
  ['host', 'host'],
  ['offloading', 'chimney'],
  ['target', 'chimney'],
  ['uploading', 'chimney'],
  ['target', 'peer'],
] as const)('TRM-040: while the owner is %s, the %s path may send', (owner, path) => {
  expect(findingsOf(owner, path)).toEqual([]);
});

it.each([
  ['host', 'chimney'],
  ['offloading', 'host'],
  ['target', 'host'],
  ['uploading', 'host'],
] as const)('TRM-040: while the owner is %s, a frame of the %s path is found', (owner, path) => {
  expect(findingsOf(owner, path)).toHaveLength(1);
});
