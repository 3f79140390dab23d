/** What goes wrong with completions between a target and NDIS: late, never, twice, in another order, or with something else than the truth. */
import { statusValue } from '../../../shared/expression/valueNames';
import type { FaultyRequest } from '../../../shared/scenario/faults';
import { statusName, type NdisStatus } from '../../../shared/ddi/status';
import type { EventId } from '../../../shared/trace/records';
import type { Machine } from '../machine/machine';
import type { NDIS_HANDLE } from '../ndis/characteristics';
import type { NET_BUFFER_LIST } from '../ndis/netBufferList';
import type { NDIS_MINIPORT_OFFLOAD_BLOCK_LIST } from '../ndis/offloadBlockList';
import { faultsOf, type InjectedFault } from './injectedFault';
import { blocksOf } from './treeCut';

/** How long a completion waits for another one that it is to come behind, ns. */
const patience = 1_000_000_000;

/** A handle that NDIS has given to nobody. */
const strangeHandle: NDIS_HANDLE = { address: 0x66_6000, label: 'no NdisMiniportHandle' };

/** A completion on its way from a target to NDIS. */
export interface Completion {
  readonly request: FaultyRequest;
  /** What it says its adapter is. */
  handle: NDIS_HANDLE;
  /** The tree that it gives back, or the lists. */
  readonly root?: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;
  readonly lists?: NET_BUFFER_LIST;
  /** Of an OID request. */
  status?: NdisStatus;
  /** Lets NDIS have it. */
  readonly deliver: (completion: Completion) => void;
}

/** The statuses of a completion, of one layer or of all, become another one. */
export function setStatuses(
  completion: Completion,
  status: NdisStatus,
  layer?: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST['layer'],
): void {
  if (completion.root !== undefined)
    for (const block of blocksOf(completion.root))
      if (block.MiniportOffloadContext !== null && (layer === undefined || block.layer === layer))
        block.Status = status;
  for (let list: NET_BUFFER_LIST | null = completion.lists ?? null; list !== null; list = list.Next)
    list.Status = status;
  if (completion.status !== undefined) completion.status = status;
}

/** See the file's head. One for each adapter. */
export class CompletionFaults {
  /** Completions that wait behind a late one. */
  private readonly late = new Map<FaultyRequest, Completion[]>();
  /** Completions that are to come behind the next one of their kind. */
  private readonly overtaken = new Map<FaultyRequest, { completion: Completion; note: EventId }>();

  constructor(
    private readonly machine: Machine,
    private readonly component: () => number,
    private readonly faults: readonly InjectedFault[],
  ) {}

  /** Takes a completion from the driver: NDIS gets it, now or later, or doesn't. */
  pass(completion: Completion): void {
    this.falsify(completion);
    const { request } = completion;
    for (const fault of faultsOf(this.faults, 'drop-completion')) {
      if (fault.definition.request !== request || !fault.strikes()) continue;
      fault.note(`a completion of ${articled(request)} never comes`, this.component());
      return;
    }
    for (const fault of faultsOf(this.faults, 'duplicate-completion')) {
      if (fault.definition.request !== request || !fault.strikes()) continue;
      const note = fault.note(`a completion of ${articled(request)} comes twice`, this.component());
      const copy = { ...completion };
      this.afterwards(note, fault.definition.after, () => {
        copy.deliver(copy);
      });
    }
    if (this.isOvertaken(completion)) return;
    this.inTime(completion);
    const held = this.overtaken.get(request);
    if (held !== undefined) this.release(request, held);
  }

  /** Makes something else of it. */
  private falsify(completion: Completion): void {
    const { request } = completion;
    for (const fault of faultsOf(this.faults, 'false-status')) {
      const { definition } = fault;
      if (definition.request !== request || !fault.strikes()) continue;
      const status = statusValue(definition.status)!;
      fault.note(
        `a completion of ${articled(request)} says ${statusName(status)}, whatever has happened`,
        this.component(),
      );
      setStatuses(completion, status, definition.layer);
    }
    for (const fault of faultsOf(this.faults, 'corrupt-handle')) {
      if (fault.definition.request !== request || !fault.strikes()) continue;
      fault.note(
        `a completion of ${articled(request)} names a handle that NDIS gave to nobody`,
        this.component(),
      );
      completion.handle = strangeHandle;
    }
    const { root } = completion;
    if (request !== 'initiate' || root === undefined) return;
    for (const fault of faultsOf(this.faults, 'corrupt-context')) {
      const blocks = blocksOf(root);
      const cell = blocks.find(
        ({ layer, state }) => layer === 'tcp' && state !== undefined,
      )?.MiniportOffloadContext;
      const path = blocks.find(({ layer }) => layer === 'path')?.MiniportOffloadContext;
      if (!cell?.value || !path?.value || !fault.strikes()) continue;
      fault.note('a connection gets the MiniportOffloadContext of its path', this.component());
      cell.value = path.value;
    }
  }

  /** Whether it waits for the next one of its kind. */
  private isOvertaken(completion: Completion): boolean {
    const { request } = completion;
    if (this.overtaken.has(request)) return false;
    for (const fault of faultsOf(this.faults, 'reorder-completions')) {
      if (fault.definition.request !== request || !fault.strikes()) continue;
      const note = fault.note(
        `a completion of ${articled(request)} comes behind the next one`,
        this.component(),
      );
      const held = { completion, note };
      this.overtaken.set(request, held);
      this.afterwards(note, patience, () => {
        if (this.overtaken.get(request) === held) this.release(request, held);
      });
      return true;
    }
    return false;
  }

  private release(
    request: FaultyRequest,
    { completion, note }: { readonly completion: Completion; readonly note: EventId },
  ): void {
    this.overtaken.delete(request);
    this.afterwards(note, 0, () => {
      this.inTime(completion);
    });
  }

  /** Lets NDIS have it, unless it or one before it is late. */
  private inTime(completion: Completion): void {
    const { request } = completion;
    const before = this.late.get(request);
    if (before !== undefined) {
      before.push(completion);
      return;
    }
    for (const fault of faultsOf(this.faults, 'delay-completion')) {
      if (fault.definition.request !== request || !fault.strikes()) continue;
      const note = fault.note(`a completion of ${articled(request)} comes late`, this.component());
      const waiting = [completion];
      this.late.set(request, waiting);
      this.afterwards(note, fault.definition.by, () => {
        this.late.delete(request);
        for (const one of waiting) one.deliver(one);
      });
      return;
    }
    completion.deliver(completion);
  }

  private afterwards(note: EventId, delay: number, work: () => void): void {
    const { machine } = this;
    machine.queueDeferredCall(delay, () => {
      machine.cause = note;
      work();
    });
  }
}

/** A request for people. */
export function articled(request: FaultyRequest): string {
  return request === 'oid' ? 'an OID request' : `${/^[aeiou]/.test(request) ? 'an' : 'a'} ${request}`;
}
