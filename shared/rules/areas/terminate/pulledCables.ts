/** Adapters that have said that their cable is pulled: what they send then leaves no frame. */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS } from '../../../ddi/status';
import type { FactDefinition, Handlers } from '../../engine/rule';

const connected = constantValue('MediaConnectStateConnected');

class PulledCables implements Handlers {
  private readonly pulled = new Set<number>();

  /** Whether the cable of a driver's adapter is pulled, or its adapter sleeps or stands still. */
  isPulled(driver: number): boolean {
    return this.pulled.has(driver);
  }

  /** Whether that is so of any. */
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
    },
  };
}

/** `facts.of(pulledCables)`. */
export const pulledCables: FactDefinition<PulledCables> = { start: () => new PulledCables() };
