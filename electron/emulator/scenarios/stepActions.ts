/** What each step of a scenario does. */
import { assertNever } from '../../../shared/base/assertNever';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { ScenarioStep } from '../../../shared/scenario/steps';
import type { StateLayer } from '../../../shared/trace/records';
import type { ConnectionOptions } from '../host/connectionOptions';
import type { OffloadableObject } from '../host/offloadCoordinator';
import { devicePowerStates } from '../ndis/characteristics';
import { isIpv6 } from '../wire/address';
import { ipv6MinimumMtu } from '../wire/ipv6';
import { receivePolicyOf } from './definedPlan';
import type { TargetDriver } from './moduleDriver';
import type { ScriptScene } from './scenarioScript';
import { macAddress, standbyInterface } from './topology';

/** Ethernet address that the next hop gets, counted from here. */
const replacementMac = 0x200;

type StepOf<Name extends ScenarioStep['do']> = Extract<ScenarioStep, { do: Name }>;

/** Steps whose milestones are about the connection. */
const aboutConnection: ReadonlySet<ScenarioStep['do']> = new Set([
  'set-options',
  'reads',
  'upload',
  'abort',
  'peer-reset',
]);

function objectOf({ connection }: ScriptScene, layer: StateLayer): OffloadableObject {
  const objects: Record<StateLayer, OffloadableObject> = {
    neighbor: connection.path.neighbor,
    path: connection.path,
    tcp: connection,
  };
  return objects[layer];
}

function query({ layer, variables }: StepOf<'query'>, scene: ScriptScene): void {
  const { connection } = scene;
  const { host } = scene.topology;
  const what = variables === 'all' ? 'all variables' : `the ${variables} variables`;
  host.offloads.query(objectOf(scene, layer), variables, (state) => {
    const answer = state === undefined ? 'refuses to tell' : 'tells';
    host.note(connection.id, `The target ${answer} ${what} of the ${layer}`);
  });
}

function offload(step: StepOf<'offload'>, { connection, topology: { host } }: ScriptScene): void {
  const statistics = step.tellsStatistics ? host.offloadStatistics() : undefined;
  if (statistics !== undefined) {
    const { InSegments, OutSegments } = statistics.tcp;
    host.note(
      connection.id,
      `The target has counted ${InSegments ?? 0n} segments in and ${OutSegments ?? 0n} out on offloaded connections`,
    );
  }
  if (step.connections === 'all') host.offloads.offer(host.connections);
  else connection.offload();
}

function setPower(
  { state, for: duration, wakeNote }: StepOf<'power'>,
  target: TargetDriver,
  { machine, topology: { ndis, host } }: ScriptScene,
): void {
  ndis.life.setPower(target.miniportHandle, devicePowerStates[state], (status) => {
    if (status !== NDIS_STATUS.SUCCESS || duration === undefined) return;
    machine.queueWorkItem(duration, () => {
      if (wakeNote !== undefined) host.note(undefined, wakeNote);
      ndis.life.setPower(target.miniportHandle, devicePowerStates.D0, () => undefined);
    });
  });
}

function pauseAdapter(
  { for: duration }: StepOf<'pause-adapter'>,
  target: TargetDriver,
  { machine, topology: { ndis } }: ScriptScene,
): void {
  ndis.life.pause(target.miniportHandle, () => {
    machine.queueWorkItem(duration, () => {
      ndis.life.restart(target.miniportHandle, () => undefined);
    });
  });
}

/** Options without those that are undefined. */
function optionsOf(options: StepOf<'set-options'>['options']): Partial<ConnectionOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function resetByPeer({ stream, connection }: ScriptScene): void {
  const { peer, address } = stream.destination;
  peer.reset(address, connection.path.source, connection.localPort);
}

/** The MTU that a path gets; IPv6 has a smallest one (RFC 8200 section 5). */
function mtuOf(mtu: number, { connection }: ScriptScene): number {
  return isIpv6(connection.remoteAddress) ? Math.max(mtu, ipv6MinimumMtu) : mtu;
}

/** The milestone of a step, if it has one. */
function tell(step: ScenarioStep, scene: ScriptScene): void {
  if (step.note === undefined) return;
  const { host } = scene.topology;
  const text =
    step.do === 'set-path-mtu' ? step.note.replaceAll('{mtu}', String(mtuOf(step.mtu, scene))) : step.note;
  host.note(aboutConnection.has(step.do) ? scene.connection.id : undefined, text);
}

/** Takes a step, at its IRQL. What a module's driver can't do does not happen, as nobody could make it happen. */
export function takeStep(step: ScenarioStep, scene: ScriptScene): void {
  const { stream, connection, topology } = scene;
  const { host } = topology;
  tell(step, scene);
  // The definition has been checked: there are such an adapter and such a neighbor.
  const { target, link } = topology.adapters[('adapter' in step ? step.adapter : 1) - 1]!;
  const neighbor = ('neighbor' in step ? step.neighbor : 1) - 1;
  switch (step.do) {
    case 'wait':
      return;
    case 'offload':
      offload(step, scene);
      return;
    case 'upload':
      if (step.connections === 'all') host.offloads.takeBackSoon(host.connections);
      else connection.upload();
      return;
    case 'query':
      query(step, scene);
      return;
    case 'invalidate':
      host.offloads.invalidate(objectOf(scene, step.layer));
      return;
    case 'set-options':
      connection.setOptions(optionsOf(step.options));
      return;
    case 'set-path-mtu':
      host.changePathMtu(connection.remoteAddress, mtuOf(step.mtu, scene));
      return;
    case 'change-next-hop': {
      const { address, ipv6Address } = standbyInterface(neighbor);
      host.changeNextHop(connection.remoteAddress, isIpv6(connection.remoteAddress) ? ipv6Address : address);
      return;
    }
    case 'replace-next-hop-adapter':
      topology.peers[neighbor]!.replaceMac(macAddress(replacementMac + neighbor));
      return;
    case 'tell-reachability':
      host.offloads.updates.changed(connection.path.neighbor);
      return;
    case 'target-pause':
      target.pauseOffload?.();
      return;
    case 'target-upload-all':
      target.uploadAll();
      return;
    case 'target-resume':
      target.resumeOffload(step.tcpCapacity);
      return;
    case 'break-hardware':
      target.breakHardwareDuring?.(step.during);
      return;
    case 'hang':
      target.hang?.();
      return;
    case 'cable':
      link.setCarrier(step.state === 'plugged');
      return;
    case 'power':
      setPower(step, target, scene);
      return;
    case 'pause-adapter':
      pauseAdapter(step, target, scene);
      return;
    case 'connection-offload':
      host.switchConnectionOffload(step.on);
      return;
    case 'reads':
      stream.application.receives = receivePolicyOf(step.reads);
      return;
    case 'abort':
      connection.abort();
      return;
    case 'peer-reset':
      resetByPeer(scene);
      return;
    default:
      assertNever(step, 'step of a scenario');
  }
}
