/** Whether the moment of a step has come. */
import type { StepConditions } from '../../../shared/scenario/steps';
import type { OffloadPlace } from '../host/offloadRecord';
import type { Machine } from '../machine/machine';
import { TcpConnectionState } from '../tcp/tcpVariables';
import type { ScriptScene } from './scenarioScript';

const places = {
  host: 'InHost',
  offloading: 'Offloading',
  target: 'Offloaded',
  uploading: 'Uploading',
} as const satisfies Readonly<Record<NonNullable<StepConditions['owner']>, OffloadPlace>>;

/** Whether the target has the connection and no update waits or is under way. */
function isSettled({ connection, topology }: ScriptScene): boolean {
  const { path } = connection;
  return (
    [connection, path, path.neighbor].every(
      ({ record }) => record.place === 'Offloaded' && !record.updating && record.openRequests === 0,
    ) && Object.values(topology.host.offloads.updates.outstanding).every((count) => count === 0)
  );
}

/** Whether every connection that still lives is at a place. */
function areAll({ topology: { host } }: ScriptScene, place: OffloadPlace): boolean {
  return host.connections.every((connection) => connection.isClosed || connection.place === place);
}

/** See the file's head. Everything that is asked for must hold. */
export function holds(conditions: StepConditions, scene: ScriptScene, machine: Machine): boolean {
  const { time, acknowledged, returned, owner, allOwners, settled, offloadsWelcome, state } = conditions;
  const { stream, connection, topology } = scene;
  return (
    (time === undefined || machine.now >= time) &&
    (acknowledged === undefined || stream.acknowledgedPart >= acknowledged) &&
    (returned === undefined || stream.returnedPart >= returned) &&
    (owner === undefined || connection.place === places[owner]) &&
    (allOwners === undefined || areAll(scene, places[allOwners])) &&
    (offloadsWelcome === undefined || topology.host.chimney.mayOffload === offloadsWelcome) &&
    (state === undefined || connection.state === TcpConnectionState[state]) &&
    (settled === undefined || isSettled(scene) === settled)
  );
}
