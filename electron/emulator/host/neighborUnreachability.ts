/**
 * Neighbor unreachability detection together with an offload target (RFC 4861 section 7.3, RCH-017 to RCH-023): answers its
 * NeighborReachabilityQuery in place; a stale entry waits, asks the target for its NicReachabilityDelta, and without progress
 * probes the neighbor by unicast (RFC 1122 section 2.3.2.1) and in the end declares it invalid. What TCP reports from the host path
 * (negative advice, RFC 1122 section 3.3.1.4) begins with the probes: they find out an Ethernet address that was learned wrongly.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import type { NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST } from '../kit';
import type { HostStack } from './hostStack';
import { neighborLabel, type NeighborEntry } from './neighborCache';

const reachabilityQuery = constantValue('NeighborReachabilityQuery');
const reachabilityInDoubt = constantValue('NeighborReachabilityInDoubt');

/** DELAY_FIRST_PROBE_TIME and RETRANS_TIMER of RFC 4861 section 10, ns. */
const delayBeforeProbe = 5_000_000_000;
const probeInterval = 1_000_000_000;

/** MAX_UNICAST_SOLICIT of RFC 4861 section 10. */
const mostProbes = 3;

/** A stale entry on its way to being reachable again or invalid. */
interface Detection {
  phase: 'delay' | 'query' | 'probe';
  /** NicReachabilityDelta of the indication, ticks. */
  readonly indicatedDelta: number;
}

/** See the file's head. */
export class NeighborUnreachability {
  private readonly detections = new Map<NeighborEntry, Detection>();

  constructor(private readonly stack: HostStack) {}

  /**
   * ProtocolIndicateOffloadEvent: writes HostReachabilityDelta before it returns, zero if the entry is stale and the age of its
   * confirmation otherwise (RCH-017). A neighbor in doubt is stale from now on (A35). Whatever is about no known neighbor stays
   * unanswered.
   */
  answer(block: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, IndicationCode: number): void {
    const { state } = block;
    const neighbor = [...this.stack.neighbors.all].find(({ handle }) => handle === block.OffloadHandle);
    if (IndicationCode !== reachabilityQuery && IndicationCode !== reachabilityInDoubt) return;
    if (state?.layer !== 'neighbor' || state.cached === undefined || neighbor === undefined) return;
    if (IndicationCode === reachabilityInDoubt) this.age(neighbor);
    const isStale = this.isStale(neighbor);
    const HostReachabilityDelta = isStale ? 0 : this.stack.reachabilityDelta(neighbor);
    Object.assign(state.cached, { HostReachabilityDelta });
    if (isStale && !this.detections.has(neighbor))
      this.begin(neighbor, state.delegated?.NicReachabilityDelta ?? 0);
  }

  /** TCP has sent a segment repeatedly and in vain: is the neighbor still there, and was its Ethernet address ever right? */
  doubt(neighbor: NeighborEntry): void {
    if (neighbor.mac === undefined || this.detections.has(neighbor)) return;
    this.age(neighbor);
    const detection: Detection = { phase: 'probe', indicatedDelta: 0 };
    this.detections.set(neighbor, detection);
    this.stack.note(undefined, `${neighborLabel(neighbor)} is in doubt: the host probes it`);
    // TCP may be in the middle of sending.
    this.stack.kernel.queueDeferredCall(() => {
      this.probe(neighbor, 1);
    });
  }

  /** Whether a neighbor is being examined. */
  examines(neighbor: NeighborEntry): boolean {
    return this.detections.has(neighbor);
  }

  /** To be called before the host sends a datagram itself: in DELAY it asks the target first (RCH-023). */
  beforeSending(neighbor: NeighborEntry): void {
    const detection = this.detections.get(neighbor);
    if (detection?.phase === 'delay') this.query(neighbor, detection);
  }

  /** Makes a confirmation too old to count. */
  private age(neighbor: NeighborEntry): void {
    const { kernel, settings } = this.stack;
    const oldest = kernel.now - this.stack.ticksToTime(settings.parameters.NceStaleTicks + 1);
    neighbor.confirmedAt = Math.min(neighbor.confirmedAt, oldest);
  }

  private isStale(neighbor: NeighborEntry): boolean {
    const { NceStaleTicks } = this.stack.settings.parameters;
    return neighbor.mac === undefined || this.stack.reachabilityDelta(neighbor) > NceStaleTicks;
  }

  private begin(neighbor: NeighborEntry, indicatedDelta: number): void {
    const detection: Detection = { phase: 'delay', indicatedDelta };
    this.detections.set(neighbor, detection);
    this.stack.note(undefined, `${neighborLabel(neighbor)} is stale: the host waits for progress`);
    this.stack.kernel.queueDeferredCall(() => {
      if (detection.phase === 'delay') this.query(neighbor, detection);
    }, delayBeforeProbe);
  }

  /** What the target has seen of the neighbor decides whether it must be probed (RCH-020 to RCH-022). */
  private query(neighbor: NeighborEntry, detection: Detection): void {
    const { stack } = this;
    detection.phase = 'query';
    stack.offloads.query(neighbor, 'delegated', (state) => {
      if (!this.isStale(neighbor) || state?.layer !== 'neighbor' || state.delegated === undefined) {
        this.detections.delete(neighbor);
        return;
      }
      const { NicReachabilityDelta } = state.delegated;
      if (NicReachabilityDelta < detection.indicatedDelta) {
        neighbor.confirmedAt = stack.kernel.now - stack.ticksToTime(NicReachabilityDelta);
        this.detections.delete(neighbor);
        return;
      }
      detection.phase = 'probe';
      stack.note(undefined, `${neighborLabel(neighbor)} shows no progress: the host probes it`);
      this.probe(neighbor, 1);
    });
  }

  private probe(neighbor: NeighborEntry, attempt: number): void {
    const { stack } = this;
    if (neighbor.mac !== undefined) stack.resolution.request(neighbor.address, neighbor.mac);
    stack.kernel.queueDeferredCall(() => {
      if (!this.isStale(neighbor)) this.detections.delete(neighbor);
      else if (attempt < mostProbes) this.probe(neighbor, attempt + 1);
      else this.declareUnreachable(neighbor);
    }, probeInterval);
  }

  /** The entry is deleted, and nothing may be sent through the neighbor any more until it has been resolved anew. */
  private declareUnreachable(neighbor: NeighborEntry): void {
    const { stack } = this;
    // An object is not invalidated while it is being updated (UPD-002).
    if (neighbor.record.updating) {
      stack.kernel.queueDeferredCall(() => {
        this.declareUnreachable(neighbor);
      }, probeInterval);
      return;
    }
    this.detections.delete(neighbor);
    if (!this.isStale(neighbor)) return;
    stack.note(undefined, `${neighborLabel(neighbor)} does not answer: the host declares it invalid`);
    neighbor.mac = undefined;
    stack.offloads.invalidate(neighbor);
    this.resolveAnew(neighbor);
  }

  /** Asks everybody, if there is a connection on the host path that waits for it: TCP's own next attempt may be far away. */
  private resolveAnew(neighbor: NeighborEntry): void {
    const { stack } = this;
    const isAwaited = stack.connections.some(
      ({ path, place, isClosed }) => path.neighbor === neighbor && place === 'InHost' && !isClosed,
    );
    if (!isAwaited) return;
    stack.neighbors.resolve(neighbor, (mac) => {
      if (mac === undefined) return;
      stack.note(undefined, `${neighborLabel(neighbor)} is resolved anew`);
      stack.driver.observer.wrote(neighbor.handle, stack.component, stack.neighborState(neighbor));
    });
  }
}
