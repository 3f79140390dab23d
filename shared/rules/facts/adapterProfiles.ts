/** What is known of each adapter from its start: address, VLANs, tags, SACK and ticks. Undefined is what the trace doesn't tell. */
import { NDIS_STATUS } from '../../ddi/status';
import type { EventId } from '../../trace/records';
import type { Call } from '../engine/call';
import type { FactDefinition, Handlers } from '../engine/rule';

/** NDIS_MAC_OPTION_8021P_PRIORITY (ntddndis.h). */
const priorityOption = 0x40;

/** NDIS_OFFLOAD_SUPPORTED is 1, NDIS_OFFLOAD_SET_ON 1. */
const supported = 1;

/** See the file's head. */
export interface AdapterProfile {
  /** The call that started it. */
  readonly started: EventId;
  /** CurrentMacAddress. */
  currentAddress: Uint8Array | undefined;
  /** Whether it puts priorities into tags (802.1p). */
  supportsPriority: boolean | undefined;
  /** VLANs of the interface; empty: none is configured. */
  readonly vlanIds: readonly number[];
  /** VLAN identifiers that it has room for; Infinity: nobody has bounded them. */
  readonly vlanEntries: number;
  /** Whether it reports SupportSack; the record that tells it. */
  supportsSack: boolean | undefined;
  sackBy: EventId | undefined;
}

/** See the file's head. */
export class AdapterProfiles implements Handlers {
  private readonly profiles = new Map<number, AdapterProfile>();
  /** TicksPerSecond that the last set of OID_TCP_CONNECTION_OFFLOAD_PARAMETERS asked a driver for. */
  private readonly ticks = new Map<number, number>();

  /** The adapter of a target's driver; undefined where its start is not in the trace. */
  of(driver: number): AdapterProfile | undefined {
    return this.profiles.get(driver);
  }

  /** Ticks per second of timers and timestamps that a driver has been told; undefined where it hasn't been. */
  ticksPerSecond(driver: number): number | undefined {
    return this.ticks.get(driver);
  }

  readonly call = {
    MiniportInitializeEx: (call: Call): void => {
      const vlanIds = (call.text('VlanId') ?? '').split(' ').filter((id) => id !== '');
      this.profiles.set(call.callee, {
        started: call.event,
        currentAddress: undefined,
        supportsPriority: undefined,
        vlanIds: vlanIds.map(Number),
        vlanEntries: call.number('VlanEntries') ?? Infinity,
        supportsSack: undefined,
        sackBy: undefined,
      });
    },
    NdisMSetMiniportAttributes: (call: Call): void => {
      const profile = this.profiles.get(call.caller);
      if (profile === undefined) return;
      const attributes = call.structure('MiniportAttributes');
      if (attributes?.name === 'NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES') {
        profile.currentAddress = attributes.slice('CurrentMacAddress').slice(0, 6);
        profile.supportsPriority = ((attributes.number('MacOptions') ?? 0) & priorityOption) !== 0;
      }
      const offload = call.structure('DefaultTcpConnectionOffloadConfiguration');
      if (offload === undefined) return;
      profile.supportsSack = offload.number('SupportSack') === supported;
      profile.sackBy = call.event;
    },
    MiniportOidRequest: (call: Call): void => {
      const parameters = call.structure('InformationBuffer');
      if (parameters?.name !== 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS') return;
      const ticks = parameters.number('TicksPerSecond');
      if (ticks !== undefined && ticks > 0) this.asked.set(call.event, ticks);
    },
    NdisMOidRequestComplete: (call: Call): void => {
      for (const request of call.record.completes) this.answered(request, call.caller, call.number('Status'));
    },
  } as const;

  readonly returned = {
    MiniportOidRequest: (call: Call): void => {
      if (call.status !== NDIS_STATUS.PENDING) this.answered(call.event, call.callee, call.status);
    },
  } as const;

  /** TicksPerSecond of requests that have not been answered. */
  private readonly asked = new Map<EventId, number>();

  private answered(request: EventId, driver: number, status: number | undefined): void {
    const ticks = this.asked.get(request);
    this.asked.delete(request);
    if (ticks !== undefined && status === NDIS_STATUS.SUCCESS) this.ticks.set(driver, ticks);
  }
}

/** Adapters and what they can do: `facts.of(adapterProfiles)`. */
export const adapterProfiles: FactDefinition<AdapterProfiles> = { start: () => new AdapterProfiles() };
