/** Situations in which an idle neighbor goes stale. */
import { defaultHostSettings } from '../../../host/hostSettings';
import type { Frame } from '../../../wire/frame';
import { copyFrame } from '../../../tampering/segmentEdits';
import type { Situation } from '../../mutant';
import { quietConnection, type QuietScene, type QuietStep } from '../../quietConnection';

/** Remote hosts of which nothing is heard any more, not even ARP; by the run's NDIS. */
const muted = new WeakSet();

/** The last segment with data that has come, by the run's NDIS. */
const lastData = new WeakMap<object, Frame>();

/** The remote host falls silent altogether. */
export function mute({ run }: QuietScene): void {
  muted.add(run.topology.ndis);
}

/** It is heard again. */
export function unmute({ run }: QuietScene): void {
  muted.delete(run.topology.ndis);
}

/** The last segment with data comes a second time. */
export function repeatData({ run, peer }: QuietScene): void {
  const last = lastData.get(run.topology.ndis);
  if (last !== undefined) peer.inject(0, () => copyFrame(last));
}

/** The host stack asks the target for its NicReachabilityDelta. */
export function queryNeighbor({ host, connection }: QuietScene): void {
  if (connection.place === 'Offloaded')
    host.offloads.query(connection.path.neighbor, 'delegated', () => undefined);
}

/** The host stack asks the neighbor itself, as it may at any time: the answer confirms its entry. */
export function confirmByArp({ host, connection }: QuietScene): void {
  const { address, mac } = connection.path.neighbor;
  host.resolution.request(address, mac);
}

/** The application sends a little. */
export function sendSome(scene: QuietScene): void {
  scene.send(1000);
}

/** A connection on which a script makes things happen; neighbors go stale after so many ticks of a millisecond. */
export function idleNeighbor(steps: readonly QuietStep[], NceStaleTicks = 2000): Situation {
  return {
    ...quietConnection(steps, {
      plan: { host: { parameters: { ...defaultHostSettings.parameters, NceStaleTicks } } },
    }),
    remote: (frame, { ndis }) => {
      if (frame.payloadLength > 0) lastData.set(ndis, copyFrame(frame));
      return muted.has(ndis) ? [] : [frame];
    },
  };
}
