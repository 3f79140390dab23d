/**
 * State objects as their records tell: the tree that they make, who owns them, and at the edge of each driver whether they are offloaded
 * and what is under way with them.
 */
import { NDIS_STATUS } from '../../ddi/status';
import type {
  EventId,
  OwnershipRecord,
  RelinkRecord,
  StateChangeRecord,
  StateLayer,
  StateObjectRecord,
  StateOwner,
  StateValue,
} from '../../trace/records';
import type { Call } from '../engine/call';
import type { Handlers } from '../engine/rule';
import { treeOf, type TreeBlock } from '../engine/tree';
import { driverOf, treePairs, type Edge, type TreePair, type TreeVerb } from './edges';

/** A state object. */
export interface KnownObject {
  readonly id: number;
  readonly layer: StateLayer;
  readonly connection: number | undefined;
  readonly label: string;
  /** The object that it depends on. */
  parent: number | undefined;
  owner: StateOwner;
  /** Record that gave it its owner. */
  ownedSince: EventId | undefined;
  /** Last value of each variable, by its index in `offloadStateVariables(layer)`. */
  readonly variables: Map<number, StateValue>;
}

/** Where an object is, as the calls at one edge of one driver tell it. */
export interface HeldObject {
  readonly object: number;
  /** `held`: offloaded. An object that is not offloaded there has no entry. */
  place: 'offloading' | 'held' | 'terminating';
  /** The call that brought it there: the initiate, its completion, the terminate. */
  since: Call;
  /** The initiate with which it came. */
  readonly initiate: Call;
  /** The object that it depends on there. */
  parent: number | undefined;
  /** Requests under way that name it, by verb. */
  readonly requests: { call: Call; verb: TreeVerb }[];
  /** The invalidate that made it invalid. */
  invalidatedBy: Call | undefined;
  /** The PVOID that the driver below gave it, once the initiate has been completed. */
  context: number | undefined;
  /** Address of the NDIS_OFFLOAD_HANDLE with which it was offered. */
  readonly handle: number;
  /** PortNumber of the block with which it was offered. */
  readonly port: number;
}

/** A tree that is lent. */
export interface LentTree {
  /** Of its root block. */
  readonly address: number;
  readonly edge: Edge;
  readonly verb: TreeVerb;
  readonly driver: number;
  readonly call: Call;
}

const requests = new Map(treePairs.map((pair) => [pair.request, pair]));
const completions = new Map(treePairs.map((pair) => [pair.completion, pair]));

function keyOf(edge: Edge, driver: number): number {
  return driver * 2 + (edge === 'miniport' ? 1 : 0);
}

/** Whether an initiate took what a block offers (WDK: SUCCESS, or PARTIAL_SUCCESS where only part of what depends on it was taken). */
export function isTaken(block: TreeBlock): boolean {
  return block.status === NDIS_STATUS.SUCCESS || block.status === NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
}

/** See the file's head. */
export class ObjectFacts implements Handlers {
  private readonly objects = new Map<number, KnownObject>();
  private readonly tcpObjects = new Map<number, number>();
  private readonly edges = new Map<number, Map<number, HeldObject>>();
  private readonly trees = new Map<number, Map<number, LentTree>>();

  readonly stateObject = (record: StateObjectRecord, event: EventId): void => {
    const { id, layer, parent, connection, label } = record;
    const variables = new Map<number, StateValue>();
    this.objects.set(id, {
      id,
      layer,
      parent,
      connection,
      label,
      owner: 'host',
      ownedSince: event,
      variables,
    });
    if (layer === 'tcp' && connection !== undefined) this.tcpObjects.set(connection, id);
  };

  readonly stateChange = ({ object, changes }: Omit<StateChangeRecord, 'kind'>): void => {
    const known = this.objects.get(object);
    if (known === undefined) return;
    for (const { variable, value } of changes) known.variables.set(variable, value);
  };

  readonly ownership = ({ object, owner }: Omit<OwnershipRecord, 'kind'>, event: EventId): void => {
    const known = this.objects.get(object);
    if (known === undefined) return;
    known.owner = owner;
    known.ownedSince = event;
  };

  readonly relink = ({ object, parent }: RelinkRecord): void => {
    const known = this.objects.get(object);
    if (known !== undefined) known.parent = parent;
  };

  readonly anyCall = (call: Call): void => {
    const request = requests.get(call.functionName);
    if (request !== undefined) this.begin(request, call);
    const completion = completions.get(call.functionName);
    if (completion !== undefined) this.complete(completion, call);
  };

  /** An object by its id. */
  find(object: number | undefined): KnownObject | undefined {
    return object === undefined ? undefined : this.objects.get(object);
  }

  /** All objects that the trace has declared. */
  all(): IterableIterator<KnownObject> {
    return this.objects.values();
  }

  /** The TCP state object of a connection. */
  tcpOf(connection: number | undefined): number | undefined {
    return connection === undefined ? undefined : this.tcpObjects.get(connection);
  }

  /** An object at an edge of a driver; undefined while it isn't offloaded there. */
  at(edge: Edge, driver: number, object: number | undefined): HeldObject | undefined {
    return object === undefined ? undefined : this.edges.get(keyOf(edge, driver))?.get(object);
  }

  /** The TCP object of a connection at an edge of a driver. */
  connectionAt(edge: Edge, driver: number, connection: number | undefined): HeldObject | undefined {
    return this.at(edge, driver, this.tcpOf(connection));
  }

  /** Every object at an edge of a driver. */
  allAt(edge: Edge, driver: number): Iterable<HeldObject> {
    return this.edges.get(keyOf(edge, driver))?.values() ?? [];
  }

  /** The tree with a root at an address, while it is lent at an edge of a driver. */
  treeAt(edge: Edge, driver: number, address: number): LentTree | undefined {
    return this.trees.get(keyOf(edge, driver))?.get(address);
  }

  /** Trees that are lent at an edge of a driver. */
  treesAt(edge: Edge, driver: number): Iterable<LentTree> {
    return this.trees.get(keyOf(edge, driver))?.values() ?? [];
  }

  /** The request that a completion of a tree ends; undefined where its root isn't lent. */
  requestOf(completion: Call): LentTree | undefined {
    const pair = completions.get(completion.functionName);
    const root = completion.blocks[0];
    if (pair === undefined || root === undefined) return undefined;
    const tree = this.treeAt(pair.edge, driverOf(completion), root.address);
    return tree?.verb === pair.verb ? tree : undefined;
  }

  private begin({ edge, verb }: TreePair, call: Call): void {
    const driver = driverOf(call);
    const root = call.blocks[0];
    if (root !== undefined) {
      const tree = { address: root.address, edge, verb, driver, call };
      mapIn(this.trees, keyOf(edge, driver)).set(root.address, tree);
    }
    const held = mapIn(this.edges, keyOf(edge, driver));
    for (const block of treeOf(call)) {
      const { object } = block;
      if (object === undefined) continue;
      const known = held.get(object);
      if (verb === 'initiate' && block.role === 'new') {
        held.set(object, {
          object,
          place: 'offloading',
          since: call,
          initiate: call,
          parent: block.parent?.object,
          requests: [],
          invalidatedBy: undefined,
          context: undefined,
          handle: block.handle,
          port: block.structure.number('PortNumber') ?? 0,
        });
        continue;
      }
      if (known === undefined || verb === 'initiate') continue;
      known.requests.push({ call, verb });
      if (verb === 'invalidate') known.invalidatedBy = call;
      if (verb === 'terminate') {
        known.place = 'terminating';
        known.since = call;
      }
    }
  }

  private complete(pair: TreePair, call: Call): void {
    const { edge } = pair;
    const driver = driverOf(call);
    // What has come back by the function of another operation has come back (TRE-041 and TRE-056 find it).
    const root = call.blocks[0];
    const request = root && this.treeAt(edge, driver, root.address);
    const verb = request?.verb ?? pair.verb;
    if (request !== undefined) this.trees.get(keyOf(edge, driver))?.delete(request.address);
    const held = mapIn(this.edges, keyOf(edge, driver));
    // Every block of the request is back, even where its links are not what they were (TRE-045 finds that).
    for (const { object } of request === undefined ? [] : treeOf(request.call)) {
      const known = object === undefined ? undefined : held.get(object);
      const open = known?.requests.findIndex((one) => one.call === request!.call) ?? -1;
      if (open >= 0) known!.requests.splice(open, 1);
    }
    for (const block of treeOf(call)) {
      const known = block.object === undefined ? undefined : held.get(block.object);
      if (known === undefined) continue;
      if (verb === 'initiate') {
        if (known.place !== 'offloading') continue;
        if (isTaken(block)) {
          known.place = 'held';
          known.since = call;
          known.context = block.context;
        } else held.delete(known.object);
        continue;
      }
      if (request === undefined) {
        const open = known.requests.findIndex((one) => one.verb === verb);
        if (open >= 0) known.requests.splice(open, 1);
      }
      if (verb === 'terminate') {
        if (block.status === NDIS_STATUS.SUCCESS) held.delete(known.object);
        else {
          known.place = 'held';
          known.since = call;
        }
      }
      if (verb === 'update' && block.status === NDIS_STATUS.SUCCESS && block.parent?.object !== undefined)
        known.parent = block.parent.object;
    }
  }
}

function mapIn<Value>(maps: Map<number, Map<number, Value>>, key: number): Map<number, Value> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map<number, Value>()));
  return map;
}
