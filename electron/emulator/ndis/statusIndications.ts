/**
 * NDIS: status indications, from a miniport to the protocol driver above it (WDK "Miniport Adapter Status Indications"). NDIS relays
 * each and takes from those about connection offload what it answers queries with.
 */
import { pointerOf } from '../../../shared/base/address';
import type { StructureName } from '../../../shared/ddi/catalogue';
import { encodeStructure, objectHeader } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { CallArgument } from '../../../shared/trace/records';
import { pointerArgument, statusArgument, structureArgument } from './arguments';
import type { NDIS_HANDLE, NDIS_STATUS_INDICATION } from './characteristics';
import { readConnectionOffload } from './connectionOffload';
import type { NdisCore } from './core';
import { adapterFrom, type MiniportAdapter } from './drivers';
import { readOffloadEncapsulation, readTaskOffload } from './taskOffload';

/** What StatusBuffer holds, by StatusCode. */
const structureOfCode = new Map<NdisStatus, StructureName>([
  [NDIS_STATUS.OFFLOAD_RESUME, 'NDIS_TCP_CONNECTION_OFFLOAD'],
  [NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES, 'NDIS_TCP_CONNECTION_OFFLOAD'],
  [NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG, 'NDIS_OFFLOAD'],
  [NDIS_STATUS.TASK_OFFLOAD_HARDWARE_CAPABILITIES, 'NDIS_OFFLOAD'],
  [NDIS_STATUS.OFFLOAD_ENCASPULATION_CHANGE, 'NDIS_OFFLOAD_ENCAPSULATION'],
  [NDIS_STATUS.LINK_STATE, 'NDIS_LINK_STATE'],
]);

/** See the file's head. */
export class StatusPlane {
  constructor(private readonly core: NdisCore) {}

  /**
   * NdisMIndicateStatusEx: tells NDIS and the protocol driver above, through ProtocolStatusEx, what has happened to an adapter
   * (PWR-001, PWR-014). Without a protocol driver above that listens, NDIS alone hears of it.
   */
  NdisMIndicateStatusEx(MiniportAdapterHandle: NDIS_HANDLE, StatusIndication: NDIS_STATUS_INDICATION): void {
    const { door, component } = this.core;
    const adapter = adapterFrom(MiniportAdapterHandle);
    const details = this.describe(StatusIndication);
    door.void(
      {
        functionName: 'NdisMIndicateStatusEx',
        caller: adapter.driver.component,
        callee: component,
        arguments: [pointerArgument('MiniportAdapterHandle', adapter, adapter.label), ...details],
      },
      () => {
        learn(adapter, StatusIndication);
        this.relay(adapter, StatusIndication, details);
      },
    );
  }

  /** NDIS itself tells the protocol driver above of an adapter, through ProtocolStatusEx. */
  indicateFromNdis(adapter: MiniportAdapter, StatusCode: NdisStatus): void {
    const indication: NDIS_STATUS_INDICATION = {
      address: this.core.machine.addresses.allocate(112),
      SourceHandle: adapter,
      StatusCode,
      StatusBuffer: null,
    };
    this.relay(adapter, indication, this.describe(indication));
  }

  private relay(
    adapter: MiniportAdapter,
    indication: NDIS_STATUS_INDICATION,
    details: readonly CallArgument[],
  ): void {
    const { door, component } = this.core;
    const { binding } = adapter;
    const handler = binding?.protocol.characteristics.StatusHandlerEx;
    if (binding === undefined || !binding.opened || handler === undefined) return;
    door.void(
      {
        functionName: 'ProtocolStatusEx',
        caller: component,
        callee: binding.protocol.component,
        arguments: [
          pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
          ...details,
        ],
      },
      () => {
        handler(binding.context, indication);
      },
    );
  }

  private describe(indication: NDIS_STATUS_INDICATION): CallArgument[] {
    const { addresses } = this.core.machine;
    const { SourceHandle, StatusCode, StatusBuffer } = indication;
    const bytes = encodeStructure('NDIS_STATUS_INDICATION', {
      Header: objectHeader('NDIS_STATUS_INDICATION'),
      SourceHandle: pointerOf(SourceHandle.address),
      StatusCode,
      StatusBuffer: StatusBuffer === null ? 0n : pointerOf(addresses.addressOf(StatusBuffer)),
      StatusBufferSize: StatusBuffer?.length ?? 0,
    });
    const details: CallArgument[] = [
      structureArgument('StatusIndication', 'NDIS_STATUS_INDICATION', indication.address, bytes),
      statusArgument('StatusCode', StatusCode),
    ];
    const structure = structureOfCode.get(StatusCode);
    if (structure !== undefined && StatusBuffer !== null) {
      const address = addresses.addressOf(StatusBuffer);
      details.push(structureArgument('StatusBuffer', structure, address, StatusBuffer.slice()));
    }
    return details;
  }
}

/** Keeps what an indication reports, where NDIS answers queries from it (CAP-012, CAP-015). */
function learn(adapter: MiniportAdapter, { StatusCode, StatusBuffer }: NDIS_STATUS_INDICATION): void {
  if (StatusBuffer === null) return;
  const { oids } = adapter;
  switch (StatusCode) {
    case NDIS_STATUS.OFFLOAD_RESUME:
      if (readConnectionOffload(StatusBuffer) !== undefined)
        adapter.currentConfiguration = StatusBuffer.slice();
      break;
    case NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES:
      if (readConnectionOffload(StatusBuffer) !== undefined)
        adapter.hardwareCapabilities = StatusBuffer.slice();
      break;
    case NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG:
      if (readTaskOffload(StatusBuffer) !== undefined) oids.taskOffloadConfiguration = StatusBuffer.slice();
      break;
    case NDIS_STATUS.TASK_OFFLOAD_HARDWARE_CAPABILITIES:
      if (readTaskOffload(StatusBuffer) !== undefined) oids.taskOffloadCapabilities = StatusBuffer.slice();
      break;
    case NDIS_STATUS.OFFLOAD_ENCASPULATION_CHANGE:
      if (readOffloadEncapsulation(StatusBuffer) !== undefined) oids.useEncapsulation(StatusBuffer);
      break;
    case NDIS_STATUS.LINK_STATE:
      oids.useLinkState(StatusBuffer);
      break;
    default:
  }
}
