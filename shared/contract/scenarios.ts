/** The built-in scenarios by name: what the chooser, the command line and the emulator agree on. */

/** Ids of the built-in scenarios. */
export const scenarioIds = [
  'first-sweep',
  'transfer',
  'neighbor-invalidated',
  'no-tcp-entries',
  'many-connections',
  'bulk-offload',
  'update-everything',
  'address-and-mtu-change',
  'query-everything',
  'terminate-with-data',
  'upload-all',
  'link-loss',
  'power-down',
  'failover',
  'load-balancing',
  'stacked-drivers',
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
    id: 'bulk-offload',
    title: 'A thousand connections',
    description:
      'A thousand connections on ten paths through three neighbors are offered in one tree, and the target runs out of room in ' +
      'the middle of a path. The walk goes on behind each refusal: 450 connections take the chimney, the others the host path.',
    lookAt:
      'The one MiniportInitiateOffload with its 1,013 blocks and what each of them got: NDIS_STATUS_SUCCESS up to the 450th ' +
      'connection, NDIS_STATUS_OFFLOAD_TCP_ENTRIES behind it, NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS on the paths that were taken ' +
      'with a part of their connections or with none. Then the terminates: paths without a connection go at once, the others ' +
      'with their last one.',
    defaultLoss: 0,
    defaultFileBytes: 4000 * 1024,
  },
  {
    id: 'update-everything',
    title: 'Every cached variable changes',
    description:
      'While a connection is offloaded, everything changes that the host stack may change: the Ethernet address of the neighbor, ' +
      'the MTU of the path, the neighbor that the path leads through, and each option of the connection in turn.',
    lookAt:
      'One MiniportUpdateOffload after the other, never two for one object at a time, each with a CACHED structure in which one ' +
      'member is new; the update that links the path to another neighbor carries no state at all. In the frames of the chimney ' +
      'TTL, DS field, Ethernet addresses and segment size follow with the completion. TCP_FLAG_UPDATE_RCV_WND and the other ' +
      'flags that ask for something once are there in one update and gone in the next.',
    defaultLoss: 0,
    defaultFileBytes: 2 * 1024 * 1024,
  },
  {
    id: 'address-and-mtu-change',
    title: 'The next hop and the MTU change',
    description:
      'In the middle of a transfer the MTU of the path falls from 1,500 to 1,000 bytes, and later the next hop gets another ' +
      'Ethernet address and announces it by ARP. The connection stays offloaded all the time.',
    lookAt:
      'The two updates, one of the path and one of the neighbor, and the first frames of the chimney behind each: smaller ' +
      'segments, another destination. Between the ARP announcement and the completion of the update frames still go to the old ' +
      'address, where nobody takes them; the target retransmits them without any help of the host stack.',
    defaultLoss: 0,
    defaultFileBytes: 1024 * 1024,
  },
  {
    id: 'query-everything',
    title: 'Every variable is queried',
    description:
      'While a connection is offloaded the host stack asks for every class of variables of every layer: constant, cached, ' +
      'delegated and all three together, of neighbor, path and connection.',
    lookAt:
      'The twelve MiniportQueryOffload calls: Header.Type says which structures follow the block. Compare the same structure at ' +
      'the call, where it is unwritten, and at NdisMQueryOffloadStateComplete. A query changes nothing: the transfer goes on, ' +
      'and where pointers to data stand in an initiate or terminate, SendBacklogSize and ReceiveBacklogSize stand here.',
    defaultLoss: 0,
    defaultFileBytes: 768 * 1024,
  },
  {
    id: 'terminate-with-data',
    title: 'A terminate with data in both directions',
    description:
      'The application stops reading while it goes on sending. The target keeps what its indications could not deliver; then the ' +
      'host stack terminates the offload, with sends that the peer has not acknowledged and data that nobody has read.',
    lookAt:
      'Indications that are refused with NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED, and the window of the target closing. In ' +
      'NdisMTerminateOffloadComplete the unfinished sends come back in NetBufferListChain, oldest first, with SndUna at their ' +
      'first byte, instead of being completed; the unread bytes come in BufferedData and go back by ' +
      'NdisOffloadTcpReceiveReturn. The host path goes on with both.',
    defaultLoss: 0,
    defaultFileBytes: 1024 * 1024,
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
  {
    id: 'failover',
    title: 'A team loses one of its adapters',
    description:
      'An intermediate driver makes two adapters look like one; one of them carries everything. Under load its cable is pulled. The ' +
      'driver asks for every offload back, and what is offered again goes to the other adapter. No byte is lost.',
    lookAt:
      'The four NdisSetOptionalHandlers calls of the intermediate driver, two on each edge. How a block list passes through it in ' +
      'place: the same address above and below, another handle, ImReserved pointing to a call entry. After the link is lost: ' +
      'NDIS_STATUS_UPLOAD_ALL, the terminations through both layers, NDIS_STATUS_OFFLOAD_RESUME with the capabilities of the team, ' +
      'and the second MiniportInitiateOffload, which enters the other target.',
    defaultLoss: 0,
    defaultFileBytes: 4 * 1024 * 1024,
  },
  {
    id: 'load-balancing',
    title: 'A team shares the load',
    description:
      'Eight connections to four next hops over a team of two adapters: each next hop falls to one of them by its Ethernet address, ' +
      'on the host as at the switch, with everything that is offloaded below it.',
    lookAt:
      'The capacity that the team reports is the sum of its members’. One NdisInitiateOffload of the host stack with several ' +
      'neighbors becomes one for each adapter, and is completed when both have come back.',
    defaultLoss: 0,
    defaultFileBytes: 2 * 1024 * 1024,
  },
  {
    id: 'stacked-drivers',
    title: 'Two intermediate drivers on top of each other',
    description:
      'A second intermediate driver binds to the virtual miniport of a team. Every request, completion and indication passes both; ' +
      'then the team loses an adapter, and both ask for everything back.',
    lookAt:
      'Three NDIS_OFFLOAD_HANDLEs for each object, one of each sender, and three contexts. The latency of a request, driver by ' +
      'driver, and where NDIS_STATUS_UPLOAD_ALL is passed on.',
    defaultLoss: 0,
    defaultFileBytes: 2 * 1024 * 1024,
  },
];

/** The description of a scenario. */
export function scenarioDescription(id: ScenarioId): ScenarioDescription {
  return scenarios.find((scenario) => scenario.id === id)!;
}
