/**
 * Which connections the host stack offloads by itself: chimney disabled, enabled or automatic, rules for ports and applications, and
 * hysteresis for what has come back. The thresholds of automatic mode are from memory of Microsoft's text and not confirmed; the age of
 * a connection, the times of the hysteresis and the interval are ours (docs/offload-policy.md).
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import type { ChimneyRequest, ChimneyRule } from '../../../shared/contract/chimneyRequest';
import type { Kernel, TimerObject } from '../kit';
import type { OffloadPlace } from './offloadRecord';

/** Settings of the policy; times in virtual ns. */
export type ChimneyPolicySettings = {
  readonly [Name in keyof ChimneyRequest]-?: Exclude<ChimneyRequest[Name], undefined>;
} & {
  /** Time between two looks at connections that may become worth it. */
  readonly interval: number;
  /** How long one that has come back stays; doubled each time, up to `longestStay`. */
  readonly shortestStay: number;
  readonly longestStay: number;
  /** How long an offload lasts at least before the host grants an upload that is its to grant. */
  readonly shortestOffload: number;
};

/** Automatic mode as it is remembered: 130 KB, 20 ms, 10 Gb/s. */
export const defaultChimneyPolicy: ChimneyPolicySettings = {
  state: 'automatic',
  ports: {},
  applications: {},
  minimumBytes: 130 * 1024,
  minimumAge: 0,
  largestRoundTripTime: 20_000_000,
  slowestLink: 10_000_000_000,
  interval: 1_000_000,
  shortestStay: 1_000_000_000,
  longestStay: 60_000_000_000,
  shortestOffload: 1_000_000_000,
};

/** The policy that a request asks for; undefined members are the defaults. */
export function chimneyPolicyOf(request: ChimneyRequest): ChimneyPolicySettings {
  const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
  return { ...defaultChimneyPolicy, ...given };
}

/** Why a connection stays in the host. */
export type Exclusion =
  | 'chimney-disabled'
  | 'port-disabled'
  | 'application-disabled'
  | 'adapter-not-ready'
  | 'not-established'
  | 'came-back'
  | 'link-too-slow'
  | 'round-trip-too-long'
  | 'too-young'
  | 'too-few-bytes';

/** What the policy must know of a connection. Times in virtual ns. */
export interface ConnectionFacts {
  readonly localPort: number;
  readonly remotePort: number;
  readonly application: string | undefined;
  readonly isEstablished: boolean;
  /** Whether the adapter takes offloads at all now. */
  readonly mayOffload: boolean;
  readonly age: number;
  /** Bytes both ways; since it came back, if it has been offloaded before. */
  readonly bytes: number;
  /** Smoothed round-trip time; undefined before the first sample. */
  readonly roundTripTime: number | undefined;
  readonly linkBitsPerSecond: number;
  /** How long it has to stay still after it has come back. */
  readonly stays: number;
}

/** The rule for a connection: what excludes wins over what includes. */
function ruleOf(
  facts: ConnectionFacts,
  settings: ChimneyPolicySettings,
): ChimneyRule | Exclusion | undefined {
  const { ports, applications } = settings;
  const application = facts.application === undefined ? undefined : applications[facts.application];
  if (application === 'disabled') return 'application-disabled';
  const byPort = [ports[String(facts.localPort)], ports[String(facts.remotePort)]];
  if (byPort.includes('disabled')) return 'port-disabled';
  return application ?? byPort.find((rule) => rule !== undefined);
}

/** Why a connection is not to be offloaded now; undefined if it is. */
export function exclusionOf(facts: ConnectionFacts, settings: ChimneyPolicySettings): Exclusion | undefined {
  if (settings.state === 'disabled') return 'chimney-disabled';
  const rule = ruleOf(facts, settings);
  if (rule === 'application-disabled' || rule === 'port-disabled') return rule;
  if (!facts.mayOffload) return 'adapter-not-ready';
  if (!facts.isEstablished) return 'not-established';
  if (facts.stays > 0) return 'came-back';
  if (settings.state === 'enabled' || rule === 'enabled') return undefined;
  if (facts.linkBitsPerSecond < settings.slowestLink) return 'link-too-slow';
  if (facts.roundTripTime !== undefined && facts.roundTripTime >= settings.largestRoundTripTime)
    return 'round-trip-too-long';
  if (facts.age < settings.minimumAge) return 'too-young';
  if (facts.bytes < settings.minimumBytes) return 'too-few-bytes';
  return undefined;
}

/** A connection as the policy watches it. */
export interface WatchedConnection {
  readonly place: OffloadPlace;
  /** What there is to know, save what the policy knows itself. */
  facts(): Omit<ConnectionFacts, 'age' | 'stays'>;
}

interface Watch {
  readonly since: number;
  /** Where it was when it was last looked at. */
  place: OffloadPlace;
  offloadedAt: number;
  returns: number;
  staysUntil: number;
  /** Bytes that it had carried when it came back. */
  bytesBefore: number;
}

/** Upload reasons that are the host's to grant and that a short offload has to outlive. */
const lowValueReasons: ReadonlySet<number> = new Set([
  constantValue('LowActivity'),
  constantValue('SmallIO'),
  constantValue('NoBufferPreposting'),
]);

/** See the file's head. */
export class OffloadPolicy<Connection extends WatchedConnection> {
  /** How often a look at a connection ended with each exclusion; the last one of each connection is in `exclusionOf`. */
  readonly exclusions: Partial<Record<Exclusion, number>> = {};
  private readonly watches = new Map<Connection, Watch>();
  private readonly timer: TimerObject;
  private armed = false;

  constructor(
    private readonly kernel: Pick<Kernel, 'now' | 'allocateTimer' | 'queueWorkItem'>,
    readonly settings: ChimneyPolicySettings,
    private readonly offer: (connections: readonly Connection[]) => void,
  ) {
    this.timer = kernel.allocateTimer(() => {
      this.armed = false;
      // Offers are made at PASSIVE_LEVEL.
      kernel.queueWorkItem(() => {
        this.look();
      });
    });
  }

  /** A connection is established. */
  watch(connection: Connection): void {
    if (this.settings.state === 'disabled' || this.watches.has(connection)) return;
    const { now } = this.kernel;
    this.watches.set(connection, {
      since: now,
      place: connection.place,
      offloadedAt: now,
      returns: 0,
      staysUntil: 0,
      bytesBefore: 0,
    });
    this.arm();
  }

  /** A connection is over. */
  forget(connection: Connection): void {
    this.watches.delete(connection);
    if (this.watches.size === 0) this.timer.stop();
  }

  /** Connections that it looks after. */
  get watched(): number {
    return this.watches.size;
  }

  /** Why a connection is in the host; undefined if it is to be offloaded. */
  exclusionOf(connection: Connection): Exclusion | undefined {
    const watch = this.watches.get(connection);
    const { now } = this.kernel;
    const facts = connection.facts();
    return exclusionOf(
      {
        ...facts,
        bytes: facts.bytes - (watch?.bytesBefore ?? 0),
        age: now - (watch?.since ?? now),
        stays: Math.max(0, (watch?.staysUntil ?? 0) - now),
      },
      this.settings,
    );
  }

  /**
   * Whether an upload that the target asks for and the host may refuse (EVT-022) is granted: what says that the offload is not worth
   * it waits until it has lasted a while; drops, fragments and reordering are believed at once.
   */
  grants(connection: Connection, reason: number): boolean {
    const watch = this.watches.get(connection);
    if (watch === undefined || !lowValueReasons.has(reason)) return true;
    return this.kernel.now - watch.offloadedAt >= this.settings.shortestOffload;
  }

  private arm(): void {
    if (this.armed || this.watches.size === 0) return;
    this.armed = true;
    this.timer.set(this.kernel.now + this.settings.interval);
  }

  private look(): void {
    const chosen: Connection[] = [];
    for (const [connection, watch] of this.watches) {
      this.notePlace(connection, watch);
      if (connection.place !== 'InHost') continue;
      const exclusion = this.exclusionOf(connection);
      if (exclusion === undefined) chosen.push(connection);
      else this.exclusions[exclusion] = (this.exclusions[exclusion] ?? 0) + 1;
    }
    if (chosen.length > 0) this.offer(chosen);
    this.arm();
  }

  /** What has come back, refused or taken back, stays for a while: twice as long each time. */
  private notePlace(connection: Connection, watch: Watch): void {
    const { place } = connection;
    const before = watch.place;
    watch.place = place;
    if (place === before) return;
    const { now } = this.kernel;
    if (before === 'InHost') watch.offloadedAt = now;
    if (place !== 'InHost') return;
    const { shortestStay, longestStay } = this.settings;
    watch.staysUntil = now + Math.min(longestStay, shortestStay * 2 ** watch.returns);
    watch.returns++;
    watch.bytesBefore = connection.facts().bytes;
  }
}
