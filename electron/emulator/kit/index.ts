/**
 * The driver kit: the one module of the emulator that a driver imports. It has what ndis.h and ndischimney.h have, under their names,
 * and what a driver needs of the kernel; everything that a driver may call it gets as DRIVER_OBJECT.
 */

// The driver, its entry point, and what it may call.
export { DRIVER_OBJECT, type DriverEntry, type RegistryParameters } from './driverObject';
export type { Kernel, TimerObject } from './kernel';
export type { NdisFunctions } from './ndisFunctions';
export { OpenIndications } from './openIndications';
export { ProtocolTimer } from './protocolTimer';
export { DISPATCH_LEVEL, PASSIVE_LEVEL } from '../machine/processor';
export type { AddressSpace } from '../machine/addressSpace';
export type { Outstanding } from '../observe/outstanding';
export type { ObservedObject, StateObserver } from '../observe/stateObserver';
export type { Random } from '../../../shared/base/random';
export type { Irql } from '../../../shared/trace/records';

// Statuses, constants and the bytes of structures.
export { NDIS_STATUS, statusName, type NdisStatus } from '../../../shared/ddi/status';
export {
  constantValue,
  nameInGroup,
  structureLayout,
  type ConstantGroup,
  type StructureName,
} from '../../../shared/ddi/catalogue';
export {
  decodeStructure,
  encodeStructure,
  objectHeader,
  stateHeader,
  type ObjectHeaderValues,
  type StructureValues,
} from '../../../shared/ddi/structureCodec';
export { pointerOf } from '../../../shared/base/address';

// Handles, characteristics and what their handlers are given.
export {
  devicePnPEvents,
  devicePowerStates,
  netEvents,
  optionalHandlersHeader,
  type DevicePowerState,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type NDIS_HANDLE,
  type NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  type NDIS_MINIPORT_INIT_PARAMETERS,
  type NDIS_OID_REQUEST,
  type NDIS_OPEN_PARAMETERS,
  type NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type NDIS_STATUS_INDICATION,
  type NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
  type NET_PNP_EVENT_NOTIFICATION,
  type OptionalHandlers,
  type ReceiveIndicationAnswer,
} from '../ndis/characteristics';
export { haltActions } from '../ndis/adapterLife';
export type { NDIS_BIND_PARAMETERS } from '../ndis/bindParameters';
export type { NDIS_FILTER_DRIVER_CHARACTERISTICS } from '../ndis/filters';
export type { MiniportAttributes } from '../ndis/miniportAttributes';

// Packets and data.
export {
  MDL,
  NET_BUFFER,
  NET_BUFFER_LIST,
  NdisAdvanceNetBufferDataStart,
  allocateNetBufferList,
  chainToArray,
  checksumInfo,
  linkChain,
  mdlCount,
  netBufferBytes,
  netBufferListInfo,
  type FrameDescription,
} from '../ndis/netBufferList';

// Offloaded state and the block lists that carry it.
export {
  ContextCell,
  NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  NDIS_OFFLOAD_HANDLE,
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  cachedStateTypes,
  compositeStateTypes,
  delegatedStateTypes,
  ipv6PathStateTypes,
  isTaken,
  summarizeStatuses,
  walkBlocks,
  type PVOID,
  type ReservedWord,
} from '../ndis/offloadBlockList';
export {
  timerNotRunning,
  type AttachedState,
  type NEIGHBOR_OFFLOAD_STATE_CACHED,
  type NEIGHBOR_OFFLOAD_STATE_CONST,
  type NEIGHBOR_OFFLOAD_STATE_DELEGATED,
  type PATH_OFFLOAD_STATE_CACHED,
  type PATH_OFFLOAD_STATE_CONST,
  type PATH_OFFLOAD_STATE_DELEGATED,
  type TCP_OFFLOAD_STATE_CACHED,
  type TCP_OFFLOAD_STATE_CONST,
  type TCP_OFFLOAD_STATE_DELEGATED,
} from '../ndis/offloadState';

// OIDs, attributes and status indications: how requests are made and answered, and the structures in their buffers.
export { allocateOidRequest, chimneyOids } from '../ndis/oidRequests';
export { answerOidQuery, takeOidSet } from '../ndis/oidBuffers';
export {
  connectionOffloadSize,
  readConnectionOffload,
  writeConnectionOffload,
  type ConnectionOffload,
} from '../ndis/connectionOffload';
export {
  readTcpEncapsulation,
  readTcpParameters,
  tcpParametersSize,
  writeTcpParameters,
  type TcpParameters,
} from '../ndis/tcpParameters';
export {
  checksumSettings,
  mergeEncapsulation,
  noTaskOffload,
  offloadEncapsulationSize,
  offloadParametersSize,
  readOffloadEncapsulation,
  readOffloadParameters,
  readTaskOffload,
  sameEncapsulation,
  taskOffloadSize,
  writeOffloadEncapsulation,
  writeOffloadParameters,
  writeTaskOffload,
  type Encapsulation,
  type OffloadEncapsulation,
  type OffloadParameters,
  type TaskOffload,
} from '../ndis/taskOffload';
export {
  isEthernetTaskOffload,
  readOlderTaskOffload,
  taskOffloadHeaderSize,
  writeOlderTaskOffload,
  writeTaskOffloadHeader,
  type OlderTaskOffload,
} from '../ndis/olderTaskOffload';
export {
  processorOf,
  readReceiveScaleParameters,
  receiveScaleParametersSize,
  writeReceiveScaleCapabilities,
  writeReceiveScaleParameters,
  type ReceiveScaleParameters,
} from '../ndis/receiveScale';
export { writeGeneralAttributes, type EthernetAttributes } from '../ndis/generalAttributes';
export {
  interfaceCounters,
  interfaceStatisticsSize,
  readInterfaceStatistics,
  writeInterfaceStatistics,
  type InterfaceCounter,
  type InterfaceStatistics,
} from '../ndis/interfaceStatistics';
export {
  interruptModeration,
  interruptModerationSize,
  readInterruptModeration,
  writeInterruptModeration,
  type InterruptModeration,
} from '../ndis/interruptModeration';
export {
  linkParametersSize,
  readLinkParameters,
  writeLinkParameters,
  type LinkParameters,
} from '../ndis/linkParameters';
export { linkStateSize, readLinkUp, writeLinkState } from '../ndis/linkState';
export { everyPacketType, packetTypes } from '../ndis/packetFilter';
export {
  pnpCapabilitiesSize,
  readPnpCapabilities,
  writePnpCapabilities,
  type WakeUpCapabilities,
} from '../ndis/pnpCapabilities';
export { readUnsignedLong, unsignedLongSize, writeUnsignedLong } from '../ndis/unsignedLong';

// Hardware for target drivers: the adapter's port, and parts of firmware for those who want to build their own.
export type {
  FirmwareConnection,
  FirmwareEvent,
  FirmwareParameters,
  FirmwareRemains,
  FirmwareRequest,
  FirmwareRoute,
  HardwarePort,
  InterruptHandlers,
} from './hardwarePort';
export { EthernetMiniport } from './ethernetMiniport';
export { PassThrough } from './passThrough';
export { SerialQueue } from './serialQueue';
export { Waiters } from './waiters';
export { answerBlocks, copyState, dependentsFirst, fillState, firmwareRoute, initiateTree } from './trees';
export { applyCached, exportDelegated, importEngine, isOffloadableState } from '../tcp/offloadState';
export { TcpEngine, type SegmentOutput, type TcpUser } from '../tcp/tcpEngine';
export type { SendOwner } from '../tcp/sendQueue';
export { defaultTcpSettings, type TcpSettings } from '../tcp/tcpSettings';
export { TcpConnectionState } from '../tcp/tcpVariables';
export type { Ipv4Address, MacAddress } from '../wire/address';
export {
  fillSegmentFrame,
  readSegmentFrame,
  type ReceivedSegment,
  type SegmentAddressing,
} from '../wire/segmentFrame';
export { TcpSegment, readTcpSegment, tcpFlags } from '../wire/tcpSegment';

// Structures that nearly every driver builds, in one call each.
export {
  ethernetMtu,
  generalAttributes,
  offloadAttributes,
  registrationAttributes,
  statusIndication,
} from './attributes';
