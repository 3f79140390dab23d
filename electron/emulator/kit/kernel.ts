/** What a driver uses of the operating system besides NDIS: memory, time, deferred work and the debugger's console. */
import type { Irql } from '../../../shared/trace/records';
import type { Random } from '../../../shared/base/random';
import type { AddressSpace } from '../machine/addressSpace';
import type { Machine } from '../machine/machine';
import { Timer, type TimerRoutine } from '../machine/timer';
import type { HardwareClock } from '../wire/transmitRing';

/** A timer as NdisAllocateTimerObject makes it; times are absolute, in ns of the virtual clock. */
export interface TimerObject {
  /** Arms it for a time; Infinity stops it. The routine runs at DISPATCH_LEVEL. */
  set(deadline: number): void;
  stop(): void;
}

/** See the file's head. */
export class Kernel {
  /** What the driver's emulated hardware keeps time by: it acts beside the processors, and at no cost to them. */
  readonly hardware: HardwareClock;

  constructor(
    private readonly machine: Machine,
    private readonly component: number,
  ) {
    this.hardware = machine;
  }

  /** Virtual time, ns. */
  get now(): number {
    return this.machine.now;
  }

  /** KeGetCurrentIrql. */
  get irql(): Irql {
    return this.machine.irql;
  }

  /** KeQueryActiveProcessorCount. */
  get processorCount(): number {
    return this.machine.processorCount;
  }

  /** KeGetCurrentProcessorNumber, from 0; negative where the driver's hardware acts by itself. */
  get processor(): number {
    return this.machine.processor;
  }

  /** The processor that receive side scaling assigns to a hash value by the system's own indirection table. */
  processorForHash(hash: number): number {
    return this.machine.processorForHash(hash);
  }

  /** Runs `work` on a processor: at once where that is free or the present one, and else as soon as it is free. */
  runOn(processor: number, work: () => void): void {
    this.machine.runOn(processor, work);
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

  /**
   * KeInsertQueueDpc: runs `routine` at DISPATCH_LEVEL, soon or after `delay` ns; on the present processor, or on the one that is
   * named, as KeSetTargetProcessorDpc does it.
   */
  queueDeferredCall(routine: () => void, delay = 0, processor?: number): void {
    this.machine.queueDeferredCall(delay, routine, processor);
  }

  /** NdisAllocateTimerObject. It expires on the processor that arms it, or on the one that is named. */
  allocateTimer(routine: TimerRoutine, processor?: number): TimerObject {
    return new Timer(this.machine, routine, processor);
  }

  /** KeRaiseIrql and KeLowerIrql around `work`. */
  atLeast<Answer>(irql: Irql, work: () => Answer): Answer {
    return this.machine.atLeast(irql, work);
  }

  /** An independent generator of chance; equal seeds of the run and equal streams give equal numbers. */
  random(stream: number): Random {
    return this.machine.random(stream);
  }

  /** Shows a connection in the trace, by its two ends; answers the trace's id of it. */
  traceConnection(local: string, remote: string): number {
    return this.machine.probe.connection(this.machine.now, local, remote);
  }

  /** DbgPrint: a milestone in the trace, on behalf of this driver. */
  print(text: string, connection?: number): void {
    const { machine } = this;
    machine.probe.note(machine.now, this.component, connection, machine.currentCause, text);
  }
}
