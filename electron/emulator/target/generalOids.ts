/** OIDs of every Ethernet adapter: filter, link, statistics, interrupt moderation, receive side scaling. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  answerOidQuery,
  everyPacketType,
  interruptModeration,
  interruptModerationSize,
  linkParametersSize,
  readInterruptModeration,
  readLinkParameters,
  readReceiveScaleParameters,
  readUnsignedLong,
  receiveScaleParametersSize,
  takeOidSet,
  unsignedLongSize,
  writeInterruptModeration,
  type NDIS_OID_REQUEST,
} from '../kit';
import type { OidTable } from './oidHandlers';
import type { TargetAdapter } from './targetAdapter';

const fullDuplex = constantValue('MediaDuplexStateFull');

/** The table. */
export const generalOids: OidTable = [
  [constantValue('OID_GEN_CURRENT_PACKET_FILTER'), { set: setPacketFilter }],
  [constantValue('OID_GEN_CURRENT_LOOKAHEAD'), { set: setLookahead }],
  [constantValue('OID_802_3_MULTICAST_LIST'), { set: setMulticastList }],
  [constantValue('OID_GEN_LINK_PARAMETERS'), { set: setLinkParameters }],
  [
    constantValue('OID_GEN_STATISTICS'),
    { query: (adapter, request) => answerOidQuery(request, adapter.frames.bytes()) },
  ],
  [
    constantValue('OID_GEN_INTERRUPT_MODERATION'),
    { query: queryInterruptModeration, set: setInterruptModeration },
  ],
  [constantValue('OID_GEN_RECEIVE_SCALE_PARAMETERS'), { set: setReceiveScale }],
];

/** NOT_SUPPORTED for bits that the hardware has no filter for. */
function setPacketFilter(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(request, unsignedLongSize, readUnsignedLong, (filter) => {
    if ((filter & ~everyPacketType) !== 0) return NDIS_STATUS.NOT_SUPPORTED;
    adapter.filter.packetFilter = filter;
    return NDIS_STATUS.SUCCESS;
  });
}

/** Indications show whole frames, so that every lookahead up to a frame is given anyhow. */
function setLookahead(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(request, unsignedLongSize, readUnsignedLong, (lookahead) =>
    lookahead <= adapter.settings.limits.pathMtu ? NDIS_STATUS.SUCCESS : NDIS_STATUS.INVALID_DATA,
  );
}

/** NDIS has checked length, group bits and number. */
function setMulticastList(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(
    request,
    0,
    (bytes) => bytes,
    (list) => {
      adapter.filter.multicastList = list.slice();
      return NDIS_STATUS.SUCCESS;
    },
  );
}

/** The hardware knows one speed, full duplex. */
function setLinkParameters(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  const speed = BigInt(adapter.linkSpeed);
  return takeOidSet(request, linkParametersSize, readLinkParameters, (parameters) =>
    parameters.MediaDuplexState === fullDuplex &&
    parameters.XmitLinkSpeed === speed &&
    parameters.RcvLinkSpeed === speed
      ? NDIS_STATUS.SUCCESS
      : NDIS_STATUS.INVALID_DATA,
  );
}

/** The emulated hardware interrupts for every frame. */
function queryInterruptModeration(_adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return answerOidQuery(request, writeInterruptModeration(interruptModeration.NotSupported));
}

/** A driver that has reported NotSupported answers a set with INVALID_DATA (WDK page of the OID). */
function setInterruptModeration(_adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(
    request,
    interruptModerationSize,
    readInterruptModeration,
    () => NDIS_STATUS.INVALID_DATA,
  );
}

function setReceiveScale(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(request, receiveScaleParametersSize, readReceiveScaleParameters, (parameters) => {
    adapter.receiveScale = parameters;
    return NDIS_STATUS.SUCCESS;
  });
}
