/** What a user can have the host stack, the target or the surroundings do next by hand, while a run stands still: plain data, checked at every edge. */
import { z } from 'zod';
import type { StateLayer } from '../trace/records';

/** The trace's id of a connection. */
const connection = z.number().int().nonnegative();

/** Which object of a connection a request is about: its neighbor, its path, or its TCP state. */
const layer = z.enum(['neighbor', 'path', 'tcp'] as const satisfies readonly StateLayer[]);

/** Most bytes that are sent by hand at once. */
export const longestEditedSend = 65_536;

/** Sizes of path MTUs that can be set, bytes: RFC 791's least, and Ethernet's. */
export const pathMtuLimits = { least: 68, most: 1500 } as const;

/** See the file's head. Requests about objects that are not the target's at that time are not made; the trace says so. */
export const liveEditSchema = z.discriminatedUnion('kind', [
  /** NdisInitiateOffload for a connection that the host has. */
  z.object({ kind: z.literal('initiate'), connection }).strict(),
  /** NdisTerminateOffload for a connection that the target has. */
  z.object({ kind: z.literal('terminate'), connection }).strict(),
  /** NdisQueryOffloadState for these variables of an object. */
  z
    .object({
      kind: z.literal('query'),
      connection,
      layer,
      classes: z.enum(['const', 'cached', 'delegated', 'all']),
    })
    .strict(),
  /** NdisUpdateOffload with the cached variables of an object as they are. */
  z.object({ kind: z.literal('update'), connection, layer }).strict(),
  /** NdisInvalidateOffload. */
  z.object({ kind: z.literal('invalidate'), connection, layer }).strict(),
  /** The application sends so many zeros besides what it would: what the peer gets is not the file any more. */
  z
    .object({
      kind: z.literal('send'),
      connection,
      bytes: z.number().int().positive().max(longestEditedSend),
    })
    .strict(),
  /** The application sends no more (a graceful disconnect), or breaks off (an abortive one). */
  z.object({ kind: z.literal('disconnect'), connection, isAbortive: z.boolean() }).strict(),
  /** The path's MTU is found to be another one, bytes: an update of the path. */
  z
    .object({
      kind: z.literal('path-mtu'),
      connection,
      mtu: z.number().int().min(pathMtuLimits.least).max(pathMtuLimits.most),
    })
    .strict(),
  /** The host stack asks for the target's statistics by OID_TCP_OFFLOAD_… requests. */
  z.object({ kind: z.literal('statistics'), version: z.enum(['ipv4', 'ipv6']) }).strict(),
  /** The first adapter's target wants everything back (NDIS_STATUS_UPLOAD_ALL), or can keep connections again. */
  z.object({ kind: z.literal('upload-all') }).strict(),
  z.object({ kind: z.literal('resume-offload') }).strict(),
  /** The first adapter's cable is pulled, or put back. */
  z.object({ kind: z.literal('link'), isUp: z.boolean() }).strict(),
  /** The power manager sends the first adapter OID_PNP_SET_POWER. */
  z.object({ kind: z.literal('power'), state: z.enum(['D0', 'D3']) }).strict(),
]);

/** See {@link liveEditSchema}. */
export type LiveEdit = z.infer<typeof liveEditSchema>;
