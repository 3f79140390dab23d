import type { Probe } from '../probe';

/** A probe that only gives out ids. */
export function silentProbe(): Probe {
  let events = 0;
  let components = 0;
  let connections = 0;
  let objects = 0;
  return {
    component: () => components++,
    connection: () => connections++,
    stateObject: () => objects++,
    stateNumbers: () => undefined,
    stateValues: () => undefined,
    ownership: () => undefined,
    relink: () => undefined,
    call: () => events++,
    return: () => undefined,
    frame: () => events++,
    frameFate: () => undefined,
    note: () => undefined,
  };
}
