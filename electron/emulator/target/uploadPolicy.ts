/**
 * When the target asks for the upload of a connection that is of little use to it: the optional TCP_UPLOAD_REASONs (section 7 of
 * the data digest, EVT-022 to EVT-030). Every reason that is absent is never given.
 */

/** A share of what passes by that is too large. */
export interface RateThreshold {
  /** How many make a sample; each sample is judged by itself. */
  readonly sample: number;
  /** The share of them that is too large, 0 to 1. */
  readonly share: number;
}

/** See the file's head. */
export interface UploadPolicy {
  /** LowActivity: virtual ns without payload in either direction. */
  readonly lowActivity?: number;
  /** HighDropRate: retransmissions among the segments with payload that leave. */
  readonly highDropRate?: RateThreshold;
  /** HighOutOfOrderPackets: segments that come before their turn among those with payload that arrive. */
  readonly highOutOfOrderPackets?: RateThreshold;
  /** HighFragmentation: fragmented datagrams among those that arrive. */
  readonly highFragmentation?: RateThreshold;
  /** SmallIO: `count` receives in a row with less than `bytes` bytes each. */
  readonly smallIo?: { readonly bytes: number; readonly count: number };
  /** NoBufferPreposting: `count` indications in a row that found no receive posted. */
  readonly noBufferPreposting?: { readonly count: number };
}
