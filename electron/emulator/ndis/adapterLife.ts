/**
 * NDIS: the life of an adapter between MiniportInitializeEx and MiniportHaltEx, as Plug and Play and the power manager want it. Each
 * transition is told to the protocol driver first, which may take its time; the miniport hears of it after that.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { pointerOf } from '../../../shared/base/address';
import type { CallArgument, EventId } from '../../../shared/trace/records';
import type { Outstanding } from '../observe/outstanding';
import { numberArgument, pointerArgument, statusArgument, structureArgument } from './arguments';
import {
  devicePnPEvents,
  devicePowerStates,
  netEvents,
  type DevicePowerState,
  type NDIS_HANDLE,
  type NET_PNP_EVENT_NOTIFICATION,
} from './characteristics';
import type { NdisCore } from './core';
import { adapterContext, adapterFrom, bindingFrom, opaqueSize, type MiniportAdapter } from './drivers';
import { allocateOidRequest, chimneyOids, type OidPlane } from './oidRequests';

/** NDIS_HALT_ACTION values. */
export const haltActions = {
  disabled: constantValue('NdisHaltDeviceDisabled'),
  surpriseRemoved: constantValue('NdisHaltDeviceSurpriseRemoved'),
} as const;

/** NDIS_PAUSE_ reasons. */
const pauseReasons = {
  internal: constantValue('NDIS_PAUSE_NDIS_INTERNAL'),
  deviceRemoved: constantValue('NDIS_PAUSE_MINIPORT_DEVICE_REMOVE'),
} as const;

/** A call that returned PENDING, and what goes on when it ends. */
interface OpenStep {
  readonly call: EventId;
  readonly then: (status: NdisStatus) => void;
}

/** See the file's head. Transitions run at PASSIVE_LEVEL and call `done` when they have ended. */
export class AdapterLifePlane {
  private readonly netEvents = new Map<NET_PNP_EVENT_NOTIFICATION, OpenStep>();
  private readonly pauses = new Map<MiniportAdapter, OpenStep>();
  private readonly restarts = new Map<MiniportAdapter, OpenStep>();
  private readonly unbinds = new Map<NDIS_HANDLE, OpenStep>();

  constructor(
    private readonly core: NdisCore,
    private readonly oids: OidPlane,
  ) {}

  /** Steps that a driver has left pending. */
  get outstanding(): Outstanding {
    const { netEvents: events, pauses, restarts, unbinds } = this;
    return {
      'pending Plug and Play events': events.size,
      'pending pauses': pauses.size,
      'pending restarts': restarts.size,
      'pending unbinds': unbinds.size,
    };
  }

  /** MiniportRestart, and then NetEventRestart for the protocol driver above. `done` gets the miniport's status. */
  restart(adapterHandle: NDIS_HANDLE, done: (status: NdisStatus) => void): void {
    const adapter = adapterFrom(adapterHandle);
    this.restartMiniport(adapter, (status) => {
      if (status !== NDIS_STATUS.SUCCESS) {
        done(status);
        return;
      }
      this.tellBinding(adapter, netEvents.restart, undefined, () => {
        done(status);
      });
    });
  }

  /** MiniportRestart alone: for an adapter whose bindings have never been paused. */
  restartMiniport(adapter: MiniportAdapter, done: (status: NdisStatus) => void): void {
    const { door, component } = this.core;
    const context = adapterContext(adapter);
    const ended = (status: NdisStatus): void => {
      adapter.running = status === NDIS_STATUS.SUCCESS;
      done(status);
    };
    const status = door.status(
      {
        functionName: 'MiniportRestart',
        caller: component,
        callee: adapter.driver.component,
        arguments: [pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext')],
      },
      (call) => {
        this.restarts.set(adapter, { call, then: ended });
        return adapter.driver.characteristics.RestartHandler(context);
      },
    );
    if (status === NDIS_STATUS.PENDING) return;
    this.restarts.delete(adapter);
    ended(status);
  }

  /** NdisMRestartComplete: ends a MiniportRestart that returned PENDING. */
  NdisMRestartComplete(MiniportAdapterHandle: NDIS_HANDLE, Status: NdisStatus): void {
    const adapter = adapterFrom(MiniportAdapterHandle);
    this.endOfStep('NdisMRestartComplete', adapter, this.restarts, adapter, Status, [
      pointerArgument('MiniportAdapterHandle', adapter, adapter.label),
      statusArgument('Status', Status),
    ]);
  }

  /** NetEventPause for the protocol driver above (PWR-015), and then MiniportPause. */
  pause(adapterHandle: NDIS_HANDLE, done: () => void): void {
    this.pauseFor(adapterFrom(adapterHandle), pauseReasons.internal, done);
  }

  /** NdisMPauseComplete: ends a MiniportPause that returned PENDING. */
  NdisMPauseComplete(MiniportAdapterHandle: NDIS_HANDLE): void {
    const adapter = adapterFrom(MiniportAdapterHandle);
    this.endOfStep('NdisMPauseComplete', adapter, this.pauses, adapter, NDIS_STATUS.SUCCESS, [
      pointerArgument('MiniportAdapterHandle', adapter, adapter.label),
    ]);
  }

  /**
   * Sets the power state: OID_PNP_QUERY_POWER and NetEventSetPower first when it falls, OID_PNP_SET_POWER, and NetEventSetPower last
   * when it rises, so that the protocol driver never takes the adapter for more than it is. `done` gets the miniport's status.
   */
  setPower(adapterHandle: NDIS_HANDLE, state: DevicePowerState, done: (status: NdisStatus) => void): void {
    const adapter = adapterFrom(adapterHandle);
    const { addresses } = this.core.machine;
    const falls = state !== devicePowerStates.D0;
    const before = adapter.powerState;
    const set = (): void => {
      const bytes = Uint8Array.of(state, 0, 0, 0);
      const request = allocateOidRequest(
        addresses,
        'NdisRequestSetInformation',
        chimneyOids.OID_PNP_SET_POWER,
        bytes,
      );
      const ended = (status: NdisStatus): void => {
        adapter.powerState = status === NDIS_STATUS.SUCCESS ? state : before;
        if (falls || status !== NDIS_STATUS.SUCCESS) done(status);
        else
          this.tellBindingSoon(adapter, netEvents.setPower, state, () => {
            done(status);
          });
      };
      // From here on NDIS hands no packet to an adapter that is about to sleep.
      if (falls) adapter.powerState = state;
      const status = this.oids.deliver(adapter, request, ended);
      if (status !== NDIS_STATUS.PENDING) ended(status);
    };
    if (falls) {
      this.queryPower(adapter, state, () => {
        this.tellBinding(adapter, netEvents.setPower, state, set);
      });
    } else set();
  }

  /** OID_PNP_QUERY_POWER: may the adapter go to a low state? A miniport always says yes, so the answer decides nothing. */
  private queryPower(adapter: MiniportAdapter, state: DevicePowerState, then: () => void): void {
    const request = allocateOidRequest(
      this.core.machine.addresses,
      'NdisRequestQueryInformation',
      chimneyOids.OID_PNP_QUERY_POWER,
      Uint8Array.of(state, 0, 0, 0),
    );
    const status = this.oids.deliver(adapter, request, () => {
      this.core.machine.queueWorkItem(0, then);
    });
    if (status !== NDIS_STATUS.PENDING) then();
  }

  /** Disables the adapter: the binding is paused and closed, and then the miniport is halted. */
  halt(adapterHandle: NDIS_HANDLE, done: () => void): void {
    this.remove(adapterFrom(adapterHandle), haltActions.disabled, pauseReasons.internal, done);
  }

  /** The device has gone: MiniportDevicePnPEventNotify says so at once, and the rest of a removal follows. */
  surpriseRemove(adapterHandle: NDIS_HANDLE, done: () => void): void {
    const { door, component } = this.core;
    const adapter = adapterFrom(adapterHandle);
    const context = adapterContext(adapter);
    const handler = adapter.driver.characteristics.DevicePnPEventNotifyHandler;
    if (handler !== undefined) {
      door.void(
        {
          functionName: 'MiniportDevicePnPEventNotify',
          caller: component,
          callee: adapter.driver.component,
          arguments: [
            pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
            numberArgument('DevicePnPEvent', devicePnPEvents.SurpriseRemoved),
          ],
        },
        () => {
          handler(context, devicePnPEvents.SurpriseRemoved);
        },
      );
    }
    this.remove(adapter, haltActions.surpriseRemoved, pauseReasons.deviceRemoved, done);
  }

  /** NdisCompleteNetPnPEvent: ends a ProtocolNetPnPEvent that returned PENDING. */
  NdisCompleteNetPnPEvent(
    NdisBindingHandle: NDIS_HANDLE,
    NetPnPEventNotification: NET_PNP_EVENT_NOTIFICATION,
    Status: NdisStatus,
  ): void {
    const binding = bindingFrom(NdisBindingHandle);
    this.endOfStep(
      'NdisCompleteNetPnPEvent',
      binding.adapter,
      this.netEvents,
      NetPnPEventNotification,
      Status,
      [
        pointerArgument('NdisBindingHandle', binding, binding.label),
        ...this.describe(NetPnPEventNotification),
        statusArgument('Status', Status),
      ],
      binding.protocol.component,
    );
  }

  /** NdisCloseAdapterEx: the end of a binding; nothing may be under way on it. SUCCESS always. */
  NdisCloseAdapterEx(NdisBindingHandle: NDIS_HANDLE): NdisStatus {
    const { door, component } = this.core;
    const binding = bindingFrom(NdisBindingHandle);
    return door.status(
      {
        functionName: 'NdisCloseAdapterEx',
        caller: binding.protocol.component,
        callee: component,
        arguments: [pointerArgument('NdisBindingHandle', binding, binding.label)],
      },
      () => {
        binding.opened = false;
        binding.adapter.binding = undefined;
        return NDIS_STATUS.SUCCESS;
      },
    );
  }

  /** NdisCompleteUnbindAdapterEx: ends a ProtocolUnbindAdapterEx that returned PENDING. */
  NdisCompleteUnbindAdapterEx(UnbindContext: NDIS_HANDLE, NdisProtocolComponent: number): void {
    const { door, component } = this.core;
    const step = this.unbinds.get(UnbindContext);
    if (step === undefined) throw new Error('NdisCompleteUnbindAdapterEx: nothing is under way');
    this.unbinds.delete(UnbindContext);
    door.void(
      {
        functionName: 'NdisCompleteUnbindAdapterEx',
        caller: NdisProtocolComponent,
        callee: component,
        completes: [step.call],
        arguments: [pointerArgument('UnbindContext', UnbindContext, UnbindContext.label)],
      },
      () => undefined,
    );
    this.core.machine.queueWorkItem(0, () => {
      step.then(NDIS_STATUS.SUCCESS);
    });
  }

  private remove(adapter: MiniportAdapter, action: number, pauseReason: number, done: () => void): void {
    this.pauseFor(adapter, pauseReason, () => {
      this.unbind(adapter, () => {
        this.haltMiniport(adapter, action);
        done();
      });
    });
  }

  private pauseFor(adapter: MiniportAdapter, reason: number, done: () => void): void {
    this.tellBinding(adapter, netEvents.pause, undefined, () => {
      this.pauseMiniport(adapter, reason, done);
    });
  }

  private pauseMiniport(adapter: MiniportAdapter, PauseReason: number, done: () => void): void {
    const { door, component, machine } = this.core;
    const { PauseHandler: handler } = adapter.driver.characteristics;
    adapter.running = false;
    if (handler === undefined) {
      done();
      return;
    }
    const context = adapterContext(adapter);
    const bytes = encodeStructure('NDIS_MINIPORT_PAUSE_PARAMETERS', {
      Header: objectHeader('NDIS_MINIPORT_PAUSE_PARAMETERS'),
      PauseReason,
    });
    const status = door.status(
      {
        functionName: 'MiniportPause',
        caller: component,
        callee: adapter.driver.component,
        arguments: [
          pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
          structureArgument(
            'PauseParameters',
            'NDIS_MINIPORT_PAUSE_PARAMETERS',
            machine.addresses.addressOf(bytes),
            bytes,
          ),
        ],
      },
      (call) => {
        this.pauses.set(adapter, { call, then: done });
        return handler(context, PauseReason);
      },
    );
    if (status === NDIS_STATUS.PENDING) return;
    this.pauses.delete(adapter);
    done();
  }

  /** ProtocolUnbindAdapterEx for the binding above; `done` when it has been closed. */
  unbind(adapter: MiniportAdapter, done: () => void): void {
    const { door, component, machine } = this.core;
    const { binding } = adapter;
    const handler = binding?.protocol.characteristics.UnbindAdapterHandlerEx;
    if (binding === undefined || handler === undefined) {
      done();
      return;
    }
    const UnbindContext: NDIS_HANDLE = {
      address: machine.addresses.allocate(opaqueSize),
      label: 'UnbindContext',
    };
    const status = door.status(
      {
        functionName: 'ProtocolUnbindAdapterEx',
        caller: component,
        callee: binding.protocol.component,
        arguments: [
          pointerArgument('UnbindContext', UnbindContext, UnbindContext.label),
          pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
        ],
      },
      (call) => {
        this.unbinds.set(UnbindContext, { call, then: done });
        return handler(UnbindContext, binding.context);
      },
    );
    if (status === NDIS_STATUS.PENDING) return;
    this.unbinds.delete(UnbindContext);
    done();
  }

  private haltMiniport(adapter: MiniportAdapter, HaltAction: number): void {
    const { door, component } = this.core;
    const context = adapterContext(adapter);
    door.void(
      {
        functionName: 'MiniportHaltEx',
        caller: component,
        callee: adapter.driver.component,
        arguments: [
          pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
          numberArgument('HaltAction', HaltAction, 'NDIS_HALT_ACTION'),
        ],
      },
      () => adapter.driver.characteristics.HaltHandlerEx?.(context, HaltAction),
    );
    adapter.initialized = false;
    adapter.context = undefined;
  }

  /** As `tellBinding`, from a work item: for what follows a completion that may have come at DISPATCH_LEVEL. */
  private tellBindingSoon(
    adapter: MiniportAdapter,
    NetEvent: number,
    powerState: DevicePowerState | undefined,
    then: () => void,
  ): void {
    this.core.machine.queueWorkItem(0, () => {
      this.tellBinding(adapter, NetEvent, powerState, then);
    });
  }

  /** ProtocolNetPnPEvent for the binding above, if there is one that listens; `then` when it has ended. */
  private tellBinding(
    adapter: MiniportAdapter,
    NetEvent: number,
    powerState: DevicePowerState | undefined,
    then: () => void,
  ): void {
    const { door, component, machine } = this.core;
    const { binding } = adapter;
    const handler = binding?.protocol.characteristics.NetPnPEventHandler;
    if (binding === undefined || handler === undefined) {
      then();
      return;
    }
    const event: NET_PNP_EVENT_NOTIFICATION = {
      address: machine.addresses.allocate(opaqueSize),
      NetEvent,
      powerState,
    };
    const status = door.status(
      {
        functionName: 'ProtocolNetPnPEvent',
        caller: component,
        callee: binding.protocol.component,
        arguments: [
          pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
          ...this.describe(event),
        ],
      },
      (call) => {
        this.netEvents.set(event, { call, then });
        return handler(binding.context, event);
      },
    );
    if (status === NDIS_STATUS.PENDING) return;
    this.netEvents.delete(event);
    then();
  }

  private describe(event: NET_PNP_EVENT_NOTIFICATION): CallArgument[] {
    const bytes = encodeStructure('NET_PNP_EVENT_NOTIFICATION', {
      Header: objectHeader('NET_PNP_EVENT_NOTIFICATION'),
      NetPnPEvent: {
        NetEvent: event.NetEvent,
        Buffer: event.powerState === undefined ? 0n : pointerOf(event.address + 0xa8),
        BufferLength: event.powerState === undefined ? 0 : 4,
      },
    });
    return [
      structureArgument('NetPnPEventNotification', 'NET_PNP_EVENT_NOTIFICATION', event.address, bytes),
      numberArgument('NetEvent', event.NetEvent, 'NET_PNP_EVENT_CODE'),
      ...(event.powerState === undefined ? [] : [numberArgument('PowerState', event.powerState)]),
    ];
  }

  /** A driver says that a step has ended; what follows runs at PASSIVE_LEVEL once its call has returned. */
  private endOfStep<Key>(
    functionName: 'NdisMRestartComplete' | 'NdisMPauseComplete' | 'NdisCompleteNetPnPEvent',
    adapter: MiniportAdapter,
    steps: Map<Key, OpenStep>,
    key: Key,
    status: NdisStatus,
    details: readonly CallArgument[],
    caller = adapter.driver.component,
  ): void {
    const { door, component, machine } = this.core;
    const step = steps.get(key);
    if (step === undefined) throw new Error(`${functionName}: nothing is under way`);
    steps.delete(key);
    door.void(
      { functionName, caller, callee: component, completes: [step.call], arguments: details },
      () => undefined,
    );
    machine.queueWorkItem(0, () => {
      step.then(status);
    });
  }
}
