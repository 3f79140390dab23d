/**
 * NDIS: MiniportCheckForHangEx and MiniportResetEx. Protocol drivers hear of the beginning and the end of a reset; where the hardware
 * has forgotten its filter, NDIS sets packet filter and multicast list again. No page says what a reset does to offloaded state
 * (section 12 of the state-manipulation digest): that is the target's to tell.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { EventId } from '../../../shared/trace/records';
import { numberArgument, pointerArgument, statusArgument } from './arguments';
import type { NDIS_HANDLE } from './characteristics';
import type { NdisCore } from './core';
import { adapterContext, adapterFrom, type MiniportAdapter } from './drivers';
import type { OidPlane } from './oidRequests';
import type { StatusPlane } from './statusIndications';

/** A reset that has not ended. */
interface OpenReset {
  readonly call: EventId;
  readonly done: (status: NdisStatus) => void;
}

/** What NDIS sets again after a reset that has lost addressing. */
const addressingOids = [
  constantValue('OID_GEN_CURRENT_PACKET_FILTER'),
  constantValue('OID_802_3_MULTICAST_LIST'),
] as const;

/** See the file's head. */
export class ResetPlane {
  private readonly open = new Map<MiniportAdapter, OpenReset>();

  constructor(
    private readonly core: NdisCore,
    private readonly oids: OidPlane,
    private readonly status: StatusPlane,
  ) {}

  /** MiniportCheckForHangEx, as NDIS asks every few seconds, and a reset where the answer is TRUE. At PASSIVE_LEVEL. */
  checkForHang(adapterHandle: NDIS_HANDLE, done: (status: NdisStatus) => void = () => undefined): boolean {
    const { door, component } = this.core;
    const adapter = adapterFrom(adapterHandle);
    const handler = adapter.driver.characteristics.CheckForHangHandlerEx;
    if (handler === undefined) return false;
    const context = adapterContext(adapter);
    const hangs = door.cross(
      {
        functionName: 'MiniportCheckForHangEx',
        caller: component,
        callee: adapter.driver.component,
        arguments: [pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext')],
      },
      () => handler(context),
      (answer) => ({ outputs: [numberArgument('Return value', Number(answer))] }),
    );
    if (hangs) this.reset(adapter, done);
    return hangs;
  }

  /** MiniportResetEx. `done` hears how it ended: NOT_RESETTABLE if the driver can't. */
  reset(adapterHandle: NDIS_HANDLE, done: (status: NdisStatus) => void = () => undefined): void {
    const { door, component } = this.core;
    const adapter = adapterFrom(adapterHandle);
    const handler = adapter.driver.characteristics.ResetHandlerEx;
    if (handler === undefined) {
      done(NDIS_STATUS.NOT_RESETTABLE);
      return;
    }
    if (this.open.has(adapter)) {
      done(NDIS_STATUS.RESET_IN_PROGRESS);
      return;
    }
    const context = adapterContext(adapter);
    this.status.indicateFromNdis(adapter, NDIS_STATUS.RESET_START);
    const status = door.cross(
      {
        functionName: 'MiniportResetEx',
        caller: component,
        callee: adapter.driver.component,
        arguments: [pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext')],
      },
      (call) => {
        this.open.set(adapter, { call, done });
        return handler(context);
      },
      (answer) => ({ status: answer }),
    );
    if (status === NDIS_STATUS.PENDING) return;
    this.open.delete(adapter);
    this.status.indicateFromNdis(adapter, NDIS_STATUS.RESET_END);
    done(status);
  }

  /** NdisMResetComplete: ends a MiniportResetEx that returned PENDING.
   * @throws Error if no reset is under way. */
  NdisMResetComplete(MiniportAdapterHandle: NDIS_HANDLE, Status: NdisStatus, AddressingReset: boolean): void {
    const { door, component, machine } = this.core;
    const adapter = adapterFrom(MiniportAdapterHandle);
    const reset = this.open.get(adapter);
    if (reset === undefined) throw new Error('NdisMResetComplete: no reset is under way');
    this.open.delete(adapter);
    door.void(
      {
        functionName: 'NdisMResetComplete',
        caller: adapter.driver.component,
        callee: component,
        completes: [reset.call],
        arguments: [
          pointerArgument('MiniportAdapterHandle', adapter, adapter.label),
          statusArgument('Status', Status),
          numberArgument('AddressingReset', Number(AddressingReset)),
        ],
      },
      () => undefined,
    );
    machine.queueWorkItem(0, () => {
      if (AddressingReset && Status === NDIS_STATUS.SUCCESS && adapter.initialized)
        this.restoreAddressing(adapter);
      this.status.indicateFromNdis(adapter, NDIS_STATUS.RESET_END);
      reset.done(Status);
    });
  }

  private restoreAddressing(adapter: MiniportAdapter): void {
    for (const oid of addressingOids) {
      const value = adapter.oids.lastSet(oid);
      if (value !== undefined) this.oids.setFromNdis(adapter, oid, value);
    }
  }
}
