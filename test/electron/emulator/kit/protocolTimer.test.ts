import { describe, expect, it } from 'vitest';
import { ProtocolTimer, type TimerTamper } from '../../../../electron/emulator/kit/protocolTimer';
import { Machine } from '../../../../electron/emulator/machine/machine';
import { NDIS_OFFLOAD_HANDLE } from '../../../../electron/emulator/ndis/offloadBlockList';
import { passOn } from '../../../../electron/emulator/observe/passOn';
import { silentProbe } from '../../../../electron/emulator/observe/silentProbe';
import { StateObserver } from '../../../../electron/emulator/observe/stateObserver';
import { readTimerCounterName, timerCounterName } from '../../../../shared/trace/timerCounter';

/** A push timer of connection 0, and what the trace says of it. */
function recorded(timerTamper?: TimerTamper, connection: number | 'none' = 0) {
  const values: (readonly [component: number, name: string, value: number])[] = [];
  const machine = new Machine(
    passOn(silentProbe(), {
      counter: (_time, component, name, value) => {
        values.push([component, name, value]);
      },
    }),
    1,
  );
  const observer = new StateObserver(machine);
  const handle = new NDIS_OFFLOAD_HANDLE(machine.addresses);
  observer.declare(handle, 'tcp', undefined, connection === 'none' ? undefined : connection, 'TCP');
  const timer = new ProtocolTimer({ observer, component: 7, timerTamper }, handle, 'push timer');
  return { timer, values, told: () => values.map(([, , value]) => value) };
}

describe('a recorded timer', () => {
  it('says for when it is started, that it is stopped, and that it expires, by component and connection', () => {
    const { timer, values } = recorded();
    timer.started(5e8);
    timer.stopped();
    timer.started(7e8);
    expect(timer.expired()).toBe(true);
    const name = 'push timer of connection 0 (ns)';
    expect(values).toEqual([5e8, 0, 7e8, 1].map((value) => [7, name, value]));
  });

  it('says nothing of a restart, nor of a stop where it does not run', () => {
    const { timer, told } = recorded();
    timer.stopped();
    timer.started(5e8);
    timer.started(6e8);
    timer.stopped();
    timer.stopped();
    expect(told()).toEqual([5e8, 0]);
  });

  it('says nothing where its object belongs to no connection', () => {
    const { timer, told } = recorded(undefined, 'none');
    expect(timer.started(5e8)).toBe(true);
    expect(told()).toHaveLength(0);
  });

  it('runs on where somebody keeps it from being stopped, and can be kept from acting', () => {
    const { timer, told } = recorded({ stops: () => false, acts: () => false });
    timer.started(5e8);
    timer.stopped();
    expect(timer.due).toBe(5e8);
    expect(timer.expired()).toBe(false);
    expect(told()).toEqual([5e8, 1]);
  });

  it('does not run where somebody keeps it from being started', () => {
    const { timer, told } = recorded({ starts: () => false });
    expect(timer.started(5e8)).toBe(false);
    expect(told()).toHaveLength(0);
  });
});

describe('the name of a timer’s counter', () => {
  it('can be read back', () => {
    const name = timerCounterName('SWS timer', 12);
    expect(readTimerCounterName(name)).toEqual({ timer: 'SWS timer', connection: 12 });
  });

  it.each(['queue depth (bytes)', 'push timer of connection x (ns)', 'push timer of connection 3'])(
    'is not %s',
    (name) => {
      expect(readTimerCounterName(name)).toBeUndefined();
    },
  );
});
