/** Memory of posted receives for reuse, where applications do not keep what they get. */

/** Most pieces of one size that are kept. */
const mostKept = 64;

/** See the file's head. It keeps pieces of one size, which is that of nearly all receives. */
export class ReceiveMemory {
  private readonly free: Uint8Array[] = [];

  /** Memory of `bytes` bytes; what stands there is undefined. */
  take(bytes: number): Uint8Array {
    return this.free[0]?.length === bytes ? this.free.pop()! : new Uint8Array(bytes);
  }

  /** Nobody holds `memory` any more. */
  give(memory: Uint8Array): void {
    if (this.free.length > 0 && this.free[0]!.length !== memory.length) this.free.length = 0;
    if (this.free.length < mostKept) this.free.push(memory);
  }
}
