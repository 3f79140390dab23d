/** Situations that mutants of several areas need. */
import type { HostConnection } from '../host/hostConnection';
import type { ScenarioRun } from '../scenarios/scenarioRun';
import { TcpConnectionState } from '../tcp/tcpVariables';
import type { Situation } from './mutant';

/** Does something on the first connection as soon as a condition holds, once; between events, at PASSIVE_LEVEL. */
export function once(
  isDue: (connection: HostConnection, run: ScenarioRun) => boolean,
  action: (connection: HostConnection, run: ScenarioRun) => void,
): (run: ScenarioRun) => boolean {
  return (run) => {
    const connection = run.streams[0]?.connection;
    if (connection === undefined || !isDue(connection, run)) return true;
    run.topology.host.kernel.queueWorkItem(() => {
      action(connection, run);
    });
    return false;
  };
}

/** The application gives the offloaded connection up when half of its bytes have been acknowledged. */
export const abortedHalfway: Situation = {
  plan: { halfway: 'nothing' },
  act: once(
    (connection, run) => connection.place === 'Offloaded' && run.streams[0]!.acknowledgedPart >= 0.5,
    (connection) => {
      connection.abort();
    },
  ),
};

/** The application gives the offloaded connection up from inside the first indication of received data. */
export const abortedInIndication: Situation = {
  plan: { halfway: 'nothing' },
  act: (run) => {
    const { connection, application } = run.streams[0]!;
    if (connection === undefined) return true;
    const onData = application.onData.bind(application);
    application.onData = (bytes) => {
      onData(bytes);
      if (connection.place === 'Offloaded') connection.abort();
    };
    return false;
  },
};

/** The application gives the connection up while its FIN is on the way. */
export const abortedBehindFin: Situation = {
  plan: { halfway: 'nothing' },
  act: once(
    (connection) => connection.place === 'Offloaded' && connection.state === TcpConnectionState.FinWait1,
    (connection) => {
      connection.abort();
    },
  ),
};

/** The host stack takes the connection back while its FIN is on the way. */
export const uploadedBehindFin: Situation = {
  plan: { halfway: 'nothing' },
  act: once(
    (connection) => connection.place === 'Offloaded' && connection.state === TcpConnectionState.FinWait1,
    (connection) => {
      connection.upload();
    },
  ),
};

/** The host stack takes the connection back when half of its bytes have been acknowledged. */
export const uploadedHalfway: Situation = {
  plan: { halfway: 'nothing' },
  act: once(
    (connection, run) => connection.place === 'Offloaded' && run.streams[0]!.acknowledgedPart >= 0.5,
    (connection) => {
      connection.upload();
    },
  ),
};
