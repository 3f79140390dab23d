/** The built-in scenarios by name: what the chooser, the command line and the emulator agree on. */

/** Ids of the built-in scenarios. */
export const scenarioIds = [
  'first-sweep',
  'transfer',
  'neighbor-invalidated',
  'no-tcp-entries',
  'many-connections',
  'upload-all',
  'link-loss',
  'power-down',
] as const;

/** Id of a built-in scenario. */
export type ScenarioId = (typeof scenarioIds)[number];

/** A scenario as people choose it. */
export interface ScenarioDescription {
  readonly id: ScenarioId;
  readonly title: string;
  /** What happens, in a sentence or two. */
  readonly description: string;
  /** What is worth looking at in the recording. */
  readonly lookAt: string;
  /** Frame loss in each direction by default, 0 to 1. */
  readonly defaultLoss: number;
  /** Size of the file that it makes up when none is given, in bytes. */
  readonly defaultFileBytes: number;
}

/** The scenario that `npm start` records. */
export const demonstrationScenario: ScenarioId = 'first-sweep';

/** All built-in scenarios, in the order of the chooser. */
export const scenarios: readonly ScenarioDescription[] = [
  {
    id: 'first-sweep',
    title: 'First sweep',
    description:
      'A host registers its drivers, resolves its neighbor, connects to an echo server and sends a little by itself. Then it ' +
      'offloads the connection; the offload target carries the rest and hands the connection back.',
    lookAt:
      'The two NdisSetOptionalHandlers calls, the block-list tree of MiniportInitiateOffload, and how delegated variables ' +
      'change hands.',
    defaultLoss: 0.004,
    defaultFileBytes: 384 * 1024,
  },
  {
    id: 'transfer',
    title: 'Send a file',
    description:
      'The bytes of a file cross an offloaded connection and come back from an echo at the peer, with frame loss if you ask ' +
      'for it. Source, peer and return must have the same SHA-256.',
    lookAt: 'Throughput of host path and chimney, and CWnd falling and growing after each loss.',
    defaultLoss: 0,
    defaultFileBytes: 2 * 1024 * 1024,
  },
  {
    id: 'neighbor-invalidated',
    title: 'A neighbor becomes invalid',
    description:
      'In the middle of a transfer the host stack invalidates the neighbor. The target stops sending and asks for the ' +
      'connection back with TcpIndicateRetrieve (InvalidState); the host terminates the offload and finishes by itself.',
    lookAt:
      'MiniportInvalidateOffload, the event that answers it, and the send data that comes back with the terminate.',
    defaultLoss: 0,
    defaultFileBytes: 768 * 1024,
  },
  {
    id: 'no-tcp-entries',
    title: 'The target is full',
    description:
      'The offload target has no room for a TCP connection. It takes neighbor and path, refuses the connection, and the host ' +
      'path carries the whole file.',
    lookAt:
      'NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS on the path, NDIS_STATUS_OFFLOAD_TCP_ENTRIES on the connection, and a ' +
      'chimney throughput of zero.',
    defaultLoss: 0,
    defaultFileBytes: 256 * 1024,
  },
  {
    id: 'many-connections',
    title: 'Many connections',
    description:
      'Thirty connections on six paths through three neighbors are offered in one tree, and the target has room for seventeen. ' +
      'The others go on by the host path, and the paths that nothing uses are taken back at once.',
    lookAt:
      'The tree of MiniportInitiateOffload with a Status of its own on every block, the terminate of unused paths, and how ' +
      'paths and neighbors stay until their last connection is gone.',
    defaultLoss: 0,
    defaultFileBytes: 960 * 1024,
  },
  {
    id: 'upload-all',
    title: 'The target wants everything back',
    description:
      'In the middle of a transfer the target indicates NDIS_STATUS_UPLOAD_ALL. The host stack terminates every offload and goes ' +
      'on by itself; after NDIS_STATUS_OFFLOAD_RESUME it reads the capabilities again and offloads the connection once more.',
    lookAt:
      'NdisMIndicateStatusEx and ProtocolStatusEx, receives completed with NDIS_STATUS_UPLOAD_IN_PROGRESS, and the two stays of ' +
      'the connection with the target.',
    defaultLoss: 0,
    defaultFileBytes: 1024 * 1024,
  },
  {
    id: 'link-loss',
    title: 'The cable is pulled',
    description:
      'In the middle of a transfer the link goes down for a quarter of a second. The target only reports it with ' +
      'NDIS_STATUS_LINK_STATE; the host stack uploads, retransmits when the link is back, and offloads again.',
    lookAt:
      'NDIS_LINK_STATE in the status indication, the frames lost around it, and the retransmission timer at work.',
    defaultLoss: 0,
    defaultFileBytes: 1024 * 1024,
  },
  {
    id: 'power-down',
    title: 'The adapter goes to sleep',
    description:
      'In the middle of a transfer the power manager puts the adapter into D3. The host stack begins to terminate every offload ' +
      'first; the target leaves OID_PNP_SET_POWER pending until the last termination is complete. Half a second later it wakes.',
    lookAt:
      'ProtocolNetPnPEvent, MiniportOidRequest with NDIS_STATUS_PENDING, and NdisMOidRequestComplete that ends it.',
    defaultLoss: 0,
    defaultFileBytes: 1024 * 1024,
  },
];

/** The description of a scenario. */
export function scenarioDescription(id: ScenarioId): ScenarioDescription {
  return scenarios.find((scenario) => scenario.id === id)!;
}
