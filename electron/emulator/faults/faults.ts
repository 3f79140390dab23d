/** The faults of a run: puts what they need between drivers and NDIS and at the ends of cables, and lets them happen. Runs without faults know nothing of it. */
import type { Fault, FaultOf } from '../../../shared/scenario/faults';
import type { EventTarget } from '../clock/scheduler';
import { surroundings, type Machine } from '../machine/machine';
import { TamperedLink, type Tampering } from '../scenarios/tampering';
import type { Stream } from '../scenarios/stream';
import type { ScenarioTopology } from '../scenarios/topology';
import { adapterDeeds } from './adapterDeeds';
import type { FaultScene, FaultyAdapter } from './faultScene';
import type { FaultTrace } from './faultTrace';
import { awaitEvents } from './faultTriggers';
import { FrameChanges } from './frameChanges';
import { deedKinds, faultsOf, InjectedFault, isDeedKind, type DeedKind } from './injectedFault';
import { peerDeeds } from './peerDeeds';
import { TargetFaults } from './targetFaults';

/** Streams of chance from here on belong to faults, one to each. */
const firstStream = 1_000_000;

/** What a fault is about may not be there yet: time between two looks, and how many there are, ns. */
const lookInterval = 100_000;
const mostLooks = 10_000;

/** Deeds that happen at PASSIVE_LEVEL; the others do in a deferred procedure call. */
const passive: readonly DeedKind[] = ['reset', 'surprise-removal', 'power-down', 'power-up', 'mtu-change'];

/** See the file's head. */
export class Faults {
  private readonly faults: readonly InjectedFault[];
  private readonly targets: TargetFaults[] = [];
  private readonly frames = new FrameChanges();
  private topology: ScenarioTopology | undefined;
  private streams: readonly Stream[] = [];
  private numbers = 0;

  constructor(
    definitions: readonly Fault[],
    private readonly machine: Machine,
    private readonly trace: FaultTrace,
  ) {
    this.faults = definitions.map(
      (definition, index) =>
        new InjectedFault(definition, index + 1, machine, trace, machine.random(firstStream + index)),
    );
    awaitEvents(this.faults, trace, (fault, event) => {
      fault.match(event);
      // In the middle of an event nothing may happen by itself: it does right behind it.
      if (fault.isDeed && fault.strikes()) this.happen(fault as InjectedFault<DeedKind>);
    });
  }

  /** What a topology has to be built with; `others` goes wrong as well. */
  tampering(others: Tampering = {}): Tampering {
    return {
      ...others,
      driver: (machine, ndis, role, name) => {
        const other = others.driver?.(machine, ndis, role, name);
        if (role !== 'offload-target') return other;
        const number = this.targets.length + 1;
        const component = (): number => this.trace.componentOf(name);
        const own = this.faults.filter(({ definition }) => concerns(definition, number));
        const faults = new TargetFaults(machine, component, own);
        this.targets.push(faults);
        return (functions) => faults.wrap(other?.(functions) ?? functions);
      },
      frames: (machine, ndis, pool, driver) => {
        const other = others.frames?.(machine, ndis, pool, driver) ?? {};
        const number = this.targets.length;
        const { sent, received, remote } = this.frames.tampers(
          pool,
          this.targets[number - 1]!.stall,
          (frame) => {
            this.topology!.adapters[number - 1]!.target.receive(frame);
          },
          (frame) => {
            const { link } = this.topology!.adapters[number - 1]!;
            if (link instanceof TamperedLink) link.send(frame);
          },
        );
        return {
          sent: (frame) => (other.sent?.(frame) ?? [frame]).flatMap(sent!),
          received: (frame) => received!(frame).flatMap(other.received ?? ((one) => [one])),
          remote: (frame) => (other.remote?.(frame) ?? [frame]).flatMap(remote!),
        };
      },
    };
  }

  /** The machine stands, and its surroundings: from here on things may happen. */
  begin(topology: ScenarioTopology, streams: readonly Stream[]): void {
    this.topology = topology;
    this.streams = streams;
    for (const fault of faultsOf(this.faults, ...deedKinds))
      if (fault.definition.when === undefined) this.await(fault, fault.definition.at ?? 0);
  }

  /** Lets a fault happen at its next time from `from` on, virtual ns. */
  private await(fault: InjectedFault<DeedKind>, from: number): void {
    const time = fault.nextTime(from);
    if (time === Infinity) return;
    // Hardware's own place: no processor has less time for it, and no chance of the run's is drawn.
    this.schedule(time, surroundings, () => {
      this.happenSoon(fault, mostLooks);
    });
  }

  /** Lets it happen as soon as what it is about is there. */
  private happenSoon(fault: InjectedFault<DeedKind>, looks: number): void {
    const { now } = this.machine;
    if (looks > 0 && !this.hasSubject(fault.definition)) {
      this.schedule(now + lookInterval, surroundings, () => {
        this.happenSoon(fault, looks - 1);
      });
      return;
    }
    fault.count();
    this.happen(fault);
    this.await(fault, fault.attemptAfter(now));
  }

  /** Whether what a fault is about is there, or never will be. */
  private hasSubject(definition: FaultOf<DeedKind>): boolean {
    if ('connection' in definition)
      return (
        definition.connection > this.streams.length ||
        this.streams[definition.connection - 1]!.connection !== undefined
      );
    if (!('adapter' in definition)) return true;
    const faults = this.targets[definition.adapter - 1];
    return faults === undefined || faults.isInitialized;
  }

  private happen(fault: InjectedFault<DeedKind>): void {
    const { machine } = this;
    const work = (): void => {
      this.act(fault);
    };
    if (passive.includes(fault.definition.kind)) machine.queueWorkItem(0, work);
    else machine.queueDeferredCall(0, work, 0);
  }

  private act(fault: InjectedFault<DeedKind>): void {
    const { kind } = fault.definition;
    const deed = { ...adapterDeeds, ...peerDeeds }[kind] as (one: typeof fault, scene: FaultScene) => void;
    deed(fault, this.scene());
  }

  private scene(): FaultScene {
    const { machine, frames } = this;
    const topology = this.topology!;
    return {
      machine,
      topology,
      frames,
      adapter: (number) => this.adapter(number),
      connection: (number) => {
        const connection = this.streams[number - 1]?.connection;
        const destination = topology.destinations[(number - 1) % topology.destinations.length]!;
        return connection === undefined ? undefined : { connection, ...destination };
      },
      nextNumber: () => this.numbers++,
    };
  }

  private adapter(number: number): FaultyAdapter | undefined {
    const adapter = this.topology!.adapters[number - 1];
    const faults = this.targets[number - 1];
    if (adapter === undefined || faults === undefined) return undefined;
    return { ...adapter, component: adapter.target.component, stall: faults.stall };
  }

  private schedule(time: number, place: number, work: () => void): void {
    const target: EventTarget = { onEvent: work };
    this.machine.schedule(time, target, 0, undefined, place);
  }
}

/** Whether a fault happens to what passes between an adapter's driver and NDIS: whatever happens to requests, and a stall. */
function concerns(definition: Fault, adapter: number): boolean {
  const { kind } = definition;
  return (!isDeedKind(kind) || kind === 'stall') && 'adapter' in definition && definition.adapter === adapter;
}
