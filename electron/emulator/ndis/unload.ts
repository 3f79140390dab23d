/**
 * NDIS: drivers that go. A miniport driver is unloaded when its last adapter has been halted; a protocol driver is uninstalled after
 * it has been unbound from every adapter.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { pointerArgument } from './arguments';
import type { AdapterLifePlane } from './adapterLife';
import type { NDIS_HANDLE } from './characteristics';
import type { NdisCore } from './core';
import { miniportDriverFrom, opaqueSize, protocolFrom, type MiniportAdapter } from './drivers';
import type { OidPlane } from './oidRequests';
import type { RegistrationPlane } from './registration';
import { writeUnsignedLong } from './unsignedLong';

const packetFilter = constantValue('OID_GEN_CURRENT_PACKET_FILTER');

/** See the file's head. Everything runs at PASSIVE_LEVEL; `done` is called when the driver has gone. */
export class UnloadPlane {
  constructor(
    private readonly core: NdisCore,
    private readonly life: AdapterLifePlane,
    private readonly oids: OidPlane,
    private readonly registration: RegistrationPlane,
  ) {}

  /** Halts what adapters are left and calls MiniportDriverUnload, which deregisters. */
  unloadMiniportDriver(NdisMiniportDriverHandle: NDIS_HANDLE, done: () => void): void {
    const { door, component, machine } = this.core;
    const driver = miniportDriverFrom(NdisMiniportDriverHandle);
    forEachInTurn(
      this.registration.adaptersOf(driver),
      (adapter, next) => {
        this.life.halt(adapter, next);
      },
      () => {
        const handler = driver.characteristics.UnloadHandler;
        const DriverObject = { address: machine.addresses.allocate(opaqueSize) };
        if (handler !== undefined) {
          door.void(
            {
              functionName: 'MiniportDriverUnload',
              caller: component,
              callee: driver.component,
              arguments: [pointerArgument('DriverObject', DriverObject, 'DriverObject')],
            },
            () => {
              handler(DriverObject);
            },
          );
        }
        done();
      },
    );
  }

  /** Unbinds the driver from its adapters and calls ProtocolUninstall, which deregisters. */
  uninstallProtocolDriver(NdisProtocolHandle: NDIS_HANDLE, done: () => void): void {
    const { door, component } = this.core;
    const driver = protocolFrom(NdisProtocolHandle);
    forEachInTurn(
      this.registration.adaptersOf(driver),
      (adapter, next) => {
        this.life.pause(adapter, () => {
          this.life.unbind(adapter, () => {
            // Nobody is left to take what the adapter receives.
            this.oids.setFromNdis(adapter, packetFilter, writeUnsignedLong(0));
            // The adapter runs on, for whoever else is or will be bound to it.
            this.life.restart(adapter, (status) => {
              if (status === NDIS_STATUS.SUCCESS) next();
            });
          });
        });
      },
      () => {
        const handler = driver.characteristics.UninstallHandler;
        if (handler !== undefined) {
          door.void(
            { functionName: 'ProtocolUninstall', caller: component, callee: driver.component, arguments: [] },
            () => {
              handler();
            },
          );
        }
        done();
      },
    );
  }
}

/** Does something to each adapter, one after the other. */
function forEachInTurn(
  adapters: readonly MiniportAdapter[],
  each: (adapter: MiniportAdapter, next: () => void) => void,
  done: () => void,
): void {
  const [first, ...rest] = adapters;
  if (first === undefined) done();
  else
    each(first, () => {
      forEachInTurn(rest, each, done);
    });
}
