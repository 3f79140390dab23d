/** What the host stack knows of the offload of one of its state objects: neighbor, path or connection. */
import type { StateLayer } from '../../../shared/trace/records';
import type { NDIS_OFFLOAD_HANDLE } from '../kit';

/** Where a state object is, in the words of `netstat -t`. */
export type OffloadPlace = 'InHost' | 'Offloading' | 'Offloaded' | 'Uploading';

/** Hears that the place of an object is another one. */
export interface PlaceWatcher {
  placeChanged(): void;
}

/** See the file's head. */
export class OffloadRecord {
  private currentPlace: OffloadPlace = 'InHost';
  /** Invalidated and not terminated yet (INV-008). */
  invalid = false;
  /** Updates, queries and invalidates under way; until they have ended the object is not terminated (TRM-004). */
  openRequests = 0;
  /** An update is under way: there is never a second one (UPD-002). */
  updating = false;

  constructor(
    readonly layer: StateLayer,
    readonly handle: NDIS_OFFLOAD_HANDLE,
    private readonly watcher?: PlaceWatcher,
    /** IP version of a path; its blocks and structures depend on it (INI-009). */
    readonly version: 'ipv4' | 'ipv6' = 'ipv4',
  ) {}

  /** Where the object is. */
  get place(): OffloadPlace {
    return this.currentPlace;
  }

  set place(place: OffloadPlace) {
    this.currentPlace = place;
    this.watcher?.placeChanged();
  }

  /** Whether a request of any kind may name it now, save a terminate while others are open. */
  get isSettled(): boolean {
    return this.place === 'InHost' || (this.place === 'Offloaded' && !this.updating);
  }
}
