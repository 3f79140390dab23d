import { describe, expect, it } from 'vitest';
import {
  DRIVER_OBJECT,
  NDIS_STATUS,
  objectHeader,
  type NDIS_HANDLE,
} from '../../../../electron/emulator/kit';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { Ndis } from '../../../../electron/emulator/ndis/ndis';
import { silentProbe } from '../../../harness/silentProbe';

function load() {
  const machine = new Machine(silentProbe(), 1);
  const ndis = new Ndis(machine, { enter: 1, leave: 1 });
  return { machine, ndis, driver: new DRIVER_OBJECT(machine, ndis, 'offload-target', 'Driver') };
}

/** Names of the functions of NDIS on all planes: those that begin as the WDK's do. */
function namesOnPlanes(ndis: Ndis): string[] {
  const planes = Object.values(ndis as unknown as Readonly<Record<string, object>>);
  return planes.flatMap((plane) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(plane)).filter((name) => name.startsWith('Ndis')),
  );
}

describe('the functions of NDIS that a driver may call', () => {
  it('are all that any plane of NDIS has, and no others', () => {
    const { ndis, driver } = load();
    expect(Object.keys(driver.ndis).sort()).toEqual(namesOnPlanes(ndis).sort());
  });

  it('work when they are taken out of their object', () => {
    const { driver } = load();
    const { NdisRegisterProtocolDriver } = driver.ndis;
    const handles: NDIS_HANDLE[] = [];
    const { status, NdisProtocolHandle } = NdisRegisterProtocolDriver(driver, {
      Header: objectHeader('NDIS_PROTOCOL_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (NdisDriverHandle) => {
        handles.push(NdisDriverHandle);
        return NDIS_STATUS.SUCCESS;
      },
      BindAdapterHandlerEx: () => NDIS_STATUS.FAILURE,
      UnbindAdapterHandlerEx: () => NDIS_STATUS.SUCCESS,
      ReceiveNetBufferListsHandler: () => undefined,
      SendNetBufferListsCompleteHandler: () => undefined,
    });
    expect(status).toBe(NDIS_STATUS.SUCCESS);
    expect(handles).toEqual([NdisProtocolHandle]);
  });

  it('NdisFRegisterFilterDriver calls FilterSetOptions with the driver’s own context', () => {
    const { driver } = load();
    const contexts: unknown[] = [];
    const { status, NdisFilterDriverHandle } = driver.ndis.NdisFRegisterFilterDriver(driver, {
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (_handle, context) => {
        contexts.push(context);
        return NDIS_STATUS.SUCCESS;
      },
      AttachHandler: () => NDIS_STATUS.SUCCESS,
      DetachHandler: () => undefined,
    });
    expect(contexts).toEqual([driver]);
    expect(status).toBe(NDIS_STATUS.SUCCESS);
    expect(NdisFilterDriverHandle).not.toBeNull();
  });
});
