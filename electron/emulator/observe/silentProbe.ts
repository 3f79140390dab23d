import type { Probe } from '../probe';

/** A probe that only gives out ids: those that a trace would have. */
export function silentProbe(): Probe {
  let events = 0;
  let components = 0;
  let connections = 0;
  let objects = 0;
  const count = (): void => {
    events++;
  };
  return {
    component: () => {
      count();
      return components++;
    },
    connection: () => {
      count();
      return connections++;
    },
    stateObject: () => {
      count();
      return objects++;
    },
    stateNumbers: count,
    stateValues: count,
    ownership: count,
    relink: count,
    call: () => events++,
    return: count,
    frame: () => events++,
    frameFate: count,
    counter: count,
    note: count,
  };
}
