/**
 * Adapters and bindings: what each adapter has declared, what is in force on it, and what it has asked for. An intermediate driver has adapters
 * of its own (its miniport edge) and bindings to those below (its protocol edge).
 */
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import type { Call } from '../engine/call';
import type { FactDefinition, Facts, Handlers } from '../engine/rule';
import type { StructureView } from '../engine/structureView';
import { edgeOf, type Edge } from './edges';
import { bufferOf, oidRequestFacts, type EndedOidRequest, type OidRequests } from './oidRequests';

/** A structure that was passed, and the call that did. */
export interface Reported {
  readonly view: StructureView;
  readonly call: Call;
}

/** A protocol driver's opening of an adapter. */
export interface KnownBinding {
  /** NdisBindingHandle. */
  readonly handle: number;
  /** The protocol driver. */
  readonly component: number;
  /** ProtocolBindingContext. */
  readonly context: number;
  readonly adapter: KnownAdapter | undefined;
  /** NdisOpenAdapterEx. */
  readonly open: Call;
  /** The record with which it became usable: the open itself, or ProtocolOpenAdapterCompleteEx; undefined before. */
  opened: Call | undefined;
  /** NdisCloseAdapterEx. */
  closed: Call | undefined;
  /** The set that gave the parameters of connection offload, by either of its OIDs, while that is in force (A22). */
  enabled: Call | undefined;
  /** Where it last learned what the adapter offloads: bind parameters, an answered query, or a resume. */
  learned: Call | undefined;
  /** What it knows to be on: NDIS_TCP_CONNECTION_OFFLOAD as it last came to it. */
  configuration: Reported | undefined;
}

/** An adapter. */
export interface KnownAdapter {
  /** NdisMiniportHandle of its MiniportInitializeEx. */
  readonly handle: number;
  readonly name: string;
  /** The miniport driver. */
  readonly component: number;
  /** The last MiniportInitializeEx; its status tells how that went. */
  readonly initialize: Call;
  /** Whether it is between the success of MiniportInitializeEx and MiniportHaltEx. */
  initialized: boolean;
  /** MiniportAdapterContext. */
  context: number | undefined;
  /** NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES, and what its two connection-offload pointers led to. */
  offloadAttributes: Reported | undefined;
  /** NDIS_TCP_CONNECTION_OFFLOAD as reported last: what is on, and what the hardware can do. */
  configuration: Reported | undefined;
  capabilities: Reported | undefined;
  /** The last NdisMGetOffloadHandlers that succeeded. */
  entryPoints: Call | undefined;
  /** NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS that was last set with success, at its miniport edge. */
  parameters: { readonly view: StructureView; readonly end: EndedOidRequest } | undefined;
  /** NdisMIndicateStatusEx calls: of a pause or upload-all since the last resume, and of the last resume. */
  pause: Call | undefined;
  uploadAll: Call | undefined;
  resume: Call | undefined;
  /** The same as its binding heard them, in a ProtocolStatusEx that has returned. */
  heard: { pause: Call | undefined; uploadAll: Call | undefined; resume: Call | undefined };
  /** The set that took it below full power, from the moment it succeeded until it is back; undefined at full power. */
  asleep: EndedOidRequest | undefined;
  binding: KnownBinding | undefined;
}

const oids = {
  configuration: constantValue('OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG'),
  capabilities: constantValue('OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES'),
  older: constantValue('OID_TCP_TASK_OFFLOAD'),
  parameters: constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS'),
  power: constantValue('OID_PNP_SET_POWER'),
} as const;

/** NdisDeviceStateD0 of OID_PNP_SET_POWER. */
export const fullPower = 1;

/** See the file's head. */
export class Adapters implements Handlers {
  private readonly adapters = new Map<number, KnownAdapter>();
  private readonly bindings = new Map<number, KnownBinding>();

  constructor(
    private readonly facts: Facts,
    private readonly requests: OidRequests,
  ) {}

  readonly call = {
    MiniportInitializeEx: (call: Call): void => {
      const argument = call.argument('NdisMiniportHandle');
      if (argument?.kind !== 'pointer') return;
      this.adapters.set(argument.value, {
        handle: argument.value,
        name: argument.label,
        component: call.callee,
        initialize: call,
        initialized: false,
        context: undefined,
        offloadAttributes: undefined,
        configuration: undefined,
        capabilities: undefined,
        entryPoints: undefined,
        parameters: undefined,
        pause: undefined,
        uploadAll: undefined,
        resume: undefined,
        heard: { pause: undefined, uploadAll: undefined, resume: undefined },
        asleep: undefined,
        binding: undefined,
      });
    },
    NdisMIndicateStatusEx: (call: Call): void => {
      const adapter = this.of(call);
      if (adapter === undefined) return;
      const status = call.number('StatusCode');
      const view = call.structure('StatusBuffer');
      noteRequest(adapter, status, call);
      if (view?.name !== 'NDIS_TCP_CONNECTION_OFFLOAD') return;
      if (status === NDIS_STATUS.OFFLOAD_RESUME) adapter.configuration = { view, call };
      if (status === NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES)
        adapter.capabilities = { view, call };
    },
    ProtocolStatusEx: (call: Call): void => {
      // What the protocol driver does while it is told of a resume belongs behind the resume.
      const heard = this.bindingOf(call)?.adapter?.heard;
      if (heard === undefined || call.number('StatusCode') !== NDIS_STATUS.OFFLOAD_RESUME) return;
      heard.pause = undefined;
      heard.uploadAll = undefined;
    },
    NdisMOidRequestComplete: (call: Call): void => {
      this.ended(call);
    },
    ProtocolOidRequestComplete: (call: Call): void => {
      this.ended(call);
    },
    ProtocolOpenAdapterCompleteEx: (call: Call): void => {
      const binding = this.bindingOf(call);
      if (binding !== undefined && call.number('Status') === NDIS_STATUS.SUCCESS) this.use(binding, call);
    },
    NdisCloseAdapterEx: (call: Call): void => {
      const binding = this.bindingOf(call);
      if (binding === undefined) return;
      binding.closed = call;
      if (binding.adapter?.binding === binding) binding.adapter.binding = undefined;
    },
    MiniportHaltEx: (call: Call): void => {
      const adapter = this.of(call);
      if (adapter !== undefined) adapter.initialized = false;
    },
  };

  readonly returned = {
    MiniportInitializeEx: (call: Call): void => {
      const adapter = this.of(call);
      if (adapter?.initialize === call) adapter.initialized = call.status === NDIS_STATUS.SUCCESS;
    },
    NdisMSetMiniportAttributes: (call: Call): void => {
      const adapter = this.of(call);
      const view = call.structure('MiniportAttributes');
      if (adapter === undefined || view === undefined || call.status !== NDIS_STATUS.SUCCESS) return;
      if (view.name === 'NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES')
        adapter.context = view.number('MiniportAdapterContext');
      if (view.name !== 'NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES') return;
      adapter.offloadAttributes = { view, call };
      const configuration = call.structure('DefaultTcpConnectionOffloadConfiguration');
      const capabilities = call.structure('TcpConnectionOffloadHardwareCapabilities');
      if (configuration !== undefined) adapter.configuration = { view: configuration, call };
      if (capabilities !== undefined) adapter.capabilities = { view: capabilities, call };
    },
    NdisMGetOffloadHandlers: (call: Call): void => {
      const adapter = this.of(call);
      if (adapter !== undefined && call.status === NDIS_STATUS.SUCCESS) adapter.entryPoints = call;
    },
    NdisOpenAdapterEx: (call: Call): void => {
      const handle = call.numberOut('NdisBindingHandle');
      if (handle === undefined || handle === 0) return;
      const name = call.text('AdapterName');
      const binding: KnownBinding = {
        handle,
        component: call.caller,
        context: call.number('ProtocolBindingContext') ?? 0,
        adapter: [...this.adapters.values()].findLast((one) => one.name === name),
        open: call,
        opened: undefined,
        closed: undefined,
        enabled: undefined,
        learned: offeredTo(call)?.call,
        configuration: offeredTo(call),
      };
      this.bindings.set(handle, binding);
      if (call.status === NDIS_STATUS.SUCCESS) this.use(binding, call);
    },
    ProtocolStatusEx: (call: Call): void => {
      const binding = this.bindingOf(call);
      const status = call.number('StatusCode');
      if (binding?.adapter !== undefined) noteRequest(binding.adapter.heard, status, call);
      const view = call.structure('StatusBuffer');
      if (binding === undefined || status !== NDIS_STATUS.OFFLOAD_RESUME || view === undefined) return;
      binding.learned = call;
      if (view.name === 'NDIS_TCP_CONNECTION_OFFLOAD') binding.configuration = { view, call };
    },
    MiniportOidRequest: (call: Call): void => {
      this.ended(call);
    },
    NdisOidRequest: (call: Call): void => {
      this.ended(call);
    },
  };

  /** All adapters. */
  all(): IterableIterator<KnownAdapter> {
    return this.adapters.values();
  }

  /** All bindings, closed ones included. */
  allBindings(): IterableIterator<KnownBinding> {
    return this.bindings.values();
  }

  /** The adapter with an NdisMiniportHandle. */
  withHandle(handle: number | undefined): KnownAdapter | undefined {
    return handle === undefined ? undefined : this.adapters.get(handle);
  }

  /** The adapter of a miniport driver with a MiniportAdapterContext; undefined where several share it. */
  withContext(component: number, context: number | undefined): KnownAdapter | undefined {
    let found: KnownAdapter | undefined;
    for (const adapter of this.adapters.values()) {
      if (adapter.component !== component || adapter.context !== context) continue;
      if (found !== undefined) return undefined;
      found = adapter;
    }
    return found;
  }

  /** The adapters of a miniport driver. */
  ofDriver(component: number): KnownAdapter[] {
    return [...this.adapters.values()].filter((adapter) => adapter.component === component);
  }

  /** The binding that a call names by NdisBindingHandle or ProtocolBindingContext. */
  bindingOf(call: Call): KnownBinding | undefined {
    const handle = call.number('NdisBindingHandle');
    if (handle !== undefined) return this.bindings.get(handle);
    const context = call.number('ProtocolBindingContext');
    if (context === undefined) return undefined;
    let found: KnownBinding | undefined;
    for (const binding of this.bindings.values()) {
      if (binding.component !== call.callee || binding.context !== context || binding.closed !== undefined)
        continue;
      if (found !== undefined) return undefined;
      found = binding;
    }
    return found;
  }

  /**
   * The adapter that a call is about: its own where the call is at a miniport edge, the one below the binding at a protocol edge. Data requests
   * name no binding: there it is the one that the connection was offloaded to.
   */
  of(call: Call): KnownAdapter | undefined {
    const handle = call.number('NdisMiniportHandle') ?? call.number('MiniportAdapterHandle');
    const found = this.withHandle(handle);
    if (found !== undefined) return found;
    const context = call.number('MiniportAdapterContext');
    if (context !== undefined) return this.withContext(call.callee, context);
    const binding = this.bindingOf(call);
    if (binding !== undefined) return binding.adapter;
    return this.ofConnection(edgeOf(call.functionName), call);
  }

  private ofConnection(edge: Edge, call: Call): KnownAdapter | undefined {
    const driver = call.functionName.startsWith('Ndis') ? call.caller : call.callee;
    const held = this.facts.objects.connectionAt(edge, driver, call.connection);
    return held === undefined || held.initiate === call ? undefined : this.of(held.initiate);
  }

  private use(binding: KnownBinding, call: Call): void {
    binding.opened = call;
    if (binding.adapter !== undefined) binding.adapter.binding = binding;
  }

  private ended(call: Call): void {
    const end = this.requests.endedBy(call);
    if (end?.status !== NDIS_STATUS.SUCCESS) return;
    if (end.request.functionName === 'NdisOidRequest') this.endedAbove(end);
    else if (end.sets) this.endedBelow(end);
  }

  /** A protocol driver's request has succeeded. */
  private endedAbove(end: EndedOidRequest): void {
    const { request, oid } = end;
    const binding = this.bindingOf(request);
    if (binding === undefined) return;
    if (!end.sets && (oid === oids.configuration || oid === oids.capabilities || oid === oids.older))
      binding.learned = request;
    if (!end.sets && oid === oids.configuration) {
      const view = bufferOf(end, 'InformationBuffer');
      if (view !== undefined) binding.configuration = { view, call: request };
    }
    if (!end.sets) return;
    if (oid === oids.parameters) binding.enabled = request;
    // What a set of the older OID doesn't name is off.
    if (oid === oids.older) binding.enabled = bufferOf(end, 'TaskBuffer') === undefined ? undefined : request;
  }

  /** A miniport has taken a set. */
  private endedBelow(end: EndedOidRequest): void {
    const { request } = end;
    if (end.oid === oids.parameters) {
      const view = bufferOf(end, 'InformationBuffer');
      const adapter = this.of(request);
      if (view !== undefined && adapter !== undefined) adapter.parameters = { view, end };
    }
    if (end.oid === oids.power) {
      const adapter = this.of(request);
      const state = request.number('PowerState');
      if (adapter !== undefined && state !== undefined)
        adapter.asleep = state === fullPower ? undefined : end;
    }
  }
}

/** The ProtocolBindAdapterEx around an open, if its parameters tell what the adapter offloads (CAP-012). */
function offeredTo(open: Call): Reported | undefined {
  const call = open.enclosing(({ functionName }) => functionName === 'ProtocolBindAdapterEx');
  const view = call?.structure('TcpConnectionOffloadCapabilities');
  return call === undefined || view === undefined ? undefined : { view, call };
}

/** Notes a pause, an upload of everything or a resume. */
function noteRequest(
  noted: { pause: Call | undefined; uploadAll: Call | undefined; resume: Call | undefined },
  status: number | undefined,
  call: Call,
): void {
  if (status === NDIS_STATUS.OFFLOAD_PAUSE) noted.pause = call;
  if (status === NDIS_STATUS.UPLOAD_ALL) noted.uploadAll = call;
  if (status !== NDIS_STATUS.OFFLOAD_RESUME) return;
  noted.pause = undefined;
  noted.uploadAll = undefined;
  noted.resume = call;
}

/** The adapters of a trace. */
export const adapterFacts: FactDefinition<Adapters> = {
  start: (facts) => new Adapters(facts, facts.of(oidRequestFacts)),
};
