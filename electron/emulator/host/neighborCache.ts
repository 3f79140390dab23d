/** Who is reachable at which Ethernet address: what ARP (RFC 826, RFC 1122 section 2.3.2) and neighbor discovery (RFC 4861) tell. */
import { NDIS_OFFLOAD_HANDLE, type Kernel } from '../kit';
import { addressKey, formatIpAddress, sameAddress, type IpAddress, type MacAddress } from '../wire/address';
import { CacheAging, isAlone, type AgingEntry, type CacheSettings } from './cacheAging';
import { OffloadRecord } from './offloadRecord';
import type { PathEntry } from './pathCache';

/** Time between two requests for the same address (RFC 1122 section 2.3.2.1: at most one per second). */
const requestInterval = 1_000_000_000;

/** Requests before the cache gives up. */
const mostRequests = 5;

/** A neighbor, resolved or not. */
export interface NeighborEntry extends AgingEntry {
  readonly address: IpAddress;
  readonly handle: NDIS_OFFLOAD_HANDLE;
  readonly record: OffloadRecord;
  /** Paths that the target has, or is being offered, through this neighbor. */
  readonly dependents: Set<PathEntry>;
  mac: MacAddress | undefined;
  /** When the neighbor last proved reachable, virtual ns. */
  confirmedAt: number;
}

/** What a message tells of a neighbor. */
export interface NeighborNews {
  readonly address: IpAddress;
  readonly mac: MacAddress;
  /** Whether it proves that the neighbor receives what this host sends. */
  readonly confirms: boolean;
  /** Whether it counts even where another Ethernet address is known (RFC 4861 section 7.2.5). */
  readonly overrides: boolean;
}

/** See the file's head. */
export class NeighborCache {
  private readonly entries = new Map<string, NeighborEntry>();
  private readonly aging: CacheAging<NeighborEntry>;
  private waiting: {
    readonly entry: NeighborEntry;
    readonly done: (mac: MacAddress | undefined) => void;
  }[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly sendRequest: (target: IpAddress) => void,
    /** A neighbor that had an Ethernet address has another one now. */
    private readonly moved: (entry: NeighborEntry) => void,
    settings: CacheSettings,
    /** Begins a sweep: answers which neighbors no path leads through and nobody examines. */
    unneeded: (isFull: boolean) => (entry: NeighborEntry) => boolean,
  ) {
    this.aging = new CacheAging(settings, this.entries, (isFull) => {
      const isUnneeded = unneeded(isFull);
      const awaited = new Set(this.waiting.map(({ entry }) => entry));
      return (entry) =>
        isAlone(entry.record) && entry.dependents.size === 0 && !awaited.has(entry) && isUnneeded(entry);
    });
  }

  /** All neighbors, oldest first. */
  get all(): Iterable<NeighborEntry> {
    return this.entries.values();
  }

  /** How many there are. */
  get size(): number {
    return this.entries.size;
  }

  /** The entry of an address, made if it is new. */
  entry(address: IpAddress): NeighborEntry {
    const { now } = this.kernel;
    const key = addressKey(address);
    const known = this.entries.get(key);
    if (known !== undefined) {
      known.usedAt = now;
      return known;
    }
    this.aging.beforeAdding(now);
    const handle = new NDIS_OFFLOAD_HANDLE(this.kernel.addresses);
    const entry: NeighborEntry = {
      address: address.slice(),
      handle,
      record: new OffloadRecord('neighbor', handle),
      dependents: new Set(),
      mac: undefined,
      confirmedAt: 0,
      usedAt: now,
    };
    this.entries.set(key, entry);
    return entry;
  }

  /** Calls `done` with the Ethernet address, or with undefined after five unanswered requests. */
  resolve(entry: NeighborEntry, done: (mac: MacAddress | undefined) => void): void {
    if (entry.mac !== undefined) {
      done(entry.mac);
      return;
    }
    const asked = this.waiting.some((waiter) => waiter.entry === entry);
    this.waiting.push({ entry, done });
    if (!asked) this.request(entry, 1);
  }

  /** Learns from a message, whoever it was meant for, if it is about a neighbor that is known (RFC 826, RFC 4861 section 7.2.5). */
  learn({ address, mac, confirms, overrides }: NeighborNews): void {
    const entry = this.entries.get(addressKey(address));
    if (entry === undefined) return;
    const before = entry.mac;
    const isOther = before !== undefined && !sameAddress(before, mac);
    if (isOther && !overrides) return;
    entry.mac = mac;
    if (confirms) entry.confirmedAt = this.kernel.now;
    this.answer(entry);
    if (isOther) this.moved(entry);
  }

  private request(entry: NeighborEntry, attempt: number): void {
    this.sendRequest(entry.address);
    this.kernel.queueDeferredCall(() => {
      if (entry.mac !== undefined) return;
      if (attempt < mostRequests) this.request(entry, attempt + 1);
      else this.answer(entry);
    }, requestInterval);
  }

  private answer(entry: NeighborEntry): void {
    const answered = this.waiting.filter((waiter) => waiter.entry === entry);
    this.waiting = this.waiting.filter((waiter) => waiter.entry !== entry);
    for (const waiter of answered) waiter.done(entry.mac);
  }
}

/** Label of a neighbor in the state tree. */
export function neighborLabel(entry: NeighborEntry): string {
  return `Neighbor ${formatIpAddress(entry.address)}`;
}
