/**
 * IM offload entries: what the intermediate driver keeps of each object that is offloaded through it, for as long as it is offloaded
 * (section 8 of the state digest, IMD-019).
 */
import { NDIS_OFFLOAD_HANDLE, type Kernel, type NET_BUFFER_LIST, type PVOID } from '../kit';
import type { TeamMember } from './teamMember';

/** Bytes of an entry in the address space. */
const entrySize = 0x60;

/** See the file's head. Its address is what stands in the upper context cell (IMD-013). */
export class OffloadEntry implements PVOID {
  readonly address: number;
  /** Names the object toward the driver below (IMD-009). */
  readonly handle: NDIS_OFFLOAD_HANDLE;
  /** Ethernet address of a neighbor; undefined for other objects. */
  destinationMac: Uint8Array | undefined;
  /** A send of the connection has been refused: nothing may overtake it (IMD-025). */
  sendsRefused = false;
  /** A graceful disconnect behind a refused send; it ends with the upload. */
  heldDisconnect: NET_BUFFER_LIST | undefined;

  constructor(
    kernel: Kernel,
    /** Names the object toward the driver above (IMD-021). */
    readonly NdisOffloadHandle: NDIS_OFFLOAD_HANDLE,
    /** The member that the object is offloaded to. */
    readonly member: TeamMember,
  ) {
    this.address = kernel.allocate(entrySize);
    this.handle = new NDIS_OFFLOAD_HANDLE(kernel.addresses);
  }
}

/** The entry that a context of the driver above stands for.
 * @throws Error for a context that is none of this driver's. */
export function offloadEntryFrom(context: PVOID): OffloadEntry {
  if (context instanceof OffloadEntry) return context;
  throw new Error('the MiniportOffloadContext is none of the intermediate driver');
}

/** All entries of a team, by the handle that the driver below uses. */
export class OffloadEntries {
  private readonly byHandle = new Map<NDIS_OFFLOAD_HANDLE, OffloadEntry>();
  /**
   * Objects that are being offered. A driver below may have one already, and indicate, while others of the same tree are still open
   * elsewhere.
   */
  private readonly offered = new Map<NDIS_OFFLOAD_HANDLE, OffloadEntry>();

  /** Objects that are offloaded through the team. */
  get size(): number {
    return this.byHandle.size;
  }

  /** Whether an object is such that `holds` is true of it. */
  any(holds: (entry: OffloadEntry) => boolean): boolean {
    for (const entry of this.byHandle.values()) if (holds(entry)) return true;
    return false;
  }

  /** Whether a member has objects. */
  anyOn(member: TeamMember): boolean {
    return this.any((entry) => entry.member === member);
  }

  /** An object is being offered to the driver below. */
  offer(entry: OffloadEntry): void {
    this.offered.set(entry.handle, entry);
  }

  /** The driver below has answered for an object: it has it or not. */
  settle(entry: OffloadEntry, taken: boolean): void {
    this.offered.delete(entry.handle);
    if (taken) this.byHandle.set(entry.handle, entry);
  }

  /** An object's termination is complete (IMD-020). */
  remove(entry: OffloadEntry): void {
    this.byHandle.delete(entry.handle);
  }

  /** The entry whose handle the driver below uses; undefined where the object has gone. */
  find(handle: NDIS_OFFLOAD_HANDLE | null): OffloadEntry | undefined {
    return handle === null ? undefined : (this.byHandle.get(handle) ?? this.offered.get(handle));
  }
}
