/**
 * Watches a run through the probe for state requests at the wrong moment, at the edge of every driver that holds offloaded state:
 * what may be named by which request while which others are open (INI-003, INI-004, INI-048 to INI-052, UPD-002, UPD-003, TRM-002,
 * TRM-004 to TRM-006, TRE-019). It decides from the records alone.
 */
import { structureLayout } from '../../../shared/ddi/catalogue';
import type { BlockSnapshot, CallArgument, CallRecord } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import { isTaken } from '../ndis/offloadBlockList';
import type { Probe } from '../probe';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';

/** Findings that are kept. */
const mostFindings = 10;

const statusOffset = structureLayout('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST').fields.find(
  ({ name }) => name === 'Status',
)!.offset;

/** Where an object is, as the calls at one edge tell it; `updating` and `invalid` only while it is held. */
interface HeldObject {
  place: 'offloading' | 'held' | 'terminating';
  /** The object that it depends on, or is to depend on. */
  parent: number | undefined;
  /** Queries, updates and invalidates that name it. */
  openRequests: number;
  updating: boolean;
  invalid: boolean;
}

/** A block of a call with the object that its parent in the tree names. */
interface PlacedBlock {
  readonly block: BlockSnapshot;
  readonly object: number;
  readonly parent: number | undefined;
}

/** The blocks of a call that name objects. */
function namedBlocks(parameters: readonly CallArgument[]): PlacedBlock[] {
  const placed: PlacedBlock[] = [];
  const path: (number | undefined)[] = [];
  for (const argument of parameters) {
    if (argument.kind !== 'block-list') continue;
    for (const block of argument.blocks) {
      path[block.depth] = block.object;
      if (block.object !== undefined)
        placed.push({
          block,
          object: block.object,
          parent: block.depth > 0 ? path[block.depth - 1] : undefined,
        });
    }
  }
  return placed;
}

function statusOf({ bytes }: BlockSnapshot): NdisStatus {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(statusOffset, true);
}

/** See the file's head. */
export class RequestOrder {
  /** Passes everything on to the probe that it watches for. */
  readonly probe: Probe;
  /** What has been found. */
  readonly findings: string[] = [];
  /** Objects by the component at whose edge they are held. */
  private readonly edges = new Map<number, Map<number, HeldObject>>();
  /** TCP state object of each connection. */
  private readonly objectOf = new Map<number, number>();
  private readonly steps: Readonly<
    Record<string, (objects: Map<number, HeldObject>, blocks: readonly PlacedBlock[]) => void>
  > = {
    MiniportInitiateOffload: (objects, blocks) => {
      this.initiate(objects, blocks);
    },
    NdisMInitiateOffloadComplete: (objects, blocks) => {
      for (const { object, block } of blocks) {
        const known = objects.get(object);
        if (known?.place !== 'offloading') continue;
        if (isTaken(statusOf(block))) known.place = 'held';
        else objects.delete(object);
      }
    },
    MiniportTerminateOffload: (objects, blocks) => {
      this.terminate(objects, blocks);
    },
    NdisMTerminateOffloadComplete: (objects, blocks) => {
      for (const { object, block } of blocks) {
        const known = objects.get(object);
        if (known === undefined) continue;
        if (statusOf(block) === NDIS_STATUS.SUCCESS) objects.delete(object);
        else known.place = 'held';
      }
    },
    MiniportUpdateOffload: (objects, blocks) => {
      this.begin('an update', objects, blocks, (known, object) => {
        if (known.updating) this.complain(`UPD-002: two updates of object ${object}`);
        if (known.invalid) this.complain(`UPD-003: an update of object ${object}, which is invalid`);
        known.updating = true;
      });
    },
    NdisMUpdateOffloadComplete: (objects, blocks) => {
      this.end(objects, blocks, (known, { block, parent }) => {
        known.updating = false;
        if (parent !== undefined && statusOf(block) === NDIS_STATUS.SUCCESS) known.parent = parent;
      });
    },
    MiniportInvalidateOffload: (objects, blocks) => {
      this.begin('an invalidate', objects, blocks, (known) => (known.invalid = true));
    },
    NdisMInvalidateOffloadComplete: (objects, blocks) => {
      this.end(objects, blocks);
    },
    MiniportQueryOffload: (objects, blocks) => {
      this.begin('a query', objects, blocks);
    },
    NdisMQueryOffloadStateComplete: (objects, blocks) => {
      this.end(objects, blocks);
    },
  };

  constructor(inner: Probe) {
    this.probe = passOn(inner, {
      stateObject: (time, layer, parent, connection, label) => {
        const object = inner.stateObject(time, layer, parent, connection, label);
        if (connection !== undefined) this.objectOf.set(connection, object);
        return object;
      },
      call: (time, call) => {
        this.watch(call);
        return inner.call(time, call);
      },
    });
  }

  private watch(call: Omit<CallRecord, 'kind'>): void {
    const { functionName } = call;
    const step = this.steps[functionName];
    if (step !== undefined) {
      const edge = functionName.startsWith('Miniport') ? call.callee : call.caller;
      step(this.objectsAt(edge), namedBlocks(call.arguments));
    } else if (/^MiniportTcpOffload(Send|Receive|Forward|Disconnect)$/.test(functionName)) {
      const object = call.connection === undefined ? undefined : this.objectOf.get(call.connection);
      const place = object === undefined ? undefined : this.objectsAt(call.callee).get(object)?.place;
      if (place === undefined || place === 'offloading')
        this.complain(
          `INI-049 to INI-052: ${functionName} for object ${object}, which is ${place ?? 'not held'}`,
        );
    }
  }

  private objectsAt(edge: number): Map<number, HeldObject> {
    let objects = this.edges.get(edge);
    if (objects === undefined) this.edges.set(edge, (objects = new Map<number, HeldObject>()));
    return objects;
  }

  private initiate(objects: Map<number, HeldObject>, blocks: readonly PlacedBlock[]): void {
    for (const { object, parent, block } of blocks) {
      const known = objects.get(object);
      if (block.role === 'new') {
        if (known !== undefined)
          this.complain(`INI-003 INI-004: object ${object} is offered, it is ${known.place}`);
        objects.set(object, {
          place: 'offloading',
          parent,
          openRequests: 0,
          updating: false,
          invalid: false,
        });
      } else if (known?.place !== 'held') {
        this.complain(`TRE-019: a linker names object ${object}, which is ${known?.place ?? 'not held'}`);
      }
    }
  }

  private terminate(objects: Map<number, HeldObject>, blocks: readonly PlacedBlock[]): void {
    const named = new Set(blocks.map(({ object }) => object));
    for (const { object } of blocks) {
      const known = objects.get(object);
      if (known?.place !== 'held') {
        this.complain(
          `TRM-002 INI-048: a terminate of object ${object}, which is ${known?.place ?? 'not held'}`,
        );
        continue;
      }
      if (known.openRequests > 0)
        this.complain(`TRM-004: a terminate of object ${object} with ${known.openRequests} requests open`);
    }
    for (const [other, { parent, place }] of objects) {
      if (parent !== undefined && named.has(parent) && !named.has(other))
        this.complain(
          `TRM-005 TRM-006: a terminate of object ${parent}, on which ${place} object ${other} depends`,
        );
    }
    for (const object of named) {
      const known = objects.get(object);
      if (known !== undefined) known.place = 'terminating';
    }
  }

  private begin(
    what: string,
    objects: Map<number, HeldObject>,
    blocks: readonly PlacedBlock[],
    note: (known: HeldObject, object: number) => void = () => undefined,
  ): void {
    for (const { object } of blocks) {
      const known = objects.get(object);
      if (known?.place !== 'held') {
        this.complain(`INI-048: ${what} of object ${object}, which is ${known?.place ?? 'not held'}`);
        continue;
      }
      known.openRequests++;
      note(known, object);
    }
  }

  private end(
    objects: Map<number, HeldObject>,
    blocks: readonly PlacedBlock[],
    note: (known: HeldObject, placed: PlacedBlock) => void = () => undefined,
  ): void {
    for (const placed of blocks) {
      const known = objects.get(placed.object);
      if (known === undefined) continue;
      known.openRequests--;
      note(known, placed);
    }
  }

  private complain(finding: string): void {
    if (this.findings.length < mostFindings) this.findings.push(finding);
  }
}
