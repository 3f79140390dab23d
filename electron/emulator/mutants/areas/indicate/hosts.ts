/** Host stacks and applications that take indications in ways that are legal and rare. */
import type { ReceivePolicy } from '../../../host/receivePolicy';
import type { Situation } from '../../mutant';

/** No receive is posted: everything is indicated. */
export const indicated: Situation = { plan: { host: { postedReceives: 0 } } };

/** The application reads by a policy of its own, made for each run. */
export function reading(policy: () => ReceivePolicy): Situation {
  return {
    act: (run) => {
      const stream = run.streams[0];
      if (stream === undefined) return true;
      stream.application.receives = policy();
      return false;
    },
  };
}

/** Refuses every indication, and posts a receive of so many bytes for what was left. */
export function refusing(bytes: number): Situation {
  return reading(() => ({ posted: 0, bytes, postDelay: 100_000, consume: () => 0 }));
}

/** Takes so many bytes of each indication. */
export function taking(consume: (length: number) => number): Situation {
  return reading(() => ({ posted: 0, bytes: 65_536, postDelay: 100_000, consume }));
}

/** Refuses every other indication, and posts a receive without room after it. */
export const lifting: Situation = reading(() => {
  let indications = 0;
  return {
    posted: 0,
    bytes: 0,
    postDelay: 100_000,
    consume: (length) => (indications++ % 2 === 0 ? 0 : length),
  };
});

/** The host stack returns indicated lists late. */
export const returnsLate = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisOffloadTcpReceiveReturn: (next, tools) => (handle, lists) => {
        tools.later(50_000_000, () => {
          next(handle, lists);
        });
      },
    },
  },
} as const satisfies Situation['besides'];
