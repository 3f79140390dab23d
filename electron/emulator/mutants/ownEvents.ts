/** A target that raises events of its own accord, and situations in which events come: what several mutants need. */
import { constantValue } from '../../../shared/ddi/catalogue';
import type { StateLayer } from '../../../shared/trace/records';
import type { NDIS_TCP_OFFLOAD_EVENT_HANDLERS } from '../ndis/characteristics';
import {
  isTaken,
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type NDIS_OFFLOAD_HANDLE,
} from '../ndis/offloadBlockList';
import { defaultHostSettings } from '../host/hostSettings';
import type { ScenarioRun } from '../scenarios/scenarioRun';
import type { BadDriver } from './badDriver';
import type { Situation } from './mutant';
import type { MutantTools } from './mutantTools';

/** TCP_OFFLOAD_EVENT_TYPE. */
export const tcpEvents = {
  sendBacklogChange: constantValue('TcpIndicateSendBacklogChange'),
  disconnect: constantValue('TcpIndicateDisconnect'),
  retrieve: constantValue('TcpIndicateRetrieve'),
  abort: constantValue('TcpIndicateAbort'),
} as const;

/** NdisTcpOffloadEventHandler. */
export type RaiseEvent = NDIS_TCP_OFFLOAD_EVENT_HANDLERS['NdisTcpOffloadEventHandler'];

/** Handles of the objects that an initiate has offloaded, by layer. */
export function offloadedHandles(
  tree: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
): Partial<Record<StateLayer, NDIS_OFFLOAD_HANDLE>> {
  const handles: Partial<Record<StateLayer, NDIS_OFFLOAD_HANDLE>> = {};
  walkBlocks(tree, (block) => {
    if (block.NdisOffloadHandle !== null && isTaken(block.Status))
      handles[block.layer] ??= block.NdisOffloadHandle;
  });
  return handles;
}

/** Keeps the event handler and the handles of the first offload, for `raise`. */
export const withEvents: NonNullable<BadDriver['functions']> = {
  NdisTcpOffloadEventHandler: (next, tools) => {
    tools.memory.set('raise', next);
    return next;
  },
  NdisMInitiateOffloadComplete: (next, tools) => (miniport, tree) => {
    const handles = offloadedHandles(tree);
    if (handles.tcp !== undefined && !tools.memory.has('handles')) tools.memory.set('handles', handles);
    next(miniport, tree);
  },
};

/** Raises an event for the first connection that was offloaded, or for what it depends on; by a target with `withEvents`. */
export function raise(tools: MutantTools, type: number, information = 0, layer: StateLayer = 'tcp'): void {
  const handles = tools.memory.get('handles') as ReturnType<typeof offloadedHandles> | undefined;
  const handle = handles?.[layer];
  if (handle !== undefined) (tools.memory.get('raise') as RaiseEvent)(handle, type, information);
}

/** A target that does something some time after the first initiate that it has completed, virtual ns. */
export function afterOffload(delay: number, act: (tools: MutantTools) => void): BadDriver {
  return {
    functions: {
      ...withEvents,
      NdisMInitiateOffloadComplete: (next, tools) => {
        const complete = withEvents.NdisMInitiateOffloadComplete!(next, tools);
        return (miniport, tree) => {
          complete(miniport, tree);
          if (tools.memory.has('handles') && tools.once(1, 'offload'))
            tools.later(delay, () => {
              act(tools);
            });
        };
      },
    },
  };
}

/** A target that raises one event some time after the first initiate, virtual ns. */
export function raisingEvent(delay: number, type: number, information = 0): BadDriver {
  return afterOffload(delay, (tools) => {
    raise(tools, type, information);
  });
}

/** The peer takes everything; when it has got so many bytes it sends an answer and closes its half. */
export function peerCloses(after = 40_000, answer = 0): NonNullable<Situation['act']> {
  return (run) => {
    for (const peer of run.topology.peers)
      peer.serve((connection, window) => {
        let left = after;
        const close = (): void => {
          if (answer > 0) connection.send(new Uint8Array(answer), { onAcknowledged: () => undefined });
          connection.shutdown();
        };
        return {
          receiveSpace: () => window,
          onData: (_bytes, _start, length) => {
            const wasOpen = left > 0;
            left -= length;
            if (wasOpen && left <= 0) close();
          },
          onPeerClosed: () => {
            if (left > 0) close();
          },
        };
      });
    return false;
  };
}

/**
 * The host stack lets neighbors grow stale after 10 ticks, on a link that loses so much that connections wait longer than that for each other.
 */
export const forgetful: Situation = {
  fileBytes: 400_000,
  plan: { host: { parameters: { ...defaultHostSettings.parameters, NceStaleTicks: 10 } } },
  settings: { loss: 0.1 },
};

/** The peer resets the first connection as soon as the target has it and a part of its bytes have been acknowledged. */
export function peerResets(part = 0.5): NonNullable<Situation['act']> {
  return (run: ScenarioRun) => {
    const [stream] = run.streams;
    const connection = stream?.connection;
    if (connection?.place !== 'Offloaded' || stream!.acknowledgedPart < part) return true;
    const { address, peer } = run.topology.destinations[0]!;
    peer.reset(address, connection.path.source, connection.localPort);
    return false;
  };
}
