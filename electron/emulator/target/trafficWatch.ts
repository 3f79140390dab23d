/** Watches one connection's traffic and says when a reason of the upload policy applies (EVT-029, EVT-030). */
import { constantValue } from '../../../shared/ddi/catalogue';
import type { RateThreshold, UploadPolicy } from './uploadPolicy';

/** The optional TCP_UPLOAD_REASONs. The page spells NoBufferProposting, newer headers NoBufferPreposting; the value is one. */
export const optionalUploadReasons = {
  highDropRate: constantValue('HighDropRate'),
  highFragmentation: constantValue('HighFragmentation'),
  highOutOfOrderPackets: constantValue('HighOutOfOrderPackets'),
  lowActivity: constantValue('LowActivity'),
  noBufferPreposting: constantValue('NoBufferPreposting'),
  smallIo: constantValue('SmallIO'),
} as const;

class Sample {
  private seen = 0;
  private bad = 0;

  constructor(private readonly threshold: RateThreshold | undefined) {}

  /** Counts one more; answers whether it completes a sample with too many bad ones. */
  count(isBad: boolean): boolean {
    if (this.threshold === undefined) return false;
    this.seen++;
    if (isBad) this.bad++;
    if (this.seen < this.threshold.sample) return false;
    const tooMany = this.bad >= this.threshold.share * this.seen;
    this.seen = 0;
    this.bad = 0;
    return tooMany;
  }
}

/** Whether a policy has anything for a watch to do. */
export function watchesTraffic(policy: UploadPolicy): boolean {
  return Object.values(policy).some((threshold) => threshold !== undefined);
}

/** Who hears what a watch has found. */
export interface TrafficListener {
  /** A TCP_UPLOAD_REASON applies. */
  suggestUpload(reason: number): void;
}

/** See the file's head. `listener` hears a TCP_UPLOAD_REASON every time that one applies. */
export class TrafficWatch {
  private readonly drops: Sample;
  private readonly disorder: Sample;
  private readonly fragments: Sample;
  private smallReceives = 0;
  private unexpectedIndications = 0;

  constructor(
    private readonly policy: UploadPolicy,
    private readonly listener: TrafficListener,
  ) {
    this.drops = new Sample(policy.highDropRate);
    this.disorder = new Sample(policy.highOutOfOrderPackets);
    this.fragments = new Sample(policy.highFragmentation);
  }

  /** A segment with payload leaves. */
  sent(isRetransmission: boolean): void {
    if (this.drops.count(isRetransmission)) this.listener.suggestUpload(optionalUploadReasons.highDropRate);
  }

  /** A whole datagram with a segment has come. */
  received(hasPayload: boolean, isOutOfOrder: boolean): void {
    if (this.fragments.count(false)) this.listener.suggestUpload(optionalUploadReasons.highFragmentation);
    if (hasPayload && this.disorder.count(isOutOfOrder))
      this.listener.suggestUpload(optionalUploadReasons.highOutOfOrderPackets);
  }

  /** The first fragment of a datagram has come. */
  fragmentReceived(): void {
    if (this.fragments.count(true)) this.listener.suggestUpload(optionalUploadReasons.highFragmentation);
  }

  /** A receive of so many bytes has been posted. */
  receivePosted(bytes: number): void {
    this.unexpectedIndications = 0;
    const { smallIo } = this.policy;
    if (smallIo === undefined) return;
    this.smallReceives = bytes < smallIo.bytes ? this.smallReceives + 1 : 0;
    if (this.smallReceives < smallIo.count) return;
    this.smallReceives = 0;
    this.listener.suggestUpload(optionalUploadReasons.smallIo);
  }

  /** Data has been indicated because no receive was posted. */
  indicated(): void {
    const { noBufferPreposting } = this.policy;
    if (noBufferPreposting === undefined) return;
    this.unexpectedIndications++;
    if (this.unexpectedIndications < noBufferPreposting.count) return;
    this.unexpectedIndications = 0;
    this.listener.suggestUpload(optionalUploadReasons.noBufferPreposting);
  }

  /** The connection has been idle for as long as the policy puts up with. */
  idle(): void {
    this.listener.suggestUpload(optionalUploadReasons.lowActivity);
  }
}
