/**
 * Where a run is to stop next, as data: what a step forward means when what it goes to has not been recorded yet. Each condition is about
 * the first record that meets it among those that have not been seen yet.
 */
import { z } from 'zod';
import { readHandNote } from '../contract/handNote';
import type { ComponentRole, EventId, TraceRecord } from '../trace/records';
import { returnEndsWork } from './requests';

const event = z.number().int().nonnegative();
const id = z.number().int().nonnegative();

/** See the file's head. */
export const stopConditionSchema = z.discriminatedUnion('kind', [
  /** The next record of something that happens: no declaration, no counter. */
  z.object({ kind: z.literal('event') }).strict(),
  /** The next call of a handler: on this connection and of this driver (a component's id), where they are given. */
  z.object({ kind: z.literal('handler'), connection: id.optional(), driver: id.optional() }).strict(),
  /** The next call or return on this processor. */
  z.object({ kind: z.literal('stack'), processor: z.number().int().min(0).max(63) }).strict(),
  /** The return of this call. */
  z.object({ kind: z.literal('return'), call: event }).strict(),
  /**
   * The end of this request's work: a call that completes it, or its return, unless that leaves it pending (an asynchronous function that
   * returns NDIS_STATUS_PENDING or nothing).
   */
  z.object({ kind: z.literal('completion'), request: event, isAsynchronous: z.boolean() }).strict(),
  /** The record with this id, or the first behind it, where it is missing. */
  z.object({ kind: z.literal('at'), event }).strict(),
  /** The note of what is done by hand next. */
  z.object({ kind: z.literal('by-hand') }).strict(),
  /** What comes of something done by hand: the first call that nothing recorded led to, or, where there is none, some records later. */
  z.object({ kind: z.literal('outcome'), note: event }).strict(),
]);

/** See {@link stopConditionSchema}. */
export type StopCondition = z.infer<typeof stopConditionSchema>;

/** What deciding a condition needs to know of what was recorded before. */
export interface StopSurroundings {
  /** The role that a component plays; undefined for an unknown one. */
  roleOf(component: number): ComponentRole | undefined;
  /** The processor on which a call was made that has not returned before the record in hand; undefined for an unknown call. */
  processorOf(call: EventId): number | undefined;
}

/** Records behind something done by hand among which its outcome is looked for. */
const mostRecordsToOutcome = 400;

/** Kinds of records of which something happens; the others declare, sample, or speak about the trace. */
const happenings: ReadonlySet<string> = new Set([
  'call',
  'return',
  'frame',
  'frame-fate',
  'state-change',
  'ownership',
  'relink',
  'note',
] satisfies TraceRecord['kind'][]);

/** Whether stepping by events stops at records of this kind. */
export function happens(kind: TraceRecord['kind'] | 'unknown'): boolean {
  return happenings.has(kind);
}

const driverRoles: ReadonlySet<string> = new Set([
  'host-stack',
  'intermediate-driver',
  'offload-target',
] satisfies ComponentRole[]);

/** Whether a component with this role is a driver, whose functions are handlers. */
export function isDriverRole(role: ComponentRole | undefined): boolean {
  return role !== undefined && driverRoles.has(role);
}

/** Whether a record meets a condition. Records come in order, from where the condition was set. */
export function meetsCondition(
  condition: StopCondition,
  record: TraceRecord,
  event: EventId,
  surroundings: StopSurroundings,
): boolean {
  switch (condition.kind) {
    case 'event':
      return happens(record.kind);
    case 'handler':
      return (
        record.kind === 'call' &&
        isDriverRole(surroundings.roleOf(record.callee)) &&
        (condition.connection === undefined || record.connection === condition.connection) &&
        (condition.driver === undefined || record.callee === condition.driver)
      );
    case 'stack':
      if (record.kind === 'call') return record.processor === condition.processor;
      return record.kind === 'return' && surroundings.processorOf(record.call) === condition.processor;
    case 'return':
      return record.kind === 'return' && record.call === condition.call;
    case 'completion':
      if (record.kind === 'call') return record.completes.includes(condition.request);
      return (
        record.kind === 'return' &&
        record.call === condition.request &&
        returnEndsWork(condition.isAsynchronous, record.status)
      );
    case 'at':
      return event >= condition.event;
    case 'by-hand':
      return record.kind === 'note' && readHandNote(record.text) !== undefined;
    case 'outcome':
      return (
        event > condition.note + mostRecordsToOutcome ||
        (event > condition.note &&
          record.kind === 'call' &&
          record.cause === undefined &&
          record.parent === undefined)
      );
  }
}
