/**
 * Watches a run through the probe and keeps account of everything that is lent or asked for: each request has exactly one
 * completion, each list that is handed over comes back exactly once. It decides from the records alone and remembers only what is
 * still open, so that it can watch a run of any length.
 */
import type { FunctionName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { CallArgument, CallRecord, EventId, ReturnRecord } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import type { Probe } from '../probe';

/** What a function hands over, and the function that gives it back. */
type Pair = readonly [request: FunctionName, completion: FunctionName];

/** Pairs whose NET_BUFFER_LISTs are handed over and given back. */
const listPairs: readonly Pair[] = [
  ['NdisOffloadTcpSend', 'ProtocolTcpOffloadSendComplete'],
  ['MiniportTcpOffloadSend', 'NdisTcpOffloadSendComplete'],
  ['NdisOffloadTcpReceive', 'ProtocolTcpOffloadReceiveComplete'],
  ['MiniportTcpOffloadReceive', 'NdisTcpOffloadReceiveComplete'],
  ['NdisOffloadTcpDisconnect', 'ProtocolTcpOffloadDisconnectComplete'],
  ['MiniportTcpOffloadDisconnect', 'NdisTcpOffloadDisconnectComplete'],
  ['NdisOffloadTcpForward', 'ProtocolTcpOffloadForwardComplete'],
  ['MiniportTcpOffloadForward', 'NdisTcpOffloadForwardComplete'],
  ['NdisSendNetBufferLists', 'ProtocolSendNetBufferListsComplete'],
  ['MiniportSendNetBufferLists', 'NdisMSendNetBufferListsComplete'],
  ['NdisMIndicateReceiveNetBufferLists', 'MiniportReturnNetBufferLists'],
  ['ProtocolReceiveNetBufferLists', 'NdisReturnNetBufferLists'],
];

/** Indications whose lists are the client's only if it answers NDIS_STATUS_SUCCESS (IND-012, IND-013). */
const indicationPairs: readonly Pair[] = [
  ['NdisTcpOffloadReceiveHandler', 'MiniportTcpOffloadReceiveReturn'],
  ['ProtocolTcpOffloadReceiveIndicate', 'NdisOffloadTcpReceiveReturn'],
];

/** Pairs whose block-list tree is handed over and given back. */
const treePairs: readonly Pair[] = (['Initiate', 'Terminate', 'Update', 'Invalidate'] as const)
  .flatMap((verb): Pair[] => [
    [`Ndis${verb}Offload`, `Protocol${verb}OffloadComplete`],
    [`Miniport${verb}Offload`, `NdisM${verb}OffloadComplete`],
  ])
  .concat([
    ['NdisQueryOffloadState', 'ProtocolQueryOffloadComplete'],
    ['MiniportQueryOffload', 'NdisMQueryOffloadStateComplete'],
  ]);

/** Functions that are completed by a later call if, and only if, they return NDIS_STATUS_PENDING. */
const mayPend = new Set<string>([
  'NdisOidRequest',
  'MiniportOidRequest',
  'MiniportPause',
  'MiniportRestart',
  'ProtocolNetPnPEvent',
  'ProtocolUnbindAdapterEx',
] satisfies FunctionName[]);

/** Requests whose chains bring lists that are completed like posted sends, and completions whose chains give sends back. */
const chainRequests = new Set<string>(['NdisInitiateOffload', 'MiniportInitiateOffload']);
const chainCompletions = new Set<string>([
  'ProtocolTerminateOffloadComplete',
  'NdisMTerminateOffloadComplete',
]);

/** Problems that are kept; a run that breaks one promise often breaks it again. */
const mostProblems = 20;

/** What is handed over in one kind of request: addresses with the call that handed them over. */
class OpenItems {
  readonly calls = new Map<number, EventId>();
  /** Lists of initiates' chains that have been completed, and lists that have been returned. */
  readonly finished = new Set<number>();

  constructor(readonly pair: Pair) {}
}

/** Addresses of the lists that a call passes; those that come with the blocks of a tree have their own accounts. */
function listAddresses(parameters: readonly CallArgument[]): number[] {
  if (parameters.some(({ kind }) => kind === 'block-list')) return [];
  return parameters.flatMap((argument) =>
    argument.kind === 'net-buffer-lists' ? argument.lists.map((list) => list.address) : [],
  );
}

/** Address of the root of the tree that a call passes. */
function rootAddresses(parameters: readonly CallArgument[]): number[] {
  return parameters.flatMap((argument) =>
    argument.kind === 'block-list' ? argument.blocks.slice(0, 1).map((block) => block.address) : [],
  );
}

/** The driver at whose edge a call is made: NDIS functions are called by it, handlers are its own. */
function driverOf(call: Omit<CallRecord, 'kind'>): number {
  return call.functionName.startsWith('Ndis') ? call.caller : call.callee;
}

/** See the file's head. */
export class CompletionLedger {
  /** Passes everything on to the probe that it watches for. */
  readonly probe: Probe;
  private readonly problems: string[] = [];
  private readonly requests = new Map<string, OpenItems>();
  private readonly completions = new Map<string, OpenItems>();
  private readonly indications = new Map<string, OpenItems>();
  /** Indications that have not returned, with their lists. */
  private readonly indicating = new Map<EventId, { readonly items: OpenItems; readonly keys: number[] }>();
  private readonly sends: readonly OpenItems[];
  private readonly initiates = new Set<EventId>();
  private readonly inside = new Map<EventId, string>();
  private readonly endedInside = new Set<EventId>();
  private readonly pending = new Map<EventId, string>();

  constructor(private readonly inner: Probe) {
    for (const pair of [...listPairs, ...treePairs, ...indicationPairs]) {
      const items = new OpenItems(pair);
      if (indicationPairs.includes(pair)) this.indications.set(pair[0], items);
      else this.requests.set(pair[0], items);
      this.completions.set(pair[1], items);
    }
    this.sends = [this.requests.get('NdisOffloadTcpSend')!, this.requests.get('MiniportTcpOffloadSend')!];
    this.probe = passOn(inner, {
      call: (time, call) => this.onCall(time, call),
      return: (time, result) => {
        this.onReturn(result);
        inner.return(time, result);
      },
    });
  }

  /** What has gone wrong so far, and what is still open now. */
  findings(): string[] {
    const open: string[] = [];
    for (const { pair, calls } of this.completions.values())
      if (calls.size > 0) open.push(`${calls.size} of ${pair[0]} have no ${pair[1]}`);
    for (const name of new Set(this.pending.values())) {
      const count = [...this.pending.values()].filter((other) => other === name).length;
      open.push(`${count} of ${name} returned NDIS_STATUS_PENDING and never ended`);
    }
    return [...this.problems, ...open];
  }

  private onCall(time: number, call: Omit<CallRecord, 'kind'>): EventId {
    const event = this.inner.call(time, call);
    const { functionName, completes } = call;
    const driver = driverOf(call);
    const request = this.requests.get(functionName);
    if (request !== undefined) this.open(request, driver, event, call);
    if (chainRequests.has(functionName)) this.initiates.add(event);
    const indication = this.indications.get(functionName);
    if (indication !== undefined) {
      const keys = listAddresses(call.arguments).map((address) => keyOf(address, driver));
      this.indicating.set(event, { items: indication, keys });
    }
    const completion = this.completions.get(functionName);
    if (completion !== undefined) this.close(completion, driver, call);
    if (chainCompletions.has(functionName)) this.closeSends(completes);
    for (const one of completes) {
      if (this.inside.has(one)) this.endedInside.add(one);
      else this.pending.delete(one);
    }
    if (mayPend.has(functionName)) this.inside.set(event, functionName);
    return event;
  }

  private onReturn({ call, status }: Omit<ReturnRecord, 'kind'>): void {
    const indicated = this.indicating.get(call);
    if (indicated !== undefined) {
      this.indicating.delete(call);
      if (status === NDIS_STATUS.SUCCESS)
        for (const key of indicated.keys)
          if (!indicated.items.finished.has(key)) indicated.items.calls.set(key, call);
    }
    const name = this.inside.get(call);
    if (name === undefined) return;
    this.inside.delete(call);
    const ended = this.endedInside.delete(call);
    if (status === NDIS_STATUS.PENDING && !ended) this.pending.set(call, name);
    else if (status !== NDIS_STATUS.PENDING && ended)
      this.complain(`${name} (event ${call}) was completed and returned another status than PENDING`);
  }

  private open(items: OpenItems, driver: number, event: EventId, call: Omit<CallRecord, 'kind'>): void {
    for (const address of [...listAddresses(call.arguments), ...rootAddresses(call.arguments)]) {
      const key = keyOf(address, driver);
      const before = items.calls.get(key);
      if (before !== undefined)
        this.complain(`${items.pair[0]} passes ${address} again while it is under way since event ${before}`);
      items.calls.set(key, event);
    }
  }

  private close(items: OpenItems, driver: number, call: Omit<CallRecord, 'kind'>): void {
    const { functionName } = call;
    for (const address of [...listAddresses(call.arguments), ...rootAddresses(call.arguments)]) {
      const key = keyOf(address, driver);
      if (items.calls.delete(key)) continue;
      // Lists of an initiate's chain and of BufferedData are named by no record of a request; yet each comes back once.
      const chained =
        (this.sends.includes(items) && call.completes.some((event) => this.initiates.has(event))) ||
        this.indications.has(items.pair[0]);
      if (!chained) this.complain(`${functionName} gives ${address} back, which is not under way`);
      else if (items.finished.has(key)) this.complain(`${functionName} gives ${address} back twice`);
      items.finished.add(key);
    }
  }

  /** A terminate gives posted sends back in its chain instead of completing them (TRM-026). */
  private closeSends(completes: readonly EventId[]): void {
    const ended = new Set(completes);
    if (ended.size < 2) return;
    for (const { calls } of this.sends)
      for (const [key, event] of calls) if (ended.has(event)) calls.delete(key);
  }

  private complain(problem: string): void {
    if (this.problems.length < mostProblems) this.problems.push(problem);
  }
}

/** One number for an address at the edge of one driver; addresses are never reused. */
function keyOf(address: number, driver: number): number {
  return address * 64 + driver;
}
