/**
 * Adapters whose cable is pulled, or that sleep, pause or are reset: what they send leaves no frame in the records, and what arrives
 * is not processed.
 */
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import type { ConnectionRecord, EventId } from '../../trace/records';
import type { Call } from '../engine/call';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import { oidOf } from './oidRequests';

const connected = constantValue('MediaConnectStateConnected');
const setPower = constantValue('OID_PNP_SET_POWER');

/** See the file's head. */
export class UnseenFrames implements Handlers {
  /** Drivers whose cable is pulled. */
  private readonly pulled = new Set<number>();
  /** The last record that began or ended such a time, by driver. */
  private readonly lastMark = new Map<number, EventId>();
  /** The records that declare the connections. */
  private readonly begun = new Map<number, EventId>();

  constructor(private readonly facts: Facts) {}

  readonly connection = ({ id }: ConnectionRecord): void => {
    this.begun.set(id, this.facts.event);
  };

  /** Whether frames of a driver's adapter may be missing behind a record. */
  since(driver: number, event: EventId | undefined): boolean {
    if (this.pulled.has(driver)) return true;
    const last = this.lastMark.get(driver);
    return last !== undefined && (event === undefined || last > event);
  }

  /** Whether frames of any adapter may be missing behind a record. */
  anySince(event: EventId | undefined): boolean {
    if (this.anyPulled) return true;
    for (const last of this.lastMark.values()) if (event === undefined || last > event) return true;
    return false;
  }

  /** Whether frames of a connection may be missing at any time of its life: what it has sent and got can't be told from records then. */
  inLifeOf(connection: number | undefined): boolean {
    return this.anySince(connection === undefined ? undefined : this.begun.get(connection));
  }

  /** Whether any cable is pulled now. */
  get anyPulled(): boolean {
    return this.pulled.size > 0;
  }

  readonly call: NonNullable<Handlers['call']> = {
    NdisMIndicateStatusEx: (call) => {
      if (call.number('StatusCode') !== NDIS_STATUS.LINK_STATE) return;
      const state = call.structure('StatusBuffer');
      if (state?.has('MediaConnectState') !== true) return;
      if (state.number('MediaConnectState') === connected) this.pulled.delete(call.caller);
      else this.pulled.add(call.caller);
      this.lastMark.set(call.caller, call.event);
    },
    MiniportOidRequest: (call) => {
      if (oidOf(call) === setPower) this.mark(call);
    },
    NdisMOidRequestComplete: (call) => {
      if (oidOf(call) === setPower) this.lastMark.set(call.caller, call.event);
    },
    MiniportPause: (call) => {
      this.mark(call);
    },
    MiniportRestart: (call) => {
      this.mark(call);
    },
    MiniportResetEx: (call) => {
      this.mark(call);
    },
  };

  private mark(call: Call): void {
    this.lastMark.set(call.callee, call.event);
  }
}

/** `facts.of(unseenFrames)`. */
export const unseenFrames: FactDefinition<UnseenFrames> = { start: (facts) => new UnseenFrames(facts) };
