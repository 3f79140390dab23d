/** Situations in which the host stack asks for statistics, and targets that answer them wrongly. */
import { constantValue, structureLayout, type StructureName } from '../../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import type { NDIS_OID_REQUEST } from '../../../ndis/characteristics';
import type { ScenarioRun } from '../../../scenarios/scenarioRun';
import type { Frame } from '../../../wire/frame';
import { copyFrame, segmentPlaces } from '../../../tampering/segmentEdits';
import type { BadDriver } from '../../badDriver';
import type { Situation } from '../../mutant';
import type { MutantTools } from '../../mutantTools';

/** OIDs of statistics with their structures. */
export const statistics = {
  ip4: { oid: constantValue('OID_IP4_OFFLOAD_STATS'), structure: 'IP_OFFLOAD_STATS' },
  ip6: { oid: constantValue('OID_IP6_OFFLOAD_STATS'), structure: 'IP_OFFLOAD_STATS' },
  tcp4: { oid: constantValue('OID_TCP4_OFFLOAD_STATS'), structure: 'TCP_OFFLOAD_STATS' },
  tcp6: { oid: constantValue('OID_TCP6_OFFLOAD_STATS'), structure: 'TCP_OFFLOAD_STATS' },
} as const satisfies Record<string, { oid: number; structure: StructureName }>;

/** One of the four sets of counters. */
export type StatisticsKind = keyof typeof statistics;

/** Virtual ns between two queries. */
const queryInterval = 20_000_000;

/** A link on which a transfer lasts longer than what happens in between. */
export const slowLink = { bitsPerSecond: 10_000_000 } as const;

/** How the host stack asks. */
export interface Asking {
  /** Virtual ns between two queries; 20 ms if absent. */
  readonly interval?: number;
  /** Queries in all; 30 if absent. */
  readonly count?: number;
  /** Queries of IPv6 as well. */
  readonly both?: boolean;
  /** Done once, ahead of the query with this number. */
  readonly at?: readonly [query: number, act: (run: ScenarioRun) => void];
}

/** The host stack asks for the statistics again and again, from the first connect on; and does what else the situation has. */
export function asked(
  more: Partial<Situation> = {},
  { interval = queryInterval, count = 30, both = false, at }: Asking = {},
): Situation {
  const runs = new WeakSet<ScenarioRun>();
  return {
    fileBytes: 300_000,
    ...more,
    settings: { link: slowLink, ...more.settings },
    act: (run) => {
      const goesOn = more.act?.(run) ?? false;
      if (runs.has(run)) return goesOn;
      if (run.streams[0]?.connection === undefined) return true;
      runs.add(run);
      const { host } = run.topology;
      for (let query = 1; query <= count; query++)
        host.kernel.queueWorkItem(() => {
          if (at?.[0] === query) at[1](run);
          host.offloadStatistics('ipv4');
          if (both) host.offloadStatistics('ipv6');
        }, query * interval);
      return goesOn;
    },
  };
}

function placeOf(kind: StatisticsKind, member: string): { readonly offset: number; readonly size: number } {
  const { offset, size } = structureLayout(statistics[kind].structure).fields.find(
    ({ name }) => name === member,
  )!;
  return { offset, size };
}

/** Reads a counter out of an answer. */
export function readCounter(bytes: Uint8Array, kind: StatisticsKind, member: string): bigint {
  const { offset, size } = placeOf(kind, member);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return size === 8 ? view.getBigUint64(offset, true) : BigInt(view.getUint32(offset, true));
}

function writeCounter(bytes: Uint8Array, kind: StatisticsKind, member: string, value: bigint): void {
  const { offset, size } = placeOf(kind, member);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (size === 8) view.setBigUint64(offset, value, true);
  else view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
}

/** What a lie is made of. */
export interface Truth {
  /** What the target has counted. */
  readonly value: bigint;
  /** Another member of the same answer. */
  readonly member: (name: string) => bigint;
  /** What the target would answer for another set of counters. */
  readonly ask: (kind: StatisticsKind, member: string) => bigint;
  readonly tools: MutantTools;
}

/** A target that answers queries with another value of a member. */
export function answeringWith(
  kind: StatisticsKind,
  member: string,
  lie: (truth: Truth) => bigint | number,
): BadDriver {
  const { oid } = statistics[kind];
  return {
    handlers: {
      OidRequestHandler: (next, tools) => (context, request) => {
        const status = next(context, request);
        const { Oid, RequestType, InformationBuffer: bytes } = request;
        if (Oid !== oid || RequestType !== 'NdisRequestQueryInformation' || status !== NDIS_STATUS.SUCCESS)
          return status;
        const ask = (other: StatisticsKind, name: string): bigint => {
          const buffer = new Uint8Array(structureLayout(statistics[other].structure).size);
          next(context, { ...request, Oid: statistics[other].oid, InformationBuffer: buffer });
          return readCounter(buffer, other, name);
        };
        const value = lie({
          value: readCounter(bytes, kind, member),
          member: (name) => readCounter(bytes, kind, name),
          ask,
          tools,
        });
        writeCounter(bytes, kind, member, BigInt(value));
        return status;
      },
    },
  };
}

/** A target that does something else with sets of statistics; `set` gets the request and what would serve it. */
export function setting(
  set: (request: NDIS_OID_REQUEST, serve: (request: NDIS_OID_REQUEST) => void, tools: MutantTools) => void,
): NonNullable<BadDriver['handlers']> {
  const all: readonly number[] = Object.values(statistics).map(({ oid }) => oid);
  return {
    OidRequestHandler: (next, tools) => (context, request) => {
      if (!all.includes(request.Oid) || request.RequestType !== 'NdisRequestSetInformation')
        return next(context, request);
      set(request, (one) => next(context, one), tools);
      request.bytesProcessed = request.InformationBuffer.length;
      return NDIS_STATUS.SUCCESS;
    },
  };
}

/** What a run counts for a mutant: its adapter and its driver share it. */
const shared = new WeakMap<object, Map<string, number>>();

/** Adds to a number that everything bad in a run shares. */
export function note(tools: MutantTools, name: string, amount = 1): number {
  let numbers = shared.get(tools.ndis);
  if (numbers === undefined) shared.set(tools.ndis, (numbers = new Map<string, number>()));
  const value = (numbers.get(name) ?? 0) + amount;
  numbers.set(name, value);
  return value;
}

/** What is remembered of a run for injections. */
interface Injected {
  /** The peer's last segment. */
  last: Frame | undefined;
  phase: 'begin' | 'waiting' | 'done';
}

const runs = new WeakMap<object, Injected>();

function injectedIn(ndis: object): Injected {
  let run = runs.get(ndis);
  if (run === undefined) runs.set(ndis, (run = { last: undefined, phase: 'begin' }));
  return run;
}

/** Virtual ns between two frames that are injected, and before the first. */
const injectionInterval = 50_000_000;
const injectionDelay = 500_000_000;

/**
 * The application waits in the middle of its file; when all is acknowledged, copies of the peer's last segment are sent, each after `edit` has
 * changed it, while the host stack asks for the statistics.
 * @param where where the connection is at that time
 */
export function injecting(
  edit: (frame: Frame, places: NonNullable<ReturnType<typeof segmentPlaces>>) => void,
  where: 'Offloaded' | 'InHost' = 'Offloaded',
): Situation {
  return asked(
    {
      fileBytes: 60_000,
      plan: { halfway: 'nothing', ...(where === 'InHost' ? { offload: 'policy' } : {}) },
      remote: (frame, tools) => {
        if (frame.connection !== undefined && segmentPlaces(frame) !== undefined)
          injectedIn(tools.ndis).last = copyFrame(frame);
        return [frame];
      },
      act: ({ streams, topology }) => {
        const run = injectedIn(topology.ndis);
        const [stream] = streams;
        const connection = stream?.connection;
        if (stream === undefined || connection === undefined) return true;
        if (run.phase === 'begin') {
          stream.application.open(0.4);
          run.phase = 'waiting';
        }
        const { application } = stream;
        const isIdle = application.waits && application.returned === application.acknowledged;
        if (run.phase === 'done' || connection.place !== where || !isIdle) return run.phase !== 'done';
        run.phase = 'done';
        for (let index = 0; index < 10; index++)
          topology.peers[0]!.inject(injectionDelay + index * injectionInterval, () => {
            const frame = copyFrame(run.last!);
            edit(frame, segmentPlaces(frame)!);
            return frame;
          });
        return false;
      },
    },
    { interval: 100_000_000, count: 15 },
  );
}
