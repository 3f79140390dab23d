import type { BulkTransferPlan } from './bulkTransfer';

/** What one cell of the bench has measured. "Second" is wall time unless it says otherwise; ns are CPU time. */
export interface TransferMeasurement extends BulkTransferPlan {
  /** Whether the run was recorded, to memory. */
  readonly recorded: boolean;
  /** CPU time of everything, both ends, acknowledgments and events, by segments of 1,460 bytes that arrived. */
  readonly nsPerSegment: number;
  readonly segmentsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Payload bits by virtual second: how busy the link was. */
  readonly simulatedBitsPerSecond: number;
  readonly traceBytesPerSegment: number;
  /** Bytes allocated by segment in steady state; absent where garbage was collected while they were counted. */
  readonly allocatedPerSegment: number | undefined;
  /** Bytes that an idle connection takes, both ends together, its buffers not counted. */
  readonly memoryPerConnection: number;
  readonly residentBytes: number;
}
