/** What stands between an offload target and NDIS in a run with faults. */
import { dataRequests, stateRequests } from '../../../shared/scenario/faults';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { NdisFunctions } from '../kit/ndisFunctions';
import type { Machine } from '../machine/machine';
import type { NDIS_HANDLE } from '../ndis/characteristics';
import { chainToArray, netBufferListInfo, type NET_BUFFER_LIST } from '../ndis/netBufferList';
import type { NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, PVOID } from '../ndis/offloadBlockList';
import {
  wrappedFunctions,
  type AllFunctions,
  type AllHandlers,
  type DriverWrappers,
} from '../tampering/driverWrappers';
import { CompletionFaults, setStatuses, type Completion } from './completionFaults';
import type { InjectedFault } from './injectedFault';
import { RequestFaults } from './requestFaults';
import { Stall } from './stall';

type StateRequest = (typeof stateRequests)[number];
type DataRequest = (typeof dataRequests)[number];
type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

/** Time that it takes to refuse a request, ns: as long as the firmware of a target takes for an object. */
const refusalTime = 6_000;

const stateNames = {
  initiate: ['InitiateOffloadHandler', 'NdisMInitiateOffloadComplete'],
  terminate: ['TerminateOffloadHandler', 'NdisMTerminateOffloadComplete'],
  update: ['UpdateOffloadHandler', 'NdisMUpdateOffloadComplete'],
  query: ['QueryOffloadHandler', 'NdisMQueryOffloadStateComplete'],
  invalidate: ['InvalidateOffloadHandler', 'NdisMInvalidateOffloadComplete'],
} as const satisfies Record<StateRequest, readonly [keyof AllHandlers, keyof AllFunctions]>;

const dataNames = {
  send: ['TcpOffloadSendHandler', 'NdisTcpOffloadSendComplete'],
  receive: ['TcpOffloadReceiveHandler', 'NdisTcpOffloadReceiveComplete'],
  disconnect: ['TcpOffloadDisconnectHandler', 'NdisTcpOffloadDisconnectComplete'],
  forward: ['TcpOffloadForwardHandler', 'NdisTcpOffloadForwardComplete'],
} as const satisfies Record<DataRequest, readonly [keyof AllHandlers, keyof AllFunctions]>;

/** Calls of and by the driver that answer nothing and only wait in a stall. */
const waitingHandlers = ['SendNetBufferListsHandler', 'ReturnNetBufferListsHandler'] as const;
const waitingFunctions = [
  'NdisTcpOffloadEventHandler',
  'NdisMIndicateStatusEx',
  'NdisMSendNetBufferListsComplete',
  'NdisMIndicateReceiveNetBufferLists',
] as const satisfies readonly (keyof AllFunctions)[];

type StateComplete = (handle: NDIS_HANDLE, root: Block) => void;
type DataComplete = (handle: NDIS_HANDLE, lists: NET_BUFFER_LIST) => void;

/** See the file's head. One for each adapter. */
export class TargetFaults {
  readonly stall: Stall;
  private readonly requests: RequestFaults;
  private readonly completions: CompletionFaults;
  /** NdisMiniportHandle. */
  private handle: NDIS_HANDLE | undefined;
  /** How each request is completed, as the driver does it. */
  private readonly completeState = new Map<StateRequest, StateComplete>();
  private readonly completeData = new Map<DataRequest, DataComplete>();

  constructor(
    private readonly machine: Machine,
    component: () => number,
    faults: readonly InjectedFault[],
  ) {
    this.stall = new Stall(machine);
    this.requests = new RequestFaults(component, faults);
    this.completions = new CompletionFaults(machine, component, faults);
  }

  /** Whether NDIS has called MiniportInitializeEx. */
  get isInitialized(): boolean {
    return this.handle !== undefined;
  }

  /** The functions that the driver is to call. */
  wrap(functions: NdisFunctions): NdisFunctions {
    return wrappedFunctions(functions, this.wrappers(functions), undefined);
  }

  private wrappers(plain: NdisFunctions): DriverWrappers<undefined> {
    const handlers: Record<string, unknown> = {
      InitializeHandlerEx:
        (next: AllHandlers['InitializeHandlerEx']): AllHandlers['InitializeHandlerEx'] =>
        (handle, ...others) => {
          this.handle = handle;
          return next(handle, ...others);
        },
      OidRequestHandler: (next: AllHandlers['OidRequestHandler']) => this.oidHandler(next, plain),
      TcpOffloadReceiveReturnHandler:
        (next: AllHandlers['TcpOffloadReceiveReturnHandler']): typeof next =>
        (...values) => {
          this.stall.pass(() => next(...values));
          return NDIS_STATUS.SUCCESS;
        },
    };
    const functions: Record<string, unknown> = {
      NdisMOidRequestComplete:
        (next: AllFunctions['NdisMOidRequestComplete']): typeof next =>
        (handle, request, status) => {
          this.complete({
            request: 'oid',
            handle,
            status,
            deliver: (completion) => {
              next(completion.handle, request, completion.status!);
            },
          });
        },
    };
    for (const request of stateRequests) {
      const [handler, complete] = stateNames[request];
      handlers[handler] = (next: (context: PVOID, root: Block) => void) => this.stateHandler(request, next);
      functions[complete] = (next: StateComplete) => this.stateCompletion(request, next);
    }
    for (const request of dataRequests) {
      const [handler, complete] = dataNames[request];
      handlers[handler] = (next: (...values: unknown[]) => NdisStatus) => this.dataHandler(request, next);
      functions[complete] = (next: DataComplete) => this.dataCompletion(request, next);
    }
    const waiting =
      (next: (...values: unknown[]) => void) =>
      (...values: unknown[]): void => {
        this.stall.pass(() => {
          next(...values);
        });
      };
    for (const name of waitingHandlers) handlers[name] = waiting;
    for (const name of waitingFunctions) functions[name] = waiting;
    return { handlers, functions };
  }

  private complete(completion: Completion): void {
    this.stall.pass(() => {
      this.completions.pass(completion);
    });
  }

  private stateHandler(
    request: StateRequest,
    next: (context: PVOID, root: Block) => void,
  ): (context: PVOID, root: Block) => void {
    return (context, root) => {
      this.stall.pass(() => {
        const answer = (): void => {
          this.machine.queueDeferredCall(refusalTime, () => {
            this.completeState.get(request)!(this.handle!, root);
          });
        };
        if (request === 'initiate') {
          if (this.requests.cut(root)) next(context, root);
          else answer();
          return;
        }
        const refusal = this.requests.refusalOf(request);
        if (refusal === undefined) {
          next(context, root);
          return;
        }
        setStatuses({ request, root, handle: this.handle!, deliver: () => undefined }, refusal);
        answer();
      });
    };
  }

  private stateCompletion(request: StateRequest, next: StateComplete): StateComplete {
    const complete: StateComplete = (handle, root) => {
      if (request === 'initiate') this.requests.mend(root);
      this.complete({
        request,
        handle,
        root,
        deliver: (completion) => {
          next(completion.handle, root);
        },
      });
    };
    this.completeState.set(request, complete);
    return complete;
  }

  private dataHandler(
    request: DataRequest,
    next: (...values: unknown[]) => NdisStatus,
  ): (...values: unknown[]) => NdisStatus {
    return (...values) => {
      const lists = values[2] as NET_BUFFER_LIST;
      let status: NdisStatus = NDIS_STATUS.PENDING;
      this.stall.pass(() => {
        const refusal = this.requests.refusalOf(request);
        if (refusal === undefined) {
          status = next(...values);
          return;
        }
        for (const list of chainToArray(lists)) {
          list.Status = refusal;
          list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] = 0;
        }
        this.machine.queueDeferredCall(refusalTime, () => {
          this.completeData.get(request)!(this.handle!, lists);
        });
      });
      return status;
    };
  }

  private dataCompletion(request: DataRequest, next: DataComplete): DataComplete {
    const complete: DataComplete = (handle, lists) => {
      this.complete({
        request,
        handle,
        lists,
        deliver: (completion) => {
          next(completion.handle, lists);
        },
      });
    };
    this.completeData.set(request, complete);
    return complete;
  }

  /** An OID request may be answered at once: that is a completion as well. */
  private oidHandler(
    next: AllHandlers['OidRequestHandler'],
    plain: NdisFunctions,
  ): AllHandlers['OidRequestHandler'] {
    return (context, request) => {
      let inside = true;
      let answered: NdisStatus = NDIS_STATUS.PENDING;
      this.stall.pass(() => {
        const status = this.requests.refusalOf('oid') ?? next(context, request);
        if (status === NDIS_STATUS.PENDING) return;
        this.completions.pass({
          request: 'oid',
          handle: this.handle!,
          status,
          deliver: ({ handle, status: told }) => {
            if (inside) answered = told!;
            else plain.NdisMOidRequestComplete(handle, request, told!);
          },
        });
      });
      inside = false;
      return answered;
    };
  }
}
