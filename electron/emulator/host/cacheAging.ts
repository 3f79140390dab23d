/**
 * When neighbors and paths that nothing depends on are forgotten: a host that serves many remotes, or strangers who invent addresses,
 * must not grow for ever (RFC 4861 section 5.3, RFC 6583). No timer does it: whoever adds an entry looks whether a sweep is due.
 */
import type { OffloadRecord } from './offloadRecord';

/** How long entries stay, and how many. */
export interface CacheSettings {
  /** Time after its last use that an entry which nothing depends on is kept, virtual ns. */
  readonly lifetime: number;
  /** Entries of either cache beyond which those that nothing depends on go earlier, the least recently used first. */
  readonly mostEntries: number;
}

/** Ten minutes and 1024 entries: RFC 6583 asks for a limit without naming one. */
export const defaultCacheSettings: CacheSettings = { lifetime: 600_000_000_000, mostEntries: 1024 };

/** An entry of a cache. */
export interface AgingEntry {
  readonly record: OffloadRecord;
  /** When it was last asked for or given up, virtual ns. */
  usedAt: number;
}

/** Whether the target has nothing of an object and no request about it is under way. */
export function isAlone({ place, openRequests, updating, invalid }: OffloadRecord): boolean {
  return place === 'InHost' && openRequests === 0 && !updating && !invalid;
}

/** Sweeps the entries of one cache. */
export class CacheAging<Entry extends AgingEntry> {
  private nextSweepAt = 0;
  /** Entries above which the cache is too full. */
  private fullAbove: number;

  constructor(
    private readonly settings: CacheSettings,
    /** The cache, by keys of its own. */
    private readonly entries: Map<string, Entry>,
    /** Begins a sweep, of a cache that is full or not: answers which entries nothing depends on. */
    private readonly unneeded: (isFull: boolean) => (entry: Entry) => boolean,
  ) {
    this.fullAbove = settings.mostEntries;
  }

  /** An entry is about to be added. Sweeps are rare enough that an entry costs the same however many there are. */
  beforeAdding(now: number): void {
    const isFull = this.entries.size >= this.fullAbove;
    if (isFull || now >= this.nextSweepAt) this.sweep(now, isFull);
  }

  /** Forgets what is too old, and of a full cache what makes room. */
  sweep(now: number, isFull: boolean): void {
    const { entries, settings } = this;
    const isUnneeded = this.unneeded(isFull);
    const candidates = [...entries].filter(([, entry]) => isUnneeded(entry));
    for (const [key, entry] of candidates) if (now - entry.usedAt > settings.lifetime) entries.delete(key);
    // A quarter goes at once, lest the next entry begin another sweep.
    const wanted = Math.floor(settings.mostEntries * 0.75);
    if (isFull && entries.size > wanted) {
      const byUse = candidates
        .filter(([key]) => entries.has(key))
        .sort(([, left], [, right]) => left.usedAt - right.usedAt);
      for (const [key] of byUse.slice(0, entries.size - wanted)) entries.delete(key);
    }
    this.nextSweepAt = now + settings.lifetime / 2;
    this.fullAbove = Math.max(settings.mostEntries, Math.ceil(entries.size * 1.25));
  }
}
