/** Finds a connection by the addresses and ports of a segment, of either IP version, in constant time and without allocating. */
import type { IpAddress } from '../wire/address';

/** Words of 32 bits that an entry's ends take: both ports, two addresses of up to 16 bytes, and how long these are. */
const wordsOfEnds = 10;

/** Entries that there is room for at first; a power of two. */
const firstCapacity = 16;

/** What stands in `slots` where no entry is. */
const empty = -1;

/** A hash of the words of both ends. The multipliers are odd and otherwise arbitrary. */
function hashOf(words: Uint32Array): number {
  let hash = 0;
  for (let index = 0; index < wordsOfEnds; index++) hash = Math.imul(hash ^ words[index]!, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function writeAddress(words: Uint32Array, at: number, address: IpAddress): void {
  const used = address.length >>> 2;
  for (let word = 0; word < 4; word++) words[at + word] = word < used ? wordAt(address, 4 * word) : 0;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/**
 * See the file's head. Entries lie one behind the other in columns, and a hash table with linear probing says where: a look-up touches
 * a slot, the entry's words and the connection.
 */
export class ConnectionMap<Connection> {
  private capacity = firstCapacity;
  private count = 0;
  /** Ends of the entries. */
  private words = new Uint32Array(firstCapacity * wordsOfEnds);
  private connections: (Connection | undefined)[] = [];
  /** Twice as many as entries at most: the number of an entry, or `empty`. */
  private slots = new Int32Array(2 * firstCapacity).fill(empty);
  /** The ends that are looked for. */
  private readonly sought = new Uint32Array(wordsOfEnds);

  /** Enters a connection in the place of what was there; the addresses are copied. */
  set(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    connection: Connection,
  ): void {
    let slot = this.slotOf(local, localPort, remote, remotePort);
    const known = this.slots[slot]!;
    if (known !== empty) {
      this.connections[known] = connection;
      return;
    }
    if (this.count === this.capacity) {
      this.grow();
      slot = this.slotOf(local, localPort, remote, remotePort);
    }
    const entry = this.count++;
    this.words.set(this.sought, entry * wordsOfEnds);
    this.connections[entry] = connection;
    this.slots[slot] = entry;
  }

  /** The connection between two ends. */
  get(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Connection | undefined {
    const entry = this.slots[this.slotOf(local, localPort, remote, remotePort)]!;
    return entry === empty ? undefined : this.connections[entry];
  }

  /** Forgets the connection between two ends. */
  delete(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): void {
    const slot = this.slotOf(local, localPort, remote, remotePort);
    const entry = this.slots[slot]!;
    if (entry === empty) return;
    this.vacate(slot);
    const last = --this.count;
    if (entry !== last) {
      // The last entry takes its place, so that the columns have no holes.
      this.sought.set(this.words.subarray(last * wordsOfEnds, (last + 1) * wordsOfEnds));
      this.slots[this.findSlot()] = entry;
      this.words.copyWithin(entry * wordsOfEnds, last * wordsOfEnds, (last + 1) * wordsOfEnds);
      this.connections[entry] = this.connections[last];
    }
    this.connections.length = last;
  }

  private slotOf(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): number {
    const { sought } = this;
    sought[0] = (localPort << 16) | remotePort;
    writeAddress(sought, 1, local);
    writeAddress(sought, 5, remote);
    sought[9] = (local.length << 8) | remote.length;
    return this.findSlot();
  }

  /** The slot of the entry with the ends that are looked for, or the empty one where it would stand. */
  private findSlot(): number {
    const { slots, words, sought } = this;
    const mask = slots.length - 1;
    let slot = hashOf(sought) & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === empty) return slot;
      const at = entry * wordsOfEnds;
      let word = 0;
      while (word < wordsOfEnds && words[at + word] === sought[word]) word++;
      if (word === wordsOfEnds) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** Empties a slot; entries behind it that it was in the way of move up. */
  private vacate(slot: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let hole = slot;
    for (let next = (hole + 1) & mask; slots[next] !== empty; next = (next + 1) & mask) {
      const home = this.homeOf(slots[next]!);
      // It may stand in the hole only if that does not lie before its home.
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      slots[hole] = slots[next]!;
      hole = next;
    }
    slots[hole] = empty;
  }

  private homeOf(entry: number): number {
    const words = this.words.subarray(entry * wordsOfEnds, (entry + 1) * wordsOfEnds);
    return hashOf(words) & (this.slots.length - 1);
  }

  private grow(): void {
    this.capacity *= 2;
    const words = new Uint32Array(this.capacity * wordsOfEnds);
    words.set(this.words);
    this.words = words;
    this.slots = new Int32Array(2 * this.capacity).fill(empty);
    const mask = this.slots.length - 1;
    for (let entry = 0; entry < this.count; entry++) {
      let slot = this.homeOf(entry);
      while (this.slots[slot] !== empty) slot = (slot + 1) & mask;
      this.slots[slot] = entry;
    }
  }
}
