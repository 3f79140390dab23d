/** What befalls the adapters in a soak: lost links, sleep, and targets that take no more or want everything back. Each ends again. */
import type { Random } from '../../../shared/base/random';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { Machine } from '../machine/machine';
import { devicePowerStates } from '../ndis/characteristics';
import type { SoakAdapter, SoakTopology } from './soakTopology';

/** Longest durations of faults, virtual ns: most are short, so that requests of before and after meet. */
const shortFault = 2_000_000;
const longFault = 30_000_000;
/** Longer than the smallest retransmission timeout, and well below what TCP waits before it gives up. */
const longestFault = 500_000_000;

/** See the file's head. One fault of each kind at a time for each adapter. */
export class SoakFaults {
  private readonly underWay = new Map<SoakAdapter, Set<'link' | 'power' | 'offload'>>();

  constructor(
    private readonly machine: Machine,
    private readonly topology: SoakTopology,
    private readonly random: Random,
  ) {
    for (const adapter of topology.adapters) this.underWay.set(adapter, new Set());
  }

  /** Whether everything works again. */
  get areOver(): boolean {
    return [...this.underWay.values()].every((kinds) => kinds.size === 0);
  }

  /** The cable is pulled for a while; answers whether it was plugged in. */
  loseLink(): boolean {
    return this.begin(['link'], ({ link }, end) => {
      link.setCarrier(false);
      this.machine.queueDeferredCall(this.duration(), () => {
        link.setCarrier(true);
        end();
      });
    });
  }

  /** The adapter sleeps for a while; answers whether it was awake. */
  sleep(): boolean {
    const { life } = this.topology.ndis;
    const states = [devicePowerStates.D1, devicePowerStates.D2, devicePowerStates.D3];
    const state = states[this.random.nextBelow(states.length)]!;
    const { linkFollowsPower } = this.topology;
    return this.begin(linkFollowsPower ? ['power', 'link'] : ['power'], ({ target, link }, end) => {
      const wake = (): void => {
        if (linkFollowsPower) link.setCarrier(true);
        end();
      };
      if (linkFollowsPower) link.setCarrier(false);
      life.setPower(target.miniportHandle, state, (status) => {
        if (status !== NDIS_STATUS.SUCCESS) {
          wake();
          return;
        }
        this.machine.queueWorkItem(this.duration(), () => {
          life.setPower(target.miniportHandle, devicePowerStates.D0, wake);
        });
      });
    });
  }

  /** The target takes no more offloads for a while, or wants everything back; then it has another capacity. */
  closeTarget(uploadAll: boolean, connections: number): boolean {
    return this.begin(['offload'], ({ target }, end) => {
      if (uploadAll) target.uploadAll();
      else target.pauseOffload();
      this.machine.queueDeferredCall(this.duration(), () => {
        target.resumeOffload(1 + this.random.nextBelow(connections));
        end();
      });
    });
  }

  private begin(
    kinds: readonly ('link' | 'power' | 'offload')[],
    fault: (adapter: SoakAdapter, end: () => void) => void,
  ): boolean {
    const { adapters } = this.topology;
    const adapter = adapters[this.random.nextBelow(adapters.length)]!;
    const underWay = this.underWay.get(adapter)!;
    if (kinds.some((kind) => underWay.has(kind))) return false;
    for (const kind of kinds) underWay.add(kind);
    fault(adapter, () => {
      for (const kind of kinds) underWay.delete(kind);
    });
    return true;
  }

  private duration(): number {
    const { random } = this;
    if (random.nextChance(0.5)) return random.nextBelow(shortFault);
    return random.nextBelow(random.nextChance(0.8) ? longFault : longestFault);
  }
}
