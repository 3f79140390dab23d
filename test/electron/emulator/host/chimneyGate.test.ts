import { describe, expect, it } from 'vitest';
import { ChimneyGate } from '../../../../electron/emulator/host/chimneyGate';
import type { OffloadPlace } from '../../../../electron/emulator/host/offloadRecord';
import { devicePowerStates, type DevicePowerState } from '../../../../electron/emulator/ndis/characteristics';
import { writeLinkState } from '../../../../electron/emulator/ndis/linkState';
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';

/** A gate over connections that only have a place. */
function makeGate(places: OffloadPlace[] = [], capabilityStatus: number = NDIS_STATUS.SUCCESS) {
  const did: string[] = [];
  const idle: (() => void)[] = [];
  const connections = places.map((place, index) => ({
    place,
    upload() {
      this.place = 'Uploading';
      did.push(`upload ${index}`);
    },
  }));
  const gate = new ChimneyGate({
    connections,
    learnCapabilities: () => {
      did.push('learn');
      return capabilityStatus;
    },
    completeNetPnPEvent: () => {
      did.push('event complete');
    },
    closeAdapter: () => {
      did.push('close');
    },
    completeUnbind: () => {
      did.push('unbound');
    },
    whenIdle: (work) => {
      idle.push(work);
    },
    note: () => undefined,
  });
  gate.enabled();
  let held = false;
  const settle = (): void => {
    for (let work = idle.shift(); work !== undefined; work = idle.shift()) work();
  };
  const status = (StatusCode: number, StatusBuffer: Uint8Array | null = null): void => {
    gate.onStatus({ address: 1, SourceHandle: { address: 2, label: 'adapter' }, StatusCode, StatusBuffer });
    if (!held) settle();
  };
  /** Does several things before anything that waits for an idle moment. */
  const settleLater = (work: () => void): void => {
    held = true;
    work();
    held = false;
    settle();
  };
  const event = (name: 'NetEventSetPower' | 'NetEventPause' | 'NetEventRestart', power?: DevicePowerState) =>
    gate.onNetPnPEvent({ address: 3, NetEvent: constantValue(name), powerState: power });
  const move = (index: number, place: OffloadPlace): void => {
    connections[index]!.place = place;
    gate.placeChanged();
    settle();
  };
  return { gate, did, status, event, move, settleLater };
}

describe('when the host stack may offload', () => {
  it('CAP-002: not before the parameters have been set', () => {
    const stack = {
      connections: [],
      learnCapabilities: () => NDIS_STATUS.SUCCESS,
      completeNetPnPEvent: () => undefined,
      closeAdapter: () => undefined,
      completeUnbind: () => undefined,
      whenIdle: () => undefined,
      note: () => undefined,
    };
    const gate = new ChimneyGate(stack);
    expect(gate.mayOffload).toBe(false);
    gate.enabled();
    expect(gate.mayOffload).toBe(true);
  });

  it('PWR-002 PWR-005: OFFLOAD_PAUSE stops new offloads and takes nothing back', () => {
    const { gate, did, status } = makeGate(['Offloaded']);
    status(NDIS_STATUS.OFFLOAD_PAUSE);
    expect(gate.mayOffload).toBe(false);
    expect(did).toEqual([]);
  });

  it('PWR-007: UPLOAD_ALL takes every connection back', () => {
    const { gate, did, status } = makeGate(['Offloaded', 'InHost', 'Offloaded']);
    status(NDIS_STATUS.UPLOAD_ALL);
    expect(gate.mayOffload).toBe(false);
    expect(did).toEqual(['upload 0', 'upload 2']);
  });

  it('PWR-007: what arrives at the target after UPLOAD_ALL follows', () => {
    const { did, status, move } = makeGate(['Offloading']);
    status(NDIS_STATUS.UPLOAD_ALL);
    expect(did).toEqual([]);
    move(0, 'Offloaded');
    expect(did).toEqual(['upload 0']);
  });

  it('PWR-010: OFFLOAD_RESUME opens the gate when the capabilities have been read', () => {
    const { gate, did, status } = makeGate();
    status(NDIS_STATUS.OFFLOAD_PAUSE);
    status(NDIS_STATUS.OFFLOAD_RESUME);
    expect(did).toEqual(['learn']);
    expect(gate.mayOffload).toBe(true);
  });

  it('PWR-010: it stays closed when they can’t be read', () => {
    const { gate, status } = makeGate([], NDIS_STATUS.NOT_SUPPORTED);
    status(NDIS_STATUS.OFFLOAD_PAUSE);
    status(NDIS_STATUS.OFFLOAD_RESUME);
    expect(gate.mayOffload).toBe(false);
  });

  it('PWR-007: what is asked for after a resume counts, even if the capabilities have not been read yet', () => {
    const { gate, status, did, settleLater } = makeGate(['Offloaded']);
    status(NDIS_STATUS.OFFLOAD_PAUSE);
    settleLater(() => {
      status(NDIS_STATUS.OFFLOAD_RESUME);
      status(NDIS_STATUS.UPLOAD_ALL);
    });
    expect(gate.mayOffload).toBe(false);
    expect(did).toEqual(['upload 0']);
  });

  it('PWR-009: a resume before the terminations have ended opens nothing yet', () => {
    const { gate, status, move } = makeGate(['Offloaded']);
    status(NDIS_STATUS.UPLOAD_ALL);
    status(NDIS_STATUS.OFFLOAD_RESUME);
    expect(gate.mayOffload).toBe(false);
    move(0, 'InHost');
    expect(gate.mayOffload).toBe(true);
  });

  it.each([
    ['NDIS_STATUS_LINK_STATE', NDIS_STATUS.LINK_STATE, NDIS_STATUS.LINK_STATE],
    ['NDIS 5 media codes', NDIS_STATUS.MEDIA_DISCONNECT, NDIS_STATUS.MEDIA_CONNECT],
  ])('PWR-013: a link that is lost by %s takes everything back until it returns', (_name, down, up) => {
    const { gate, did, status } = makeGate(['Offloaded']);
    status(down, writeLinkState(false, 1e9));
    expect(did).toEqual(['upload 0']);
    expect(gate.mayOffload).toBe(false);
    status(up, writeLinkState(true, 1e9));
    expect(gate.mayOffload).toBe(true);
  });

  it('a link state without its structure, and a status that it does not know, change nothing', () => {
    const { gate, did, status } = makeGate(['Offloaded']);
    status(NDIS_STATUS.LINK_STATE);
    status(NDIS_STATUS.LINK_STATE, new Uint8Array(3));
    status(NDIS_STATUS.PACKET_FILTER);
    expect(gate.mayOffload).toBe(true);
    expect(did).toEqual([]);
  });

  it('PWR-016: NetEventSetPower is answered once the terminations have begun', () => {
    const { did, event } = makeGate(['Offloaded', 'InHost']);
    expect(event('NetEventSetPower', devicePowerStates.D3)).toBe(NDIS_STATUS.SUCCESS);
    expect(did).toEqual(['upload 0']);
  });

  it('PWR-016: it is pended while a connection is still being offered', () => {
    const { did, event, move } = makeGate(['Offloading']);
    expect(event('NetEventSetPower', devicePowerStates.D3)).toBe(NDIS_STATUS.PENDING);
    move(0, 'Offloaded');
    expect(did).toEqual(['upload 0', 'event complete']);
  });

  it('PWR-019: nothing is offloaded until the adapter is back at D0', () => {
    const { gate, event } = makeGate();
    event('NetEventSetPower', devicePowerStates.D3);
    expect(gate.mayOffload).toBe(false);
    event('NetEventSetPower', devicePowerStates.D0);
    expect(gate.mayOffload).toBe(true);
  });

  it('PWR-015: NetEventPause is pended until every connection is back', () => {
    const { gate, did, event, move } = makeGate(['Offloaded']);
    expect(event('NetEventPause')).toBe(NDIS_STATUS.PENDING);
    move(0, 'InHost');
    expect(did).toEqual(['upload 0', 'event complete']);
    event('NetEventRestart');
    expect(gate.mayOffload).toBe(true);
  });

  it('several closures at a time: the last one that ends opens the gate', () => {
    const { gate, event, status } = makeGate();
    status(NDIS_STATUS.OFFLOAD_PAUSE);
    event('NetEventPause');
    event('NetEventRestart');
    expect(gate.mayOffload).toBe(false);
    status(NDIS_STATUS.OFFLOAD_RESUME);
    expect(gate.mayOffload).toBe(true);
  });

  it('an unbind closes the adapter when everything is back', () => {
    const { gate, did, move } = makeGate(['Offloaded']);
    expect(gate.onUnbind({ address: 4, label: 'UnbindContext' })).toBe(NDIS_STATUS.PENDING);
    move(0, 'InHost');
    expect(did).toEqual(['upload 0', 'close', 'unbound']);
  });

  it('a Plug and Play event that it does not know is NOT_SUPPORTED', () => {
    const { gate } = makeGate();
    const NetEvent = constantValue('NetEventBindList');
    expect(gate.onNetPnPEvent({ address: 3, NetEvent, powerState: undefined })).toBe(
      NDIS_STATUS.NOT_SUPPORTED,
    );
  });
});
