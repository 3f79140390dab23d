/** The rules of block-list trees as checks of a recorded run, so that every run with trees can be held against all of them. */
import { describe, expect, it } from 'vitest';
import type { Call } from '../../shared/analysis/callIndex';
import type { TraceModel } from '../../shared/analysis/traceModel';
import { NDIS_STATUS } from '../../shared/ddi/status';
import type { StateLayer } from '../../shared/trace/records';
import { callsOf } from './traceQueries';
import { statusOf, walkOperations, wasTaken, type ObjectLedger, type TreeBlock } from './objectLedger';
import { attachedStates } from './attachedStates';

const below: Readonly<Record<StateLayer, StateLayer | undefined>> = {
  neighbor: 'path',
  path: 'tcp',
  tcp: undefined,
};

/** Declares the tests; call it inside a describe. `edge` is the component of the miniport that is looked at, where there are several. */
export function itKeepsTheTreeRules(model: TraceModel, edge?: number): void {
  const walk = (visit: Parameters<typeof walkOperations>[1]): ObjectLedger =>
    walkOperations(model, visit, edge);
  const layerOf = (object: number): StateLayer => model.store!.stateObjects[object]!.layer;
  const each = (
    name: string,
    check: (blocks: readonly TreeBlock[], ledger: ObjectLedger, call: Call) => void,
  ): ObjectLedger =>
    walk((call, blocks, ledger) => {
      if (call.functionName === name) check(blocks, ledger, call);
    });

  it('TRE-006 to TRE-010: dependents lie one layer above what they depend on', () => {
    walk((_call, blocks) => {
      for (const block of blocks) {
        expect(block.depth).toBeLessThan(3);
        for (const child of block.children) {
          if (block.object === undefined || child.object === undefined) continue;
          expect(layerOf(child.object)).toBe(below[layerOf(block.object)]);
        }
      }
    });
  });

  it('TRE-019 TRE-020: a linker names an object that the target holds, and has dependents', () => {
    each('MiniportInitiateOffload', (blocks, ledger) => {
      for (const block of blocks) {
        if (block.role !== 'linker') continue;
        expect(ledger.held.has(block.object!)).toBe(true);
        expect(ledger.terminating.has(block.object!)).toBe(false);
        expect(block.children.length).toBeGreaterThan(0);
        expect(attachedStates(block)).toEqual([]);
      }
    });
  });

  it('TRE-021 TRE-022: a new object comes with its three structures, below its parent', () => {
    each('MiniportInitiateOffload', (blocks) => {
      for (const block of blocks) {
        if (block.role !== 'new') continue;
        expect(attachedStates(block)).toHaveLength(3);
        if (layerOf(block.object!) === 'neighbor') expect(block.parent).toBeUndefined();
        else expect(['new', 'linker']).toContain(block.parent?.role);
      }
    });
  });

  it('INI-003 INI-004: what the target holds or is being offered is not offered as new', () => {
    each('MiniportInitiateOffload', (blocks, ledger) => {
      for (const block of blocks) {
        if (block.role !== 'new') continue;
        expect(ledger.held.has(block.object!)).toBe(false);
        expect(ledger.offloading.has(block.object!)).toBe(false);
      }
    });
  });

  it('INI-029 to INI-032 TRE-028: each Status of an initiate follows from those of its dependents', () => {
    const roles = new Map<number, TreeBlock['role']>();
    walk((call, blocks) => {
      if (call.functionName === 'MiniportInitiateOffload')
        for (const block of blocks) roles.set(block.address, block.role);
      if (call.functionName !== 'NdisMInitiateOffloadComplete') return;
      for (const block of blocks) {
        const taken = block.children.filter(wasTaken).length;
        const role = roles.get(block.address);
        if (role === 'placeholder') expect(statusOf(block)).toBe(NDIS_STATUS.SUCCESS);
        else if (!wasTaken(block)) expect(taken).toBe(0);
        else if (taken === block.children.length) expect(statusOf(block)).toBe(NDIS_STATUS.SUCCESS);
        else expect(statusOf(block)).toBe(NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS);
      }
    });
  });

  it('TRE-016 TRE-018: placeholders carry nothing and end with NDIS_STATUS_SUCCESS', () => {
    const placeholders = new Set<number>();
    walk((call, blocks) => {
      for (const block of blocks) {
        if (call.functionName.startsWith('Miniport') && block.role === 'placeholder') {
          placeholders.add(block.address);
          expect(attachedStates(block)).toEqual([]);
        } else if (call.functionName.startsWith('NdisM') && placeholders.has(block.address)) {
          expect(statusOf(block)).toBe(NDIS_STATUS.SUCCESS);
        }
      }
    });
  });

  it('CTX-007 CTX-008: later operations name what the target holds', () => {
    for (const name of ['MiniportTerminateOffload', 'MiniportUpdateOffload', 'MiniportQueryOffload']) {
      each(name, (blocks, ledger) => {
        for (const block of blocks) {
          if (block.role !== 'placeholder') expect(ledger.held.has(block.object!)).toBe(true);
        }
      });
    }
  });

  it('TRM-002: nothing is terminated twice', () => {
    each('MiniportTerminateOffload', (blocks, ledger) => {
      for (const { object } of blocks)
        if (object !== undefined) expect(ledger.terminating.has(object)).toBe(false);
    });
  });

  it('TRM-005 TRM-006: a path or neighbor is terminated together with all that depends on it', () => {
    each('MiniportTerminateOffload', (blocks, ledger) => {
      for (const { object, children } of blocks) {
        if (object === undefined) continue;
        const named = children.map((child) => child.object);
        for (const dependent of ledger.dependentsOf(object)) expect(named).toContain(dependent);
        // Nor is anything being offered below it.
        expect([...ledger.offloading.values()]).not.toContain(object);
      }
    });
  });

  it('TRM-007 TRE-058 INV-008: at the end the target holds nothing', () => {
    const ledger = each('', () => undefined);
    expect([...ledger.held.keys()]).toEqual([]);
    expect([...ledger.invalid]).toEqual([]);
  });

  it('UPD-001: updates carry cached structures or none', () => {
    each('MiniportUpdateOffload', (blocks) => {
      for (const { structure } of blocks.flatMap((block) => attachedStates(block)))
        expect(structure.endsWith('_CACHED')).toBe(true);
    });
  });

  it('UPD-002 UPD-003 INI-048: an update names only objects that nothing else is changing', () => {
    each('MiniportUpdateOffload', (blocks, ledger) => {
      for (const { object } of blocks) {
        expect(ledger.updating.has(object!)).toBe(false);
        expect(ledger.invalid.has(object!)).toBe(false);
        expect(ledger.offloading.has(object!)).toBe(false);
        expect(ledger.terminating.has(object!)).toBe(false);
      }
    });
  });

  it('TRM-004: no object is terminated while an update of it is under way', () => {
    each('MiniportTerminateOffload', (blocks, ledger) => {
      for (const { object } of blocks)
        if (object !== undefined) expect(ledger.updating.has(object)).toBe(false);
    });
  });
}

/** Declares the tests for each miniport edge of a run with several. */
export function itKeepsTheTreeRulesAtEachEdge(model: TraceModel): void {
  const edges = new Set(callsOf(model, 'MiniportInitializeEx').map(({ callee }) => callee));
  for (const edge of edges) {
    describe(`at the miniport edge of ${model.store!.components[edge]!.name}`, () => {
      itKeepsTheTreeRules(model, edge);
    });
  }
}
