/** NDIS: OID requests. Capability queries are NDIS's own to answer (section 10 of the state-manipulation digest). */
import { constantValue, type StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { numberArgument, pointerArgument, structureArgument, textArgument } from './arguments';
import type { NDIS_HANDLE, NDIS_OID_REQUEST } from './characteristics';
import type { NdisCore } from './core';
import { adapterContext, bindingFrom } from './drivers';

/** OIDs of chimney offload with the structure that each carries. */
export const chimneyOids = {
  OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES: constantValue(
    'OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES',
  ),
  OID_TCP_CONNECTION_OFFLOAD_PARAMETERS: constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS'),
} as const;

const structureOfOid = new Map<number, StructureName>([
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES, 'NDIS_TCP_CONNECTION_OFFLOAD'],
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS'],
]);

/** See the file's head. */
export class OidPlane {
  constructor(private readonly core: NdisCore) {}

  /** NdisOidRequest: answered by NDIS itself, or passed to MiniportOidRequest. */
  NdisOidRequest(NdisBindingHandle: NDIS_HANDLE, request: NDIS_OID_REQUEST): NdisStatus {
    const { door, component } = this.core;
    const binding = bindingFrom(NdisBindingHandle);
    const { adapter } = binding;
    const describe = (name: string) => {
      const structure = structureOfOid.get(request.Oid);
      return structure === undefined
        ? []
        : [structureArgument(name, structure, request.address, request.InformationBuffer.slice())];
    };
    const details = () => [
      textArgument('RequestType', request.RequestType),
      numberArgument('Oid', request.Oid, 'OID'),
      ...(request.RequestType === 'NdisRequestSetInformation' ? describe('InformationBuffer') : []),
    ];
    const outputs = () =>
      request.RequestType === 'NdisRequestQueryInformation' ? describe('InformationBuffer') : [];
    return door.cross(
      {
        functionName: 'NdisOidRequest',
        caller: binding.protocol.component,
        callee: component,
        arguments: [pointerArgument('NdisBindingHandle', binding, binding.label), ...details()],
      },
      () => {
        if (
          request.RequestType === 'NdisRequestQueryInformation' &&
          request.Oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES
        ) {
          const capabilities = adapter.hardwareCapabilities;
          if (capabilities === undefined) return NDIS_STATUS.NOT_SUPPORTED;
          if (request.InformationBuffer.length < capabilities.length) return NDIS_STATUS.BUFFER_TOO_SHORT;
          request.InformationBuffer.set(capabilities);
          request.bytesProcessed = capabilities.length;
          return NDIS_STATUS.SUCCESS;
        }
        const context = adapterContext(adapter);
        return door.cross(
          {
            functionName: 'MiniportOidRequest',
            caller: component,
            callee: adapter.driver.component,
            arguments: [
              pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
              ...details(),
            ],
          },
          () => adapter.driver.characteristics.OidRequestHandler(context, request),
          (status) => ({ status, outputs: outputs() }),
        );
      },
      (status) => ({ status, outputs: outputs() }),
    );
  }
}
