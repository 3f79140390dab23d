/** What NDIS looks at before it takes a driver in: header and entry points of its characteristics. */
import { structureLayout } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type {
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
} from './characteristics';

/** Entry points that the emulated NDIS can't do without. */
const required = {
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS: [
    'SetOptionsHandler',
    'InitializeHandlerEx',
    'RestartHandler',
    'OidRequestHandler',
    'SendNetBufferListsHandler',
    'ReturnNetBufferListsHandler',
  ],
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS: [
    'SetOptionsHandler',
    'BindAdapterHandlerEx',
    'ReceiveNetBufferListsHandler',
    'SendNetBufferListsCompleteHandler',
  ],
} as const;

/** BAD_CHARACTERISTICS for a wrong type, an unknown revision, a size below that revision's, or a missing entry point. */
export function checkDriverCharacteristics(
  structure: keyof typeof required,
  characteristics: NDIS_MINIPORT_DRIVER_CHARACTERISTICS | NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
): NdisStatus {
  const { Type, Revision, Size } = characteristics.Header;
  const { header } = structureLayout(structure);
  const revision = header?.revisions.find((candidate) => candidate.value === Revision);
  const headerIsRight = header?.typeValue === Type && revision !== undefined && Size >= revision.size;
  const members = characteristics as unknown as Readonly<Record<string, unknown>>;
  const isWhole = required[structure].every((name) => typeof members[name] === 'function');
  return headerIsRight && isWhole ? NDIS_STATUS.SUCCESS : NDIS_STATUS.BAD_CHARACTERISTICS;
}
