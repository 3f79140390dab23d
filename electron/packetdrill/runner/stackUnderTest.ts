/** The machine that a script drives: host stack, NDIS, offload target, and a cable that ends at the script. */
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { defaultHostSettings, type HostSettings } from '../../emulator/host/hostSettings';
import { HostStack } from '../../emulator/host/hostStack';
import { DRIVER_OBJECT } from '../../emulator/kit';
import { Machine } from '../../emulator/machine/machine';
import { Ndis } from '../../emulator/ndis/ndis';
import type { Probe } from '../../emulator/probe';
import { OffloadTarget } from '../../emulator/target/offloadTarget';
import { defaultTargetSettings } from '../../emulator/target/targetSettings';
import type { TcpSettings } from '../../emulator/tcp/tcpSettings';
import { FramePool } from '../../emulator/wire/frame';
import { Link } from '../../emulator/wire/link';
import type { StackMode } from './handOver';
import type { IpVersion } from './liveSegment';
import { ScriptWire } from './scriptWire';

/** Processor time of crossing the door, ns. */
const doorCosts = { enter: 180, leave: 60 } as const;

/** So fast that a script's bursts leave at one time as far as its tolerance goes. */
const scriptLink = { bitsPerSecond: 100e9, delay: 0, queueBytes: 64 * 1024 * 1024, loss: 0 } as const;

const hostMac = Uint8Array.from([0x02, 0x15, 0x5d, 0, 0, 1]);
const scriptMac = Uint8Array.from([0x02, 0x15, 0x5d, 0, 0, 2]);
/** Documentation addresses (RFC 5737, RFC 3849). */
const hostAddress = Uint8Array.from([192, 0, 2, 1]);
const hostIpv6Address = Uint8Array.from([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
const scriptAddresses = {
  4: Uint8Array.from([192, 0, 2, 2]),
  6: Uint8Array.from([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
} as const;

/** What a stack is made from. */
export interface StackSettings {
  readonly mode: StackMode;
  readonly seed: number;
  readonly ipVersion: IpVersion;
  readonly mtu: number;
  /** TCP of connections that are opened now: it may change from one to the next. */
  readonly tcp: () => TcpSettings;
}

/** See the file's head. */
export class StackUnderTest {
  readonly machine: Machine;
  readonly host: HostStack;
  readonly wire: ScriptWire;
  private readonly ndis: Ndis;
  private readonly target: OffloadTarget;

  constructor(
    probe: Probe,
    private readonly settings: StackSettings,
  ) {
    const machine = new Machine(probe, settings.seed);
    this.machine = machine;
    const pool = new FramePool();
    const ndis = new Ndis(machine, doorCosts);
    this.ndis = ndis;
    this.host = new HostStack(
      new DRIVER_OBJECT(machine, ndis, 'host-stack', 'Host TCP/IP stack'),
      this.hostSettings(),
    );
    const driver = new DRIVER_OBJECT(machine, ndis, 'offload-target', 'Offload target');
    const base = { ...defaultTargetSettings, mac: hostMac };
    const { clockOffset } = base.tcp;
    this.target = new OffloadTarget(driver, pool, {
      ...base,
      get tcp() {
        return { ...settings.tcp(), clockOffset };
      },
    });
    this.wire = new ScriptWire(machine, pool, {
      mac: scriptMac,
      address: scriptAddresses[settings.ipVersion],
      hostMac,
      hostAddress: settings.ipVersion === 4 ? hostAddress : hostIpv6Address,
    });
    const link = new Link(machine, pool, scriptLink, this.target, this.wire);
    this.target.connect(link);
    this.wire.connect(link);
  }

  private hostSettings(): HostSettings {
    const { mtu, tcp } = this.settings;
    const { clockOffset } = defaultHostSettings.tcp;
    const initial = tcp();
    const ticks = (time: number): number => Math.round((time * initial.ticksPerSecond) / 1e9);
    return {
      ...defaultHostSettings,
      mac: hostMac,
      address: hostAddress,
      ipv6Address: hostIpv6Address,
      pathMtu: mtu,
      timeToLive: 64,
      get tcp() {
        return { ...tcp(), clockOffset };
      },
      parameters: {
        ...defaultHostSettings.parameters,
        TicksPerSecond: initial.ticksPerSecond,
        TcpAckFrequency: initial.ackFrequency,
        TcpDelayedAckTicks: ticks(initial.delayedAckTime),
        TcpSwsPreventionTicks: ticks(initial.sillyWindowTime),
        TcpMaximumRetransmissions: initial.maximumRetransmissions,
        TcpDuplicateAckThreshold: initial.duplicateAckThreshold,
      },
    };
  }

  /** Loads the drivers and starts the adapter; answers whether that went well. At PASSIVE_LEVEL. */
  boot(): boolean {
    const { host, target, ndis, settings } = this;
    if (target.load() !== NDIS_STATUS.SUCCESS || host.load() !== NDIS_STATUS.SUCCESS) return false;
    ndis.registration.startAdapters();
    return settings.mode === 'host' || host.enableChimney() === NDIS_STATUS.SUCCESS;
  }
}
