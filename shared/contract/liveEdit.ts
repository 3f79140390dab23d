/** What a user can have the host stack, the target or the surroundings do next by hand, while a run stands still: plain data, checked at every edge. */
import { z } from 'zod';
import { constantsInGroup, type ConstantGroup, type ValuedConstantName } from '../ddi/catalogue';
import type { StateLayer } from '../trace/records';

/** Most bytes that are sent, received or asked for by hand at once. */
export const longestEditedSend = 65_536;

/** Sizes of path MTUs that can be set, bytes: RFC 791's least, and Ethernet's. */
export const pathMtuLimits = { least: 68, most: 1500 } as const;

/** The names of a group of the DDI catalogue that have values. */
function catalogued(...groups: readonly ConstantGroup[]): [ValuedConstantName, ...ValuedConstantName[]] {
  const names = groups.flatMap((group) => constantsInGroup(group)).filter(({ value }) => value !== null);
  return names.map(({ name }) => name) as [ValuedConstantName, ...ValuedConstantName[]];
}

/** The trace's id of a connection. */
const connection = z
  .number()
  .int({ error: 'must be a connection of the run' })
  .nonnegative()
  .meta({ title: 'Connection' });

/** Which object of a connection a request is about: its neighbor, its path, or its TCP state. */
const layer = z
  .enum(['neighbor', 'path', 'tcp'] as const satisfies readonly StateLayer[])
  .meta({ title: 'Object', description: 'The neighbor, the path or the TCP state of the connection.' });

const bytes = z
  .number({ error: 'must be a number of bytes' })
  .int({ error: 'must be a whole number of bytes' })
  .min(1, { error: 'must be at least 1' })
  .max(longestEditedSend, { error: `must be at most ${longestEditedSend}` })
  .meta({ title: 'Bytes' });

/** Whose doing an edit is. */
export const editActors = ['host', 'target', 'surroundings'] as const;

/** See {@link editActors}. */
export type EditActor = (typeof editActors)[number];

function edit<Kind extends string, Shape extends z.ZodRawShape>(
  kind: Kind,
  title: string,
  description: string,
  shape: Shape,
) {
  return z.strictObject({ kind: z.literal(kind), ...shape }).meta({ title, description });
}

/** See the file's head. Requests about objects that are not the target's at that time are not made; the trace says so. */
export const liveEditSchema = z.discriminatedUnion('kind', [
  edit(
    'initiate',
    'Initiate offload',
    'The host stack offers a connection that it has: NdisInitiateOffload.',
    {
      connection,
    },
  ),
  edit('terminate', 'Terminate', 'The host stack takes a connection back: NdisTerminateOffload.', {
    connection,
  }),
  edit(
    'query',
    'Query',
    'The host stack asks the target for variables of an object: NdisQueryOffloadState.',
    {
      connection,
      layer,
      classes: z
        .enum(['const', 'cached', 'delegated', 'all'])
        .meta({ title: 'Variables', description: 'Of which class, or all.' }),
    },
  ),
  edit(
    'update',
    'Update',
    'The host stack passes the cached variables of an object on as they are: NdisUpdateOffload.',
    {
      connection,
      layer,
    },
  ),
  edit('invalidate', 'Invalidate', 'The host stack says that an object is wrong: NdisInvalidateOffload.', {
    connection,
    layer,
  }),
  edit(
    'send',
    'Send',
    'The application sends so many zeros besides what it would: what the peer gets is not the file any more.',
    { connection, bytes },
  ),
  edit(
    'post-receive',
    'Post a receive',
    'The host stack posts a buffer for received data: NdisOffloadTcpReceive.',
    {
      connection,
      bytes,
    },
  ),
  edit('disconnect', 'Disconnect', 'The application sends no more (graceful), or breaks off (abortive).', {
    connection,
    isAbortive: z.boolean().meta({ title: 'Abortive', description: 'Breaks off.' }),
  }),
  edit('path-mtu', 'Path MTU', 'The MTU of the path is found to be another one: an update of the path.', {
    connection,
    mtu: z
      .number({ error: 'must be a number of bytes' })
      .int({ error: 'must be a whole number of bytes' })
      .min(pathMtuLimits.least, { error: `must be at least ${pathMtuLimits.least}` })
      .max(pathMtuLimits.most, { error: `must be at most ${pathMtuLimits.most}` })
      .meta({ title: 'MTU', description: 'Bytes.' }),
  }),
  edit(
    'indicate',
    'Indicate',
    'The peer sends so many zeros more; the target indicates them, or puts them into posted buffers.',
    { connection, bytes },
  ),
  edit(
    'event',
    'Event',
    'The target raises an event for a connection that it has, be it true or not: NdisTcpOffloadEventHandler.',
    {
      connection,
      event: z
        .enum(catalogued('TCP_OFFLOAD_EVENT_TYPE'))
        .meta({ title: 'Event', description: 'TCP_OFFLOAD_EVENT_TYPE.' }),
      reason: z
        .enum(catalogued('TCP_UPLOAD_REASON'))
        .optional()
        .meta({ title: 'Reason', description: 'Of TcpIndicateRetrieve; UploadRequested if absent.' }),
      backlog: z
        .number({ error: 'must be a number of bytes' })
        .int({ error: 'must be a whole number of bytes' })
        .min(1, { error: 'must be at least 1' })
        .max(0xffff_ffff, { error: 'must be at most 4294967295' })
        .optional()
        .meta({ title: 'Backlog', description: 'Bytes, of TcpIndicateSendBacklogChange; 65536 if absent.' }),
    },
  ),
  edit(
    'statistics',
    'Statistics',
    'The host stack asks for the counters of offloaded connections by their OIDs.',
    {
      version: z.enum(['ipv4', 'ipv6']).meta({ title: 'IP version' }),
    },
  ),
  edit('oid', 'OID', 'The host stack queries an OID of its adapter: NdisOidRequest.', {
    oid: z.enum(catalogued('OID')).meta({ title: 'OID' }),
  }),
  edit(
    'status',
    'Status',
    'The first adapter’s driver indicates a status without a buffer: NdisMIndicateStatusEx.',
    {
      status: z
        .enum(catalogued('status-indication-offload', 'status-indication-general'))
        .meta({ title: 'Status' }),
    },
  ),
  edit(
    'upload-all',
    'Upload all',
    'The target can keep no connection any more, and says NDIS_STATUS_UPLOAD_ALL.',
    {},
  ),
  edit('resume-offload', 'Resume offload', 'The target can keep connections again.', {}),
  edit('link', 'Cable', 'The cable of the first adapter is pulled, or put back.', {
    isUp: z.boolean().meta({ title: 'Plugged in' }),
  }),
  edit('power', 'Power', 'The power manager sends the first adapter OID_PNP_SET_POWER.', {
    state: z.enum(['D0', 'D3']).meta({ title: 'State', description: 'D0 is awake, D3 asleep.' }),
  }),
]);

/** See {@link liveEditSchema}. */
export type LiveEdit = z.infer<typeof liveEditSchema>;

/** The kinds of {@link LiveEdit}. */
export type LiveEditKind = LiveEdit['kind'];

/** Whose doing each is. */
export const editActorOf: Readonly<Record<LiveEditKind, EditActor>> = {
  initiate: 'host',
  terminate: 'host',
  query: 'host',
  update: 'host',
  invalidate: 'host',
  send: 'host',
  'post-receive': 'host',
  disconnect: 'host',
  statistics: 'host',
  oid: 'host',
  indicate: 'target',
  event: 'target',
  status: 'target',
  'upload-all': 'target',
  'resume-offload': 'target',
  'path-mtu': 'surroundings',
  link: 'surroundings',
  power: 'surroundings',
};

/** With whom a connection has to be for an edit of it to be done; undefined: that does not matter. */
export function editNeeds(kind: LiveEditKind): 'host' | 'target' | undefined {
  switch (kind) {
    case 'initiate':
      return 'host';
    case 'terminate':
    case 'query':
    case 'update':
    case 'invalidate':
    case 'post-receive':
    case 'indicate':
    case 'event':
      return 'target';
    default:
      return undefined;
  }
}
