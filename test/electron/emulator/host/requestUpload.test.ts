import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { defaultHostSettings } from '../../../../electron/emulator/host/hostSettings';
import { HostStack } from '../../../../electron/emulator/host/hostStack';
import { DRIVER_OBJECT } from '../../../../electron/emulator/kit';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { Ndis } from '../../../../electron/emulator/ndis/ndis';
import { EchoHost, echoPort } from '../../../../electron/emulator/peer/echoHost';
import { defaultTcpSettings } from '../../../../electron/emulator/tcp/tcpSettings';
import { FramePool } from '../../../../electron/emulator/wire/frame';
import { Link } from '../../../../electron/emulator/wire/link';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { MemorylessDriver } from '../../../harness/memorylessDriver';
import { streamBytes } from '../../../harness/segmentNotation';
import { silentProbe } from '../../../harness/silentProbe';

/** A host stack above the driver without memory, with a connection that has been offloaded. */
class Bench {
  readonly machine = new Machine(silentProbe(), 1);
  readonly driver: MemorylessDriver;
  readonly connection: HostConnection;
  readonly returned: number[] = [];
  acknowledged = 0;
  closed = false;
  private posted = 0;

  constructor() {
    const { machine } = this;
    const ndis = new Ndis(machine, { enter: 10, leave: 10 });
    const pool = new FramePool();
    this.driver = new MemorylessDriver(machine, ndis, pool);
    const mac = Uint8Array.from([2, 0, 0, 0, 0, 1]);
    const address = Uint8Array.from([192, 0, 2, 1]);
    const driver = new DRIVER_OBJECT(machine, ndis, 'host-stack', 'Host TCP/IP stack');
    const host = new HostStack(driver, { ...defaultHostSettings, mac, address });
    const remote = Uint8Array.from([192, 0, 2, 2]);
    const peerAddresses = { mac: Uint8Array.from([2, 0, 0, 0, 0, 2]), address: remote };
    const peer = new EchoHost(machine, pool, peerAddresses, defaultTcpSettings, () => 0);
    const speed = { bitsPerSecond: 1e9, delay: 50_000, queueBytes: 512 * 1024, loss: 0 };
    const link = new Link(machine, pool, speed, this.driver, peer);
    this.driver.link = link;
    peer.connect(link);
    this.driver.load();
    host.load();
    ndis.registration.startAdapters();
    host.enableChimney();
    this.connection = host.connect(remote, echoPort, {
      onConnected: () => undefined,
      onData: (bytes) => this.returned.push(...bytes),
      onPeerClosed: () => {
        this.closed = true;
      },
      onClosed: () => undefined,
    });
    this.runFor(1e6);
    machine.queueWorkItem(0, () => {
      this.connection.offload();
    });
    this.runFor(1e6);
    if (this.connection.place !== 'Offloaded') throw new Error('the connection has not been offloaded');
  }

  runFor(time: number): void {
    const { machine } = this;
    const until = machine.now + time;
    machine.schedule(until, { onEvent: () => undefined });
    while (machine.scheduler.nextTime <= until) machine.step();
  }

  send(count: number): void {
    this.connection.send(streamBytes(this.posted, count), () => {
      this.acknowledged += count;
    });
    this.posted += count;
  }
}

describe('sends that an intermediate driver can’t pass on', () => {
  it('IMD-025: come back with REQUEST_UPLOAD for the first and UPLOAD_REQUESTED for the rest', () => {
    const bench = new Bench();
    for (let index = 0; index < 3; index++) bench.send(1000);
    bench.runFor(1e6);
    expect(bench.driver.refused.map((list) => list.Status)).toEqual([
      NDIS_STATUS.REQUEST_UPLOAD,
      NDIS_STATUS.UPLOAD_REQUESTED,
      NDIS_STATUS.UPLOAD_REQUESTED,
    ]);
  });

  it('IMD-026: make the host take the connection back and send every byte itself, in order', () => {
    const bench = new Bench();
    for (let index = 0; index < 3; index++) bench.send(1000);
    bench.runFor(1e9);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.acknowledged).toBe(3000);
    expect(Uint8Array.from(bench.returned)).toEqual(streamBytes(0, 3000));
  });

  it('IMD-026 SND-015: nothing is posted behind them, and what follows leaves after them', () => {
    const bench = new Bench();
    bench.send(1000);
    // The refusal has come back, and the terminate has not been made yet.
    while (bench.driver.refused[0]?.Status !== NDIS_STATUS.REQUEST_UPLOAD) bench.machine.step();
    bench.machine.step();
    const posted = bench.driver.refused.length;
    bench.send(500);
    bench.send(700);
    bench.connection.shutdown();
    expect(bench.driver.refused).toHaveLength(posted);
    bench.runFor(1e9);
    expect(Uint8Array.from(bench.returned)).toEqual(streamBytes(0, 2200));
    expect(bench.closed).toBe(true);
  });
});
