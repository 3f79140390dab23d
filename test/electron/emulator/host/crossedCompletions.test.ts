import { describe, expect, it } from 'vitest';
import type { BadDriver } from '../../../../electron/emulator/mutants/badDriver';
import { runMutant } from '../../../../electron/emulator/mutants/runMutant';

/** A target that completes the first request of a kind with the function of the other. */
function crossing(kind: 'send' | 'receive'): BadDriver {
  return {
    functions: {
      NdisTcpOffloadSendComplete: (next, tools) => {
        tools.memory.set('send', next);
        return (handle, lists) => {
          const other = tools.memory.get('receive') as typeof next;
          (kind === 'send' && tools.once() ? other : next)(handle, lists);
        };
      },
      NdisTcpOffloadReceiveComplete: (next, tools) => {
        tools.memory.set('receive', next);
        return (handle, lists) => {
          const other = tools.memory.get('send') as typeof next;
          (kind === 'receive' && tools.once() ? other : next)(handle, lists);
        };
      },
    },
  };
}

describe('the host stack', () => {
  it.each([
    ['SND-019', 'receive'],
    ['RCV-021', 'send'],
  ] as const)('%s: lives on when a target completes a %s as something else', (_id, kind) => {
    const { accident } = runMutant([], { in: 'offload-target', driver: crossing(kind) });
    expect(accident).toBeUndefined();
  });
});
