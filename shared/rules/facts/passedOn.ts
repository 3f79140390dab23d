/** What intermediate drivers have received at one edge and handed on at the other: trees and NET_BUFFER_LISTs. */
import type { EventId } from '../../trace/records';
import { chainOf } from '../engine/attachedLists';
import type { Call } from '../engine/call';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import { treeOf, type TreeBlock } from '../engine/tree';
import { listPairs, treePairs, type ListPurpose, type TreeVerb } from './edges';

/** A block on its way through an intermediate driver. */
export interface PassedBlock {
  /** As it came from above. */
  readonly above: TreeBlock;
  /** NdisXxxOffload that took it down, and how it looked then; undefined before. */
  down: { readonly call: Call; readonly verb: TreeVerb; readonly block: TreeBlock } | undefined;
  /** ProtocolXxxOffloadComplete that brought it back. */
  back: { readonly call: Call; readonly verb: TreeVerb; readonly block: TreeBlock } | undefined;
}

/** A request of the driver above that has not been completed. */
export interface OpenRequest {
  readonly driver: number;
  readonly verb: TreeVerb;
  readonly call: Call;
  /** By their addresses. */
  readonly blocks: Map<number, PassedBlock>;
}

/** A list that an intermediate driver has passed down. */
export interface PassedList {
  readonly driver: number;
  readonly connection: number | undefined;
  readonly purpose: ListPurpose;
  readonly address: number;
  readonly down: Call;
  /** The completion that brought it back; undefined before. */
  back: Call | undefined;
}

const pairs = new Map(treePairs.map((pair) => [`${pair.verb} ${pair.edge}`, pair]));

/** The pair of functions for a verb at an edge. */
export function treePairOf(verb: TreeVerb, edge: 'protocol' | 'miniport') {
  return pairs.get(`${verb} ${edge}`)!;
}

const verbs = new Map(
  treePairs.flatMap((pair) => [[pair.request, pair.verb] as const, [pair.completion, pair.verb] as const]),
);

/** What a call with a tree asks for, or completes. */
export function verbOf(call: Call): TreeVerb {
  return verbs.get(call.functionName)!;
}

const purposes = new Map(
  listPairs.flatMap((pair) => [
    [pair.request, pair.purpose] as const,
    [pair.completion, pair.purpose] as const,
  ]),
);

/** What the lists of a call are lent for. */
export function purposeOf(call: Call): ListPurpose {
  return purposes.get(call.functionName)!;
}

/** Data requests that are passed on, from the names of their functions at both edges. */
export const dataVerbs = ['Send', 'Receive', 'Disconnect', 'Forward'] as const;

/** Handlers of one kind for several functions. */
export function forEach(
  names: readonly string[],
  take: (call: Call) => void,
): Readonly<Record<string, (call: Call) => void>> {
  return Object.fromEntries(names.map((name) => [name, take]));
}

const requestsAbove = treePairs.filter(({ edge }) => edge === 'miniport');
const requestsBelow = treePairs.filter(({ edge }) => edge === 'protocol');

/** Names of the functions with trees, at both edges of a driver. */
export const treeFunctions = {
  requestsAbove: requestsAbove.map(({ request }) => request),
  completionsAbove: requestsAbove.map(({ completion }) => completion),
  requestsBelow: requestsBelow.map(({ request }) => request),
  completionsBelow: requestsBelow.map(({ completion }) => completion),
} as const;

/** Names of the functions with data, at both edges of a driver. */
export const dataFunctions = {
  requestsAbove: dataVerbs.map((verb) => `MiniportTcpOffload${verb}`),
  completionsAbove: dataVerbs.map((verb) => `NdisTcpOffload${verb}Complete`),
  requestsBelow: dataVerbs.map((verb) => `NdisOffloadTcp${verb}`),
  completionsBelow: dataVerbs.map((verb) => `ProtocolTcpOffload${verb}Complete`),
} as const;

/** See the file's head. */
export class PassedOn implements Handlers {
  private readonly open = new Map<EventId, OpenRequest>();
  private readonly lists = new Map<string, PassedList>();

  constructor(private readonly facts: Facts) {}

  readonly call: NonNullable<Handlers['call']> = {
    ...forEach(treeFunctions.requestsAbove, (call) => {
      if (!this.isBetween(call.callee)) return;
      const blocks = new Map(
        treeOf(call).map((above) => [above.address, { above, down: undefined, back: undefined }]),
      );
      this.open.set(call.event, { driver: call.callee, verb: verbOf(call), call, blocks });
    }),
    ...forEach(treeFunctions.requestsBelow, (call) => {
      if (!this.isBetween(call.caller)) return;
      for (const block of treeOf(call)) {
        const passed = this.find(call.caller, block.address);
        if (passed !== undefined) passed.block.down = { call, verb: verbOf(call), block };
        if (call.functionName !== 'NdisInitiateOffload') continue;
        // Sends that come with an initiate are completed like posted ones.
        const connection = this.facts.objects.find(block.object)?.connection;
        for (const { address } of chainOf(call, block)) this.pass(call, connection, 'send', address);
      }
    }),
    ...forEach(treeFunctions.completionsBelow, (call) => {
      if (!this.isBetween(call.callee)) return;
      for (const block of treeOf(call)) {
        const passed = this.find(call.callee, block.address);
        if (passed !== undefined) passed.block.back = { call, verb: verbOf(call), block };
      }
    }),
    ...forEach(treeFunctions.completionsAbove, (call) => {
      if (!this.isBetween(call.caller)) return;
      for (const request of this.requestsOf(call)) this.open.delete(request.call.event);
    }),
    ...forEach(dataFunctions.requestsBelow, (call) => {
      if (!this.isBetween(call.caller)) return;
      for (const { address } of call.lists) this.pass(call, call.connection, purposeOf(call), address);
    }),
    ...forEach(dataFunctions.completionsBelow, (call) => {
      if (!this.isBetween(call.callee)) return;
      for (const { address } of call.lists) {
        const list = this.lists.get(keyOf(call.callee, address));
        if (list !== undefined) list.back = call;
      }
    }),
    ...forEach(dataFunctions.completionsAbove, (call) => {
      if (!this.isBetween(call.caller)) return;
      for (const { address } of call.lists) this.lists.delete(keyOf(call.caller, address));
    }),
  };

  /** Whether a component is an intermediate driver. */
  isBetween(component: number): boolean {
    return this.facts.machine.role(component) === 'intermediate-driver';
  }

  /** The open request of the driver above with a block at an address. */
  find(
    driver: number,
    address: number,
  ): { readonly request: OpenRequest; readonly block: PassedBlock } | undefined {
    for (const request of this.open.values()) {
      if (request.driver !== driver) continue;
      const block = request.blocks.get(address);
      if (block !== undefined) return { request, block };
    }
    return undefined;
  }

  /** The open requests of which blocks come with a call. */
  requestsOf(call: Call): Set<OpenRequest> {
    const found = new Set<OpenRequest>();
    for (const block of treeOf(call)) {
      const passed = this.find(call.caller, block.address);
      if (passed !== undefined) found.add(passed.request);
    }
    return found;
  }

  /** All open requests. */
  requests(): IterableIterator<OpenRequest> {
    return this.open.values();
  }

  /** A list that has been passed down and has not been passed up again. */
  list(driver: number, address: number): PassedList | undefined {
    return this.lists.get(keyOf(driver, address));
  }

  private pass(down: Call, connection: number | undefined, purpose: ListPurpose, address: number): void {
    const { caller: driver } = down;
    this.lists.set(keyOf(driver, address), {
      driver,
      connection,
      purpose,
      address,
      down,
      back: undefined,
    });
  }

  /** All of them. */
  allLists(): IterableIterator<PassedList> {
    return this.lists.values();
  }
}

function keyOf(driver: number, address: number): string {
  return `${driver} ${address}`;
}

/** What intermediate drivers have under way: `facts.of(passedOn)`. */
export const passedOn: FactDefinition<PassedOn> = { start: (facts) => new PassedOn(facts) };
