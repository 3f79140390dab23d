/** What befalls an adapter: its cable, its power, its place in the machine, its hardware. */
import type { EventId } from '../../../shared/trace/records';
import { noImpairments } from '../wire/impairments';
import { devicePowerStates } from '../ndis/characteristics';
import { OffloadTarget } from '../target/offloadTarget';
import type { FaultScene, FaultyAdapter } from './faultScene';
import type { InjectedFault } from './injectedFault';

/** What an adapter's deed is: it runs at PASSIVE_LEVEL. */
export type Deed<Kind extends InjectedFault['definition']['kind']> = (
  fault: InjectedFault<Kind>,
  scene: FaultScene,
) => void;

/** Streams of chance of disturbances begin behind those of all directions of links. */
const firstDisturbance = 10_000;

type AdapterFault =
  | 'hardware-failure'
  | 'stall'
  | 'link-down'
  | 'link-up'
  | 'media-change'
  | 'reset'
  | 'surprise-removal'
  | 'power-down'
  | 'power-up'
  | 'offload-pause'
  | 'upload-all'
  | 'wire';

/** Something that goes wrong with an adapter that is there. */
function adapterDeed<Kind extends AdapterFault>(
  what: (fault: InjectedFault<Kind>) => string,
  act: (fault: InjectedFault<Kind>, adapter: FaultyAdapter, scene: FaultScene, note: EventId) => void,
): Deed<Kind> {
  return (fault, scene) => {
    const definition = fault.definition as { readonly adapter: number };
    const adapter = scene.adapter(definition.adapter);
    if (adapter === undefined) {
      fault.note(
        `there is no adapter ${definition.adapter}, and nothing happens`,
        scene.topology.host.component,
      );
      return;
    }
    const note = fault.note(what(fault), adapter.component);
    scene.machine.cause = note;
    act(fault, adapter, scene, note);
  };
}

/** Does something after a while, virtual ns, as a deferred call does; the cause is the fault. */
function later({ machine }: FaultScene, delay: number | undefined, note: EventId, work: () => void): void {
  if (delay === undefined) return;
  machine.queueDeferredCall(delay, () => {
    machine.cause = note;
    work();
  });
}

function builtIn({ target }: FaultyAdapter, act: (target: OffloadTarget) => void): void {
  if (target instanceof OffloadTarget) act(target);
}

/** Whether the adapter is initialized: what has been removed can't be asked for anything. */
function isThere({ target }: FaultyAdapter): boolean {
  try {
    return target.miniportHandle.address >= 0;
  } catch {
    return false;
  }
}

/** See the file's head. */
export const adapterDeeds: { readonly [Kind in AdapterFault]: Deed<Kind> } = {
  'hardware-failure': adapterDeed(
    ({ definition }) => `the hardware loses the state that the next ${definition.during} is about`,
    ({ definition }, adapter) => {
      builtIn(adapter, (target) => {
        target.breakHardwareDuring(definition.during);
      });
    },
  ),
  stall: adapterDeed(
    () => 'the target does nothing for a while',
    ({ definition }, { stall }, _scene, note) => {
      stall.begin(definition.for, note);
    },
  ),
  'link-down': adapterDeed(
    () => 'the cable is pulled',
    ({ definition }, { link }, scene, note) => {
      link.setCarrier(false);
      later(scene, definition.for, note, () => {
        link.setCarrier(true);
      });
    },
  ),
  'link-up': adapterDeed(
    () => 'the cable is plugged in',
    (_fault, { link }) => {
      link.setCarrier(true);
    },
  ),
  'media-change': adapterDeed(
    ({ definition }) => `the cable goes to a link of ${definition.bitsPerSecond} bit/s`,
    ({ definition }, adapter, scene, note) => {
      const { link } = adapter;
      link.setCarrier(false);
      later(scene, definition.for, note, () => {
        link.changeRate(definition.bitsPerSecond);
        builtIn(adapter, (target) => {
          target.changeLinkSpeed(definition.bitsPerSecond);
        });
        link.setCarrier(true);
      });
    },
  ),
  reset: adapterDeed(
    () => 'the hardware hangs and is reset',
    (_fault, adapter, { topology: { ndis } }) => {
      if (!isThere(adapter)) return;
      const { target } = adapter;
      builtIn(adapter, (one) => {
        one.hang();
      });
      if (target instanceof OffloadTarget) ndis.resets.checkForHang(target.miniportHandle);
      else ndis.resets.reset(target.miniportHandle);
    },
  ),
  'surprise-removal': adapterDeed(
    () => 'the adapter is pulled out of its slot',
    (_fault, adapter, { topology: { ndis } }) => {
      const { target, link } = adapter;
      if (!isThere(adapter)) return;
      link.setCarrier(false);
      ndis.life.surpriseRemove(target.miniportHandle, () => undefined);
    },
  ),
  'power-down': adapterDeed(
    ({ definition }) => `the adapter is put to sleep in ${definition.state}`,
    ({ definition }, adapter, scene, note) => {
      if (!isThere(adapter)) return;
      const { life } = scene.topology.ndis;
      const { miniportHandle } = adapter.target;
      life.setPower(miniportHandle, devicePowerStates[definition.state], () => {
        if (definition.for === undefined) return;
        scene.machine.queueWorkItem(definition.for, () => {
          scene.machine.cause = note;
          life.setPower(miniportHandle, devicePowerStates.D0, () => undefined);
        });
      });
    },
  ),
  'power-up': adapterDeed(
    () => 'the adapter is woken',
    (_fault, adapter, { topology: { ndis } }) => {
      if (isThere(adapter))
        ndis.life.setPower(adapter.target.miniportHandle, devicePowerStates.D0, () => undefined);
    },
  ),
  'offload-pause': adapterDeed(
    () => 'the target wants no more offloads',
    ({ definition }, adapter, scene, note) => {
      builtIn(adapter, (target) => {
        target.pauseOffload();
        later(scene, definition.for, note, () => {
          target.resumeOffload();
        });
      });
    },
  ),
  'upload-all': adapterDeed(
    () => 'the target wants everything back',
    ({ definition }, { target }, scene, note) => {
      target.uploadAll();
      later(scene, definition.for, note, () => {
        target.resumeOffload();
      });
    },
  ),
  wire: adapterDeed(
    ({ definition }) =>
      `the wire is bad, ${definition.direction === 'both' ? 'both ways' : definition.direction}`,
    ({ definition, random }, { link }, scene, note) => {
      const { loss = 0, duplicate = 0, reorder = 0, reorderDelay, corrupt = 0 } = definition;
      const { corruptPastFcs, delay, jitter, direction } = definition;
      const impairments = {
        ...noImpairments,
        duplicate,
        reorder,
        reorderDelay,
        corrupt,
        corruptPastFcs,
        jitter,
      };
      const ways = [
        ...(direction === 'inbound' ? [] : (['from-left'] as const)),
        ...(direction === 'outbound' ? [] : (['to-left'] as const)),
      ];
      for (const way of ways) {
        const by = { loss, delay, impairments, random, number: firstDisturbance + scene.nextNumber() };
        link.disturb(way, by);
        later(scene, definition.for, note, () => {
          link.calm(way, by);
        });
      }
    },
  ),
};
