import { describe, expect, it } from 'vitest';
import { DRIVER_OBJECT, OpenIndications } from '../../../../electron/emulator/kit';
import { devicePowerStates, type NDIS_OID_REQUEST } from '../../../../electron/emulator/ndis/characteristics';
import { writeConnectionOffload } from '../../../../electron/emulator/ndis/connectionOffload';
import { allocateOidRequest, chimneyOids } from '../../../../electron/emulator/ndis/oidRequests';
import { AdapterGate } from '../../../../electron/emulator/target/adapterGate';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { startBareDrivers } from '../../../harness/bareDrivers';

/** A gate over an adapter whose load the test decides, and what it has indicated. */
function makeGate() {
  const indicated: number[] = [];
  const drivers = startBareDrivers({
    miniport: { PauseHandler: () => NDIS_STATUS.PENDING },
    protocol: {
      StatusHandlerEx: (_context, indication) => {
        indicated.push(indication.StatusCode);
      },
    },
  });
  const driver = new DRIVER_OBJECT(drivers.machine, drivers.ndis, 'offload-target', 'Offload target');
  const { kernel, ndis } = driver;
  const load = { isIdle: true, isQuiet: true, isSending: false };
  const adapter = Object.assign(load, {
    kernel,
    ndis,
    handle: drivers.adapter,
    linkSpeed: 1e9,
    resetTime: 1000,
    reportsReset: false,
    indications: new OpenIndications(kernel),
    capabilities: () =>
      writeConnectionOffload({ SupportIPv4: true, SupportIPv6: false, TcpConnectionOffloadCapacity: 5 }),
  });
  const gate = new AdapterGate(adapter);
  gate.restart();
  const done: string[] = [];
  const initiate = (name: string) => ({
    begin: () => {
      done.push(`${name} begins`);
    },
    refuse: () => {
      done.push(`${name} is refused`);
    },
  });
  return { gate, load, indicated, done, initiate, drivers };
}

function powerRequest(state: number): NDIS_OID_REQUEST {
  const { machine } = startBareDrivers();
  const bytes = Uint8Array.of(state, 0, 0, 0);
  return allocateOidRequest(
    machine.addresses,
    'NdisRequestSetInformation',
    chimneyOids.OID_PNP_SET_POWER,
    bytes,
  );
}

describe('the gate of a target’s adapter', () => {
  it('PWR-003: takes initiates at once while it is open', () => {
    const { gate, done, initiate } = makeGate();
    gate.admit(initiate('first'));
    expect(done).toEqual(['first begins']);
  });

  it('PWR-004: holds initiates while it is paused, and begins them in order with the resume', () => {
    const { gate, done, initiate, indicated } = makeGate();
    gate.pauseOffload();
    gate.admit(initiate('first'));
    gate.admit(initiate('second'));
    expect(done).toEqual([]);
    gate.resumeOffload();
    expect(done).toEqual(['first begins', 'second begins']);
    expect(indicated).toEqual([NDIS_STATUS.OFFLOAD_PAUSE, NDIS_STATUS.OFFLOAD_RESUME]);
  });

  it('indicates nothing twice', () => {
    const { gate, indicated } = makeGate();
    gate.resumeOffload();
    gate.linkChanged(true);
    gate.pauseOffload();
    gate.pauseOffload();
    gate.uploadAll();
    gate.uploadAll();
    expect(indicated).toEqual([NDIS_STATUS.OFFLOAD_PAUSE, NDIS_STATUS.UPLOAD_ALL]);
  });

  it('PWR-009: gives up a resume that waits for terminations when it is paused anew', () => {
    const { gate, load, indicated, drivers } = makeGate();
    load.isIdle = false;
    gate.uploadAll();
    gate.resumeOffload();
    gate.pauseOffload();
    load.isIdle = true;
    gate.somethingEnded();
    drivers.machine.runUntil(1e6);
    expect(indicated).toEqual([NDIS_STATUS.UPLOAD_ALL]);
    gate.resumeOffload();
    expect(indicated).toEqual([NDIS_STATUS.UPLOAD_ALL, NDIS_STATUS.OFFLOAD_RESUME]);
  });

  it('refuses what it holds when the power goes down: nothing may stay open', () => {
    const { gate, done, initiate } = makeGate();
    gate.pauseOffload();
    gate.admit(initiate('first'));
    expect(gate.setPower(powerRequest(devicePowerStates.D3))).toBe(NDIS_STATUS.SUCCESS);
    expect(done).toEqual(['first is refused']);
  });

  it('refuses what it holds when the device is removed', () => {
    const { gate, done, initiate } = makeGate();
    gate.pauseOffload();
    gate.admit(initiate('first'));
    gate.remove();
    expect(done).toEqual(['first is refused']);
  });

  it('PWR-017: pends a low power state while it holds a connection', () => {
    const { gate, load } = makeGate();
    load.isIdle = false;
    expect(gate.setPower(powerRequest(devicePowerStates.D3))).toBe(NDIS_STATUS.PENDING);
    expect(gate.passesFrames).toBe(true);
  });

  it('sleeps: no frame passes below D0', () => {
    const { gate } = makeGate();
    gate.setPower(powerRequest(devicePowerStates.D3));
    expect(gate.passesFrames).toBe(false);
    gate.setPower(powerRequest(devicePowerStates.D0));
    expect(gate.passesFrames).toBe(true);
  });

  it.each([0, 5, 200])('refuses power state %i, which there is not', (state) => {
    expect(makeGate().gate.setPower(powerRequest(state))).toBe(NDIS_STATUS.INVALID_DATA);
  });

  it('refuses a power request that is cut, and says how long it must be', () => {
    const request = { ...powerRequest(1), InformationBuffer: Uint8Array.of(1) };
    expect(makeGate().gate.setPower(request)).toBe(NDIS_STATUS.BUFFER_TOO_SHORT);
    expect(request.bytesNeeded).toBe(4);
  });

  it('MiniportPause is pended until every list is back', () => {
    const { gate, load, drivers } = makeGate();
    load.isQuiet = false;
    let paused = false;
    drivers.ndis.life.pause(drivers.adapter, () => {
      paused = true;
    });
    expect(gate.pause()).toBe(NDIS_STATUS.PENDING);
    gate.somethingEnded();
    drivers.settle();
    expect(paused).toBe(false);
    load.isQuiet = true;
    gate.somethingEnded();
    drivers.settle();
    expect(paused).toBe(true);
  });
});
