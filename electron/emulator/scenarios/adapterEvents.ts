/**
 * What happens to the adapter in the middle of a transfer: the target asks for everything back, the cable is pulled, or the adapter is
 * put to sleep. Each ends well: offloads are welcome again, and the connection is offered a second time.
 */
import type { ScenarioId } from '../../../shared/contract/scenarios';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { HostConnection } from '../host/hostConnection';
import type { HostStack } from '../host/hostStack';
import type { Machine } from '../machine/machine';
import { devicePowerStates } from '../ndis/characteristics';
import type { Ndis } from '../ndis/ndis';
import type { Link } from '../wire/link';
import type { TargetDriver } from './moduleDriver';

/** Virtual time between the event and the end of what it was for, ns. */
const resumeDelay = 2_000_000;
const outage = 250_000_000;
const sleep = 500_000_000;

/** Parts of a run that the events touch. */
export interface RunParts {
  readonly machine: Machine;
  readonly ndis: Ndis;
  readonly host: HostStack;
  readonly target: TargetDriver;
  readonly link: Link;
}

/** An event, and what ends it. */
type AdapterEvent = (parts: RunParts) => void;

const events: Partial<Record<ScenarioId, AdapterEvent>> = {
  'upload-all': ({ machine, target }) => {
    machine.queueDeferredCall(0, () => {
      target.uploadAll();
    });
    machine.queueDeferredCall(resumeDelay, () => {
      target.resumeOffload();
    });
  },
  'link-loss': ({ machine, link }) => {
    machine.queueDeferredCall(0, () => {
      link.setCarrier(false);
    });
    machine.queueDeferredCall(outage, () => {
      link.setCarrier(true);
    });
  },
  'power-down': ({ machine, ndis, host, target }) => {
    machine.queueWorkItem(0, () => {
      host.note(undefined, 'The power manager puts the adapter to sleep');
      ndis.life.setPower(target.miniportHandle, devicePowerStates.D3, (status) => {
        if (status !== NDIS_STATUS.SUCCESS) return;
        machine.queueWorkItem(sleep, () => {
          host.note(undefined, 'The power manager wakes the adapter');
          ndis.life.setPower(target.miniportHandle, devicePowerStates.D0, () => undefined);
        });
      });
    });
  },
};

/** Runs the event of a scenario, if it has one. */
export class AdapterEvents {
  private readonly event: AdapterEvent | undefined;
  private step: 'waiting' | 'under-way' | 'uploading' | 'over' = 'waiting';

  constructor(
    scenario: ScenarioId,
    private readonly parts: RunParts,
  ) {
    this.event = events[scenario];
  }

  /** Looks whether it is time for the next step; called between events. `progress` is the acknowledged part of the file. */
  direct(connection: HostConnection, progress: number): void {
    if (this.event === undefined) return;
    const { machine, host } = this.parts;
    if (this.step === 'waiting' && progress >= 3 / 8 && connection.place === 'Offloaded') {
      this.step = 'under-way';
      this.event(this.parts);
    } else if (this.step === 'under-way' && connection.place === 'Uploading') this.step = 'uploading';
    else if (this.step === 'uploading' && connection.place === 'InHost' && host.chimney.mayOffload) {
      this.step = 'over';
      machine.queueWorkItem(0, () => {
        this.offerAgain(connection);
      });
    }
  }

  private offerAgain(connection: HostConnection): void {
    const { host } = this.parts;
    const statistics = host.offloadStatistics();
    if (statistics !== undefined) {
      const { InSegments, OutSegments } = statistics.tcp;
      host.note(
        connection.id,
        `The target has counted ${InSegments ?? 0n} segments in and ${OutSegments ?? 0n} out on offloaded connections`,
      );
    }
    connection.offload();
  }
}
