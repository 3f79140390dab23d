/** Flat rows as typed arrays, a batch at a time. */
import type { FlatRow } from './flatRows';

/** Rows of a batch. */
export const rowsOfBatch = 65_536;

/** See the file's head. */
export class FlatColumns {
  readonly time = new Float64Array(rowsOfBatch);
  readonly kind = new Uint8Array(rowsOfBatch);
  readonly name = new Uint16Array(rowsOfBatch);
  readonly component = new Uint8Array(rowsOfBatch);
  readonly connection = new Int32Array(rowsOfBatch);
  readonly reference = new Float64Array(rowsOfBatch);
  readonly status = new Uint32Array(rowsOfBatch);
  readonly value = new Float64Array(rowsOfBatch);
  readonly payloadEnds = new Int32Array(rowsOfBatch + 1);
  payload = new Uint8Array(1024 * 1024);
  rows = 0;

  /** Appends a row. */
  push(row: FlatRow): void {
    const at = this.rows++;
    this.time[at] = row.time;
    this.kind[at] = row.kind;
    this.name[at] = row.name;
    this.component[at] = row.component;
    this.connection[at] = row.connection;
    this.reference[at] = row.reference;
    this.status[at] = row.status;
    this.value[at] = row.value;
    let end = this.payloadEnds[at]!;
    if (row.payload !== undefined) {
      const needed = end + row.payload.length;
      if (needed > this.payload.length) {
        const grown = new Uint8Array(needed * 2);
        grown.set(this.payload);
        this.payload = grown;
      }
      this.payload.set(row.payload, end);
      end = needed;
    }
    this.payloadEnds[at + 1] = end;
  }
}
