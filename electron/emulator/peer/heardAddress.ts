/**
 * The Ethernet address that frames come from. The first frame says it; another one holds when two frames in a row have it: nothing
 * protects the address of a frame whose bits flip on the way.
 */
export class HeardAddress {
  /** The address; belongs to this object. */
  readonly mac = new Uint8Array(6);
  private readonly candidate = new Uint8Array(6);
  private known = false;

  /** A frame has arrived, which begins with its two addresses. */
  heard(frame: Uint8Array): void {
    if (this.known && !matches(frame, this.candidate)) copy(frame, this.candidate);
    else {
      this.known = true;
      copy(frame, this.candidate);
      copy(frame, this.mac);
    }
  }
}

const sourceAt = 6;

function matches(frame: Uint8Array, address: Uint8Array): boolean {
  for (let index = 0; index < 6; index++) if (frame[sourceAt + index] !== address[index]) return false;
  return true;
}

function copy(frame: Uint8Array, address: Uint8Array): void {
  for (let index = 0; index < 6; index++) address[index] = frame[sourceAt + index]!;
}
