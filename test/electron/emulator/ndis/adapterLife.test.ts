import { describe, expect, it } from 'vitest';
import {
  devicePnPEvents,
  devicePowerStates,
  type NDIS_HANDLE,
  type NDIS_OID_REQUEST,
  type NET_PNP_EVENT_NOTIFICATION,
} from '../../../../electron/emulator/ndis/characteristics';
import { haltActions } from '../../../../electron/emulator/ndis/adapterLife';
import { allocateNetBufferList } from '../../../../electron/emulator/ndis/netBufferList';
import { constantValue, nameInGroup } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { startBareDrivers, type BareDrivers } from '../../../harness/bareDrivers';

/** Drivers that note what they are told; each step may be left pending. */
function telling(
  pending: { readonly pause?: boolean; readonly event?: boolean; readonly oid?: boolean } = {},
) {
  const told: string[] = [];
  const events: NET_PNP_EVENT_NOTIFICATION[] = [];
  const requests: NDIS_OID_REQUEST[] = [];
  const answer = (waits: boolean | undefined): number =>
    waits === true ? NDIS_STATUS.PENDING : NDIS_STATUS.SUCCESS;
  const drivers: BareDrivers = startBareDrivers({
    miniport: {
      RestartHandler: () => {
        told.push('MiniportRestart');
        return NDIS_STATUS.SUCCESS;
      },
      PauseHandler: () => {
        told.push('MiniportPause');
        return answer(pending.pause);
      },
      HaltHandlerEx: (_context, action) => {
        told.push(nameInGroup('NDIS_HALT_ACTION', action)!);
      },
      DevicePnPEventNotifyHandler: (_context, event) => {
        told.push(event === devicePnPEvents.SurpriseRemoved ? 'SurpriseRemoved' : 'other');
      },
      OidRequestHandler: (_context, request) => {
        told.push(`${nameInGroup('OID', request.Oid)!} ${request.InformationBuffer[0]}`);
        if (request.RequestType === 'NdisRequestQueryInformation') return NDIS_STATUS.SUCCESS;
        requests.push(request);
        return answer(pending.oid);
      },
    },
    protocol: {
      NetPnPEventHandler: (_context, event) => {
        told.push(nameInGroup('NET_PNP_EVENT_CODE', event.NetEvent)!);
        events.push(event);
        return answer(pending.event);
      },
      UnbindAdapterHandlerEx: () => {
        told.push('ProtocolUnbindAdapterEx');
        return drivers.ndis.life.NdisCloseAdapterEx(drivers.binding);
      },
      SendNetBufferListsCompleteHandler: (_context, list) => {
        told.push(`completed ${list.Status}`);
      },
    },
  });
  told.length = 0;
  return { drivers, told, events, requests };
}

describe('the life of an adapter', () => {
  it('pause: the protocol driver hears of it first, restart: last', () => {
    const { drivers, told } = telling();
    const { life } = drivers.ndis;
    life.pause(drivers.adapter, () => {
      told.push('paused');
    });
    life.restart(drivers.adapter, () => {
      told.push('restarted');
    });
    expect(told).toEqual([
      'NetEventPause',
      'MiniportPause',
      'paused',
      'MiniportRestart',
      'NetEventRestart',
      'restarted',
    ]);
  });

  it('PWR-015: MiniportPause waits for a pended NetEventPause', () => {
    const { drivers, told, events } = telling({ event: true });
    drivers.ndis.life.pause(drivers.adapter, () => {
      told.push('paused');
    });
    drivers.settle();
    expect(told).toEqual(['NetEventPause']);
    drivers.ndis.life.NdisCompleteNetPnPEvent(drivers.binding, events[0]!, NDIS_STATUS.SUCCESS);
    drivers.settle();
    expect(told).toEqual(['NetEventPause', 'MiniportPause', 'paused']);
  });

  it('a pended MiniportPause ends with NdisMPauseComplete, once', () => {
    const { drivers, told } = telling({ pause: true });
    drivers.ndis.life.pause(drivers.adapter, () => {
      told.push('paused');
    });
    drivers.settle();
    expect(told).toEqual(['NetEventPause', 'MiniportPause']);
    drivers.ndis.life.NdisMPauseComplete(drivers.adapter);
    drivers.settle();
    expect(told.at(-1)).toBe('paused');
    expect(() => {
      drivers.ndis.life.NdisMPauseComplete(drivers.adapter);
    }).toThrow(/nothing is under way/);
  });

  it('packets for a paused adapter come back with NDIS_STATUS_PAUSED and never reach it', () => {
    const { drivers, told } = telling();
    drivers.ndis.life.pause(drivers.adapter, () => undefined);
    const list = allocateNetBufferList(drivers.machine.addresses, [new Uint8Array(60)]);
    drivers.ndis.packets.NdisSendNetBufferLists(drivers.binding, list, undefined);
    drivers.settle();
    expect(told.at(-1)).toBe(`completed ${NDIS_STATUS.PAUSED}`);
  });

  it('power: the adapter is asked first when it falls, then NetEventSetPower; that is last when it rises', () => {
    const { drivers, told } = telling();
    const { life } = drivers.ndis;
    life.setPower(drivers.adapter, devicePowerStates.D3, () => {
      told.push('asleep');
    });
    life.setPower(drivers.adapter, devicePowerStates.D0, () => {
      told.push('awake');
    });
    drivers.settle();
    expect(told).toEqual([
      'OID_PNP_QUERY_POWER 4',
      'NetEventSetPower',
      'OID_PNP_SET_POWER 4',
      'asleep',
      'OID_PNP_SET_POWER 1',
      'NetEventSetPower',
      'awake',
    ]);
  });

  it('PWR-018: a pended OID_PNP_SET_POWER ends with NdisMOidRequestComplete', () => {
    const { drivers, told, requests } = telling({ oid: true });
    drivers.ndis.life.setPower(drivers.adapter, devicePowerStates.D3, (status) => {
      told.push(`ended ${status}`);
    });
    drivers.settle();
    expect(told.at(-1)).toBe('OID_PNP_SET_POWER 4');
    drivers.ndis.oids.NdisMOidRequestComplete(drivers.adapter, requests[0]!, NDIS_STATUS.SUCCESS);
    expect(told.at(-1)).toBe(`ended ${NDIS_STATUS.SUCCESS}`);
  });

  it('halt: pause, unbind, MiniportHaltEx', () => {
    const { drivers, told } = telling();
    drivers.ndis.life.halt(drivers.adapter, () => {
      told.push('gone');
    });
    expect(told).toEqual([
      'NetEventPause',
      'MiniportPause',
      'ProtocolUnbindAdapterEx',
      'NdisHaltDeviceDisabled',
      'gone',
    ]);
  });

  it('surprise removal: the miniport hears of it at once, and the halt says why', () => {
    const { drivers, told } = telling();
    drivers.ndis.life.surpriseRemove(drivers.adapter, () => undefined);
    expect(told).toEqual([
      'SurpriseRemoved',
      'NetEventPause',
      'MiniportPause',
      'ProtocolUnbindAdapterEx',
      'NdisHaltDeviceSurpriseRemoved',
    ]);
    expect(haltActions.surpriseRemoved).toBe(constantValue('NdisHaltDeviceSurpriseRemoved'));
  });

  it('a pended ProtocolUnbindAdapterEx holds MiniportHaltEx back until NdisCompleteUnbindAdapterEx', () => {
    const told: string[] = [];
    let context: NDIS_HANDLE | undefined;
    const drivers = startBareDrivers({
      miniport: {
        HaltHandlerEx: () => {
          told.push('halted');
        },
      },
      protocol: {
        UnbindAdapterHandlerEx: (UnbindContext) => {
          context = UnbindContext;
          return NDIS_STATUS.PENDING;
        },
      },
    });
    drivers.ndis.life.halt(drivers.adapter, () => undefined);
    drivers.settle();
    expect(told).toEqual([]);
    drivers.ndis.life.NdisCloseAdapterEx(drivers.binding);
    drivers.ndis.life.NdisCompleteUnbindAdapterEx(context!, 0);
    drivers.settle();
    expect(told).toEqual(['halted']);
  });
});
