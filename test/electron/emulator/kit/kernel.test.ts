import { describe, expect, it } from 'vitest';
import { DISPATCH_LEVEL, DRIVER_OBJECT, PASSIVE_LEVEL } from '../../../../electron/emulator/kit';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { Ndis } from '../../../../electron/emulator/ndis/ndis';
import { silentProbe } from '../../../harness/silentProbe';

function load(processors = 4) {
  const notes: string[] = [];
  const connections: string[] = [];
  const machine = new Machine(
    {
      ...silentProbe(),
      note: (time, component, connection, _cause, text) =>
        void notes.push(`${time} ${component} ${connection} ${text}`),
      connection: (_time, local, remote) => connections.push(`${local} ${remote}`),
    },
    1,
    processors,
  );
  const ndis = new Ndis(machine, { enter: 1, leave: 1 });
  const driver = new DRIVER_OBJECT(machine, ndis, 'offload-target', 'Driver');
  const run = (): void => {
    while (machine.step());
  };
  return { machine, driver, kernel: driver.kernel, notes, connections, run };
}

describe('the kernel that a driver sees', () => {
  it('KeSetTargetProcessorDpc: a deferred call runs on the processor that it names, at DISPATCH_LEVEL', () => {
    const { kernel, run } = load();
    const seen: number[][] = [];
    kernel.queueDeferredCall(() => void seen.push([kernel.processor, kernel.irql, kernel.now]), 700, 2);
    run();
    expect(seen).toEqual([[2, DISPATCH_LEVEL, 700]]);
  });

  it('a deferred call without a processor stays on the one that queues it', () => {
    const { kernel, run } = load();
    const seen: number[] = [];
    kernel.queueDeferredCall(
      () => {
        kernel.queueDeferredCall(() => void seen.push(kernel.processor));
      },
      0,
      3,
    );
    run();
    expect(seen).toEqual([3]);
  });

  it('a work item runs at PASSIVE_LEVEL', () => {
    const { kernel, run } = load();
    const seen: number[][] = [];
    kernel.queueWorkItem(() => void seen.push([kernel.irql, kernel.now]), 900);
    run();
    expect(seen).toEqual([[PASSIVE_LEVEL, 900]]);
  });

  it('a timer expires on the processor that it is pinned to, whoever arms it', () => {
    const { kernel, run } = load();
    const seen: number[][] = [];
    const timer = kernel.allocateTimer(() => void seen.push([kernel.processor, kernel.now]), 1);
    kernel.queueDeferredCall(
      () => {
        timer.set(5_000);
      },
      0,
      2,
    );
    run();
    expect(seen).toEqual([[1, 5_000]]);
  });

  it('runOn a free processor takes effect at once', () => {
    const { kernel, run } = load();
    const seen: number[] = [];
    kernel.queueDeferredCall(() => {
      kernel.runOn(3, () => void seen.push(kernel.processor));
      seen.push(kernel.processor);
    });
    run();
    expect(seen).toEqual([3, 0]);
  });

  it('KeQueryActiveProcessorCount bounds where hash values go', () => {
    const { kernel } = load(3);
    expect(kernel.processorCount).toBe(3);
    const processors = [0, 1, 2, 127, 128].map((hash) => kernel.processorForHash(hash));
    expect(processors).toEqual([0, 1, 2, 1, 0]);
  });

  it('DbgPrint names the driver that prints', () => {
    const { kernel, driver, notes } = load();
    kernel.print('Here', 7);
    expect(notes).toEqual([`0 ${driver.component} 7 Here`]);
  });

  it('a connection in the trace has the id that the trace gives it', () => {
    const { kernel, connections } = load();
    expect(kernel.traceConnection('192.0.2.1:1', '192.0.2.2:2')).toBe(1);
    expect(connections).toEqual(['192.0.2.1:1 192.0.2.2:2']);
  });

  it('a DRIVER_OBJECT stays where it is in memory, and takes none before it is looked at', () => {
    const { kernel, driver } = load();
    const first = kernel.allocate(16);
    expect(driver.address).toBe(first + 16);
    expect(driver.address).toBe(first + 16);
    expect(kernel.allocate(16)).toBe(first + 16 + 0x150);
  });
});
