/** What a driver uses of the operating system besides NDIS: memory, time, deferred work and the debugger's console. */
import type { Irql } from '../../../shared/trace/records';
import type { Random } from '../../../shared/base/random';
import type { AddressSpace } from '../machine/addressSpace';
import type { Machine } from '../machine/machine';
import { Timer } from '../machine/timer';

/** A timer as NdisAllocateTimerObject makes it; times are absolute, in ns of the virtual clock. */
export interface TimerObject {
  /** Arms it for a time; Infinity stops it. The routine runs at DISPATCH_LEVEL. */
  set(deadline: number): void;
  stop(): void;
}

/** See the file's head. */
export class Kernel {
  constructor(
    private readonly machine: Machine,
    private readonly component: number,
  ) {}

  /** Virtual time, ns. */
  get now(): number {
    return this.machine.now;
  }

  /** KeGetCurrentIrql. */
  get irql(): Irql {
    return this.machine.irql;
  }

  /** Where structures get their addresses from. */
  get addresses(): AddressSpace {
    return this.machine.addresses;
  }

  /** NdisAllocateMemoryWithTagPriority: answers the address of `size` bytes. */
  allocate(size: number): number {
    return this.machine.addresses.allocate(size);
  }

  /** NdisQueueIoWorkItem: runs `routine` at PASSIVE_LEVEL, soon or after `delay` ns. */
  queueWorkItem(routine: () => void, delay = 0): void {
    this.machine.queueWorkItem(delay, routine);
  }

  /** KeInsertQueueDpc: runs `routine` at DISPATCH_LEVEL, soon or after `delay` ns. */
  queueDeferredCall(routine: () => void, delay = 0): void {
    this.machine.queueDeferredCall(delay, routine);
  }

  /** NdisAllocateTimerObject. */
  allocateTimer(routine: () => void): TimerObject {
    return new Timer(this.machine, routine);
  }

  /** KeRaiseIrql and KeLowerIrql around `work`. */
  atLeast<Answer>(irql: Irql, work: () => Answer): Answer {
    return this.machine.atLeast(irql, work);
  }

  /** An independent generator of chance; equal seeds of the run and equal streams give equal numbers. */
  random(stream: number): Random {
    return this.machine.random(stream);
  }

  /** DbgPrint: a milestone in the trace, on behalf of this driver. */
  print(text: string, connection?: number): void {
    const { machine } = this;
    machine.probe.note(machine.now, this.component, connection, machine.currentCause, text);
  }
}
