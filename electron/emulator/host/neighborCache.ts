/** Who is reachable at which Ethernet address: the host stack's ARP (RFC 826, RFC 1122 section 2.3.2). */
import { NDIS_OFFLOAD_HANDLE, type Kernel } from '../kit';
import { formatIpv4, sameAddress, type Ipv4Address, type MacAddress } from '../wire/address';
import type { ArpMessage } from '../wire/arp';
import { OffloadRecord } from './offloadRecord';
import type { PathEntry } from './pathCache';

/** Time between two requests for the same address (RFC 1122 section 2.3.2.1: at most one per second). */
const requestInterval = 1_000_000_000;

/** Requests before the cache gives up. */
const mostRequests = 5;

/** A neighbor, resolved or not. */
export interface NeighborEntry {
  readonly address: Ipv4Address;
  readonly handle: NDIS_OFFLOAD_HANDLE;
  readonly record: OffloadRecord;
  /** Paths that the target has, or is being offered, through this neighbor. */
  readonly dependents: Set<PathEntry>;
  mac: MacAddress | undefined;
  /** When the neighbor last proved reachable, virtual ns. */
  confirmedAt: number;
}

/** See the file's head. */
export class NeighborCache {
  private readonly entries: NeighborEntry[] = [];
  private waiting: {
    readonly entry: NeighborEntry;
    readonly done: (mac: MacAddress | undefined) => void;
  }[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly sendRequest: (target: Ipv4Address) => void,
    /** A neighbor that had an Ethernet address has another one now. */
    private readonly moved: (entry: NeighborEntry) => void,
  ) {}

  /** All neighbors, oldest first. */
  get all(): readonly NeighborEntry[] {
    return this.entries;
  }

  /** The entry of an address, made if it is new. */
  entry(address: Ipv4Address): NeighborEntry {
    const known = this.entries.find((candidate) => sameAddress(candidate.address, address));
    if (known !== undefined) return known;
    const handle = new NDIS_OFFLOAD_HANDLE(this.kernel.addresses);
    const entry: NeighborEntry = {
      address: address.slice(),
      handle,
      record: new OffloadRecord('neighbor', handle),
      dependents: new Set(),
      mac: undefined,
      confirmedAt: 0,
    };
    this.entries.push(entry);
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

  /** Learns from an ARP message, whoever it was meant for, if it is about a neighbor that is known (RFC 826). */
  learn(message: ArpMessage): void {
    const entry = this.entries.find((candidate) => sameAddress(candidate.address, message.senderAddress));
    if (entry === undefined) return;
    const before = entry.mac;
    entry.mac = message.senderMac;
    entry.confirmedAt = this.kernel.now;
    this.answer(entry);
    if (before !== undefined && !sameAddress(before, message.senderMac)) this.moved(entry);
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
  return `Neighbor ${formatIpv4(entry.address)}`;
}
