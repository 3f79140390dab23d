/** What of adapters and of the host stack a scenario may set; what is absent is as usual. */
import { z } from 'zod';
import { count, duration, rate, share, size } from './quantities';

const mostEntries = 1_000_000;
const gibibyte = 1024 ** 3;

const entries = count(0, mostEntries).optional();
const bytes = size(gibibyte).optional();
const ports = z.array(count(1, 65_535)).max(100).optional();
const flag = z.boolean().optional();

const limitsSchema = z.strictObject({
  neighbors: entries.describe('Neighbor objects; NDIS_STATUS_OFFLOAD_NEIGHBOR_ENTRIES beyond.'),
  paths: entries.describe('Path objects; NDIS_STATUS_OFFLOAD_PATH_ENTRIES beyond.'),
  localAddresses: entries.describe('Local IP addresses; NDIS_STATUS_OFFLOAD_IP_ADDRESS_ENTRIES beyond.'),
  sourceMacAddresses: entries.describe(
    'Source MAC addresses besides the own one; NDIS_STATUS_OFFLOAD_HW_ADDRESS_ENTRIES beyond.',
  ),
  vlans: entries.describe('VLAN identifiers; NDIS_STATUS_OFFLOAD_VLAN_ENTRIES beyond.'),
  vlanIds: z
    .array(count(1, 4094))
    .max(100)
    .optional()
    .describe('VLANs of the interface; NDIS_STATUS_OFFLOAD_VLAN_MISMATCH for another one.'),
  pathMtu: bytes.describe('Largest path MTU; NDIS_STATUS_OFFLOAD_PATH_MTU beyond.'),
  rejectedRemotePorts: ports.describe('Remote ports that get NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED.'),
  receiveWindow: bytes.describe('Largest InitialRcvWnd; NDIS_STATUS_OFFLOAD_TCP_RCV_WINDOW beyond.'),
  sendBufferBytes: bytes.describe(
    'Outstanding sends that may come with offloads; NDIS_STATUS_OFFLOAD_TCP_XMIT_BUFFER beyond.',
  ),
  receiveBufferBytes: bytes.describe(
    'Receive windows of all connections; NDIS_STATUS_OFFLOAD_TCP_RCV_BUFFER beyond.',
  ),
  bufferedDataBytes: bytes.describe('Largest BufferedData that can be copied; NDIS_STATUS_FAILURE beyond.'),
  refusedRemotePorts: ports.describe('Remote ports that get NDIS_STATUS_OFFLOAD_POLICY.'),
  smallestRemoteMss: bytes.describe(
    'Smallest RemoteMss of a good candidate; NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED below.',
  ),
  contextAreas: entries.describe('Context areas of all kinds; NDIS_STATUS_RESOURCES beyond.'),
  scatterGatherLists: entries.describe(
    'Scatter/gather lists of posted sends; beyond, TcpIndicateRetrieve (UploadRequested).',
  ),
});

const rateThreshold = z
  .strictObject({
    sample: count(1, 1_000_000).describe('How many make a sample.'),
    share: share().describe('The part of them that is too large.'),
  })
  .optional();

const uploadPolicySchema = z.strictObject({
  lowActivity: duration().optional().describe('LowActivity: time without payload in either direction.'),
  highDropRate: rateThreshold.describe('HighDropRate: retransmissions among the segments that leave.'),
  highOutOfOrderPackets: rateThreshold.describe(
    'HighOutOfOrderPackets: segments that come before their turn.',
  ),
  highFragmentation: rateThreshold.describe(
    'HighFragmentation: fragmented datagrams among those that arrive.',
  ),
  smallIo: z
    .strictObject({
      bytes: size(gibibyte).describe('Less than this is small.'),
      count: count(1, 1_000_000).describe('In a row.'),
    })
    .optional()
    .describe('SmallIO: receives in a row with less than so many bytes each.'),
  noBufferPreposting: z
    .strictObject({ count: count(1, 1_000_000).describe('In a row.') })
    .optional()
    .describe('NoBufferPreposting: indications in a row that found no receive posted.'),
});

/** See the descriptions: a part of the settings of an offload target. */
export const adapterSchema = z.strictObject({
  tcpCapacity: entries.describe('Largest number of offloaded TCP connections. 1024 if absent.'),
  reportedCapacity: count(1, mostEntries)
    .optional()
    .describe('What it reports as that number; tcpCapacity if absent.'),
  limits: limitsSchema.optional().describe('How much it has of everything else; enough if absent.'),
  supportsPriority: flag.describe('Whether it puts priorities into tags (802.1p).'),
  hasIPv6: flag.describe('Whether its hardware can take connections over IPv6.'),
  offloadsIPv4: flag.describe('Whether connection offload over IPv4 is on at the start.'),
  offloadsIPv6: flag.describe('Whether connection offload over IPv6 is on at the start.'),
  transmitTcpChecksum: flag.describe('Whether it computes TCP checksums of the host path.'),
  resetTime: duration().optional().describe('Time that a reset of its hardware takes.'),
  reportsReset: flag.describe('Whether a reset is told by the statuses that the header has for it.'),
  objectTime: duration()
    .optional()
    .describe('Time of its firmware to take over or give back one state object. 6us if absent.'),
  ringTime: duration().optional().describe('Longest wait of a frame in its transmit ring. 50us if absent.'),
  linkSpeed: rate(1, 400e9).optional().describe('Speed that it reports for its link.'),
  emitsLargeFrames: flag.describe(
    'Whether it emits up to 64 KiB of a connection at a time, which the other end cuts.',
  ),
  pushTime: duration()
    .optional()
    .describe('Push timer of the receive delivery algorithm, until the host sets TcpPushTicks.'),
  nceStaleTicks: count(1, 0xffff_ffff).optional().describe('NceStaleTicks until the host sets it.'),
  doubtRetransmissions: count(0, 1000)
    .optional()
    .describe('TcpDoubtReachabilityRetransmissions until the host sets it; 0: never.'),
  indicatesDoubt: flag.describe('Whether it says so by NeighborReachabilityInDoubt.'),
  uploadPolicy: uploadPolicySchema
    .optional()
    .describe('When it asks for uploads that it could do without; never if absent.'),
  sendBacklog: z
    .strictObject({
      smallest: size(gibibyte, 1).describe('Smallest size that it names.'),
      largest: size(gibibyte, 1).describe('Largest size that it names.'),
      interval: duration().describe('Least time between two changes.'),
    })
    .optional()
    .describe('How it says how many bytes of sends it wants outstanding; it has no such feature if absent.'),
  countersBelowWrap: count(0, 0xffff_ffff)
    .optional()
    .describe('How many steps before they wrap its counters begin; at zero if absent.'),
});

const ticks = (least = 0) => count(least, 0xffff_ffff).optional();

const parametersSchema = z.strictObject({
  TicksPerSecond: z
    .union([z.literal(10), z.literal(100), z.literal(1000)], { error: 'must be 10, 100 or 1000' })
    .optional()
    .describe('Length of a tick.'),
  TcpAckFrequency: count(1, 255).optional().describe('Segments that one acknowledgment may answer.'),
  TcpDelayedAckTicks: ticks().describe('Longest delay of an acknowledgment, in ticks.'),
  TcpMaximumRetransmissions: count(1, 255)
    .optional()
    .describe('Retransmissions of a segment before TCP gives up.'),
  TcpDuplicateAckThreshold: count(1, 255)
    .optional()
    .describe('Duplicate acknowledgments that begin a fast retransmit.'),
  TcpDoubtReachabilityRetransmissions: ticks().describe(
    'Retransmissions after which the target doubts the neighbor; 0: never.',
  ),
  TcpPushTicks: ticks(1).describe('Push timer, in ticks.'),
  TcpSwsPreventionTicks: ticks().describe('Timer of silly-window avoidance, in ticks.'),
  NceStaleTicks: ticks(1).describe('Ticks after which a neighbor that nobody has heard of is asked about.'),
});

/** See the descriptions: a part of the settings of the host stack. */
export const hostSchema = z.strictObject({
  timeToLive: count(1, 255).optional().describe('TTL or hop limit of what it sends. 128 if absent.'),
  vlanId: count(0, 4094).optional().describe('VLAN of the interface; 0: none.'),
  pathMtu: size(9_000, 576).optional().describe('MTU of new paths. 1500 if absent.'),
  doubtRetransmissions: count(0, 1000)
    .optional()
    .describe('Retransmissions on the host path after which the next hop is in doubt; 0: never.'),
  sharesPathHistory: flag.describe(
    'Whether connections begin with what earlier ones have learned of a path (RFC 9040).',
  ),
  framesUnderWay: count(1, 10_000)
    .optional()
    .describe('Frames of a connection that NDIS may have at a time. 8 if absent.'),
  postedReceives: count(0, 1_000)
    .optional()
    .describe('Receive requests posted at a time while offloaded. 4 if absent.'),
  postedReceiveBytes: size(16 * 1024 ** 2, 1)
    .optional()
    .describe('Bytes of each receive request. 64KiB if absent.'),
  receivePostDelay: duration()
    .optional()
    .describe('Time until the application posts its first receives. 40us if absent.'),
  closesWithData: flag.describe('Whether the last data goes down with the graceful disconnect.'),
  offloadsHalfClosed: flag.describe('Whether a connection in FIN_WAIT_2 may be offloaded.'),
  grantsOptionalUploads: flag.describe('Whether it takes connections back that the target could go on with.'),
  capabilityPath: z
    .enum(['connection-offload', 'task-offload'])
    .optional()
    .describe('By which OIDs it learns and sets what an adapter offloads.'),
  parameters: parametersSchema
    .optional()
    .describe('What offload targets are told by OID_TCP_CONNECTION_OFFLOAD_PARAMETERS.'),
});

/** See the descriptions: how NDIS behaves where drivers must cope with more than one answer. */
export const ndisSchema = z.strictObject({
  opensPend: flag.describe('Whether NdisOpenAdapterEx returns NDIS_STATUS_PENDING.'),
  optionalHandlersCapacity: count(0, 1000)
    .optional()
    .describe('Structures that NdisSetOptionalHandlers has memory for; NDIS_STATUS_RESOURCES from then on.'),
});
