/**
 * What NDIS 6 answers of an adapter without asking the miniport: from its general and offload attributes, from its status
 * indications, and from what has been set with success (the "Not requested" and "NDIS handles this OID" notes of the OID pages).
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { decodeStructure } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_OID_REQUEST } from './characteristics';
import { readLinkUp, writeLinkState } from './linkState';
import { answerOidQuery } from './oidBuffers';
import { mergeEncapsulation, readOffloadEncapsulation, writeOffloadEncapsulation } from './taskOffload';
import { unsignedLongSize, readUnsignedLong, writeUnsignedLong } from './unsignedLong';

/** NDIS_MEDIA_STATE, of OID_GEN_MEDIA_CONNECT_STATUS. */
const mediaStates = { connected: 0, disconnected: 1 } as const;

/** Bytes of an Ethernet address. */
const macAddressLength = 6;

/** What NDIS keeps of NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES. */
interface KeptAttributes {
  readonly MtuSize: number;
  readonly LookaheadSize: number;
  readonly MaxMulticastListSize: number;
  readonly permanentAddress: Uint8Array;
  readonly currentAddress: Uint8Array;
  readonly PowerManagementCapabilities: Uint8Array | null;
}

/** OIDs that NDIS answers, and nobody sets. */
const queriedOnly: ReadonlySet<number> = new Set([
  constantValue('OID_GEN_LINK_STATE'),
  constantValue('OID_GEN_MEDIA_CONNECT_STATUS'),
  constantValue('OID_GEN_MAXIMUM_FRAME_SIZE'),
  constantValue('OID_802_3_PERMANENT_ADDRESS'),
  constantValue('OID_802_3_CURRENT_ADDRESS'),
  constantValue('OID_PNP_CAPABILITIES'),
  constantValue('OID_TCP_OFFLOAD_CURRENT_CONFIG'),
  constantValue('OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES'),
]);

/** OIDs that are set in the miniport, and whose query NDIS answers with what was set. */
const keptWhole: ReadonlySet<number> = new Set([
  constantValue('OID_GEN_CURRENT_PACKET_FILTER'),
  constantValue('OID_GEN_CURRENT_LOOKAHEAD'),
  constantValue('OID_802_3_MULTICAST_LIST'),
  constantValue('OID_GEN_RECEIVE_SCALE_PARAMETERS'),
  constantValue('OID_OFFLOAD_ENCAPSULATION'),
]);

/** OIDs that nobody may query. */
const setOnly: ReadonlySet<number> = new Set([
  constantValue('OID_TCP_OFFLOAD_PARAMETERS'),
  constantValue('OID_GEN_LINK_PARAMETERS'),
]);

const packetFilterOid = constantValue('OID_GEN_CURRENT_PACKET_FILTER');
const lookaheadOid = constantValue('OID_GEN_CURRENT_LOOKAHEAD');
const multicastOid = constantValue('OID_802_3_MULTICAST_LIST');
const encapsulationOid = constantValue('OID_OFFLOAD_ENCAPSULATION');

/** See the file's head. */
export class AdapterOids {
  private general: KeptAttributes | undefined;
  private readonly kept = new Map<number, Uint8Array>();
  private linkState: Uint8Array | undefined;
  /** Bytes of NDIS_OFFLOAD: the task offloads that are on, and those that the hardware has. */
  taskOffloadConfiguration: Uint8Array | undefined;
  taskOffloadCapabilities: Uint8Array | undefined;

  /** Takes NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES; an adapter begins with an empty packet filter and no multicast address. */
  useGeneralAttributes(bytes: Uint8Array, PowerManagementCapabilities: Uint8Array | null): NdisStatus {
    const decoded = decodeStructure('NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES', bytes);
    if (!decoded.ok) return NDIS_STATUS.INVALID_PARAMETER;
    const { values } = decoded.value;
    const length = values.MacAddressLength ?? 0;
    this.general = {
      MtuSize: values.MtuSize ?? 0,
      LookaheadSize: values.LookaheadSize ?? 0,
      MaxMulticastListSize: values.MaxMulticastListSize ?? 0,
      permanentAddress: (values.PermanentMacAddress ?? new Uint8Array(0)).slice(0, length),
      currentAddress: (values.CurrentMacAddress ?? new Uint8Array(0)).slice(0, length),
      PowerManagementCapabilities,
    };
    const isUp = values.MediaConnectState === constantValue('MediaConnectStateConnected');
    this.linkState = writeLinkState(isUp, Number(values.XmitLinkSpeed ?? 0n));
    this.kept.clear();
    this.kept.set(packetFilterOid, writeUnsignedLong(0));
    this.kept.set(lookaheadOid, writeUnsignedLong(this.general.LookaheadSize));
    this.kept.set(multicastOid, new Uint8Array(0));
    return NDIS_STATUS.SUCCESS;
  }

  /** NDIS_STATUS_LINK_STATE has been indicated. */
  useLinkState(bytes: Uint8Array): void {
    if (readLinkUp(bytes) !== undefined) this.linkState = bytes.slice();
  }

  /** NDIS_STATUS_OFFLOAD_ENCASPULATION_CHANGE has been indicated. */
  useEncapsulation(bytes: Uint8Array): void {
    this.kept.set(encapsulationOid, bytes.slice());
  }

  /** Whether a request is well-formed, as far as NDIS looks at it; undefined: it goes to the miniport. */
  answer(request: NDIS_OID_REQUEST): NdisStatus | undefined {
    const { Oid } = request;
    if (request.RequestType === 'NdisRequestSetInformation') {
      return queriedOnly.has(Oid) ? NDIS_STATUS.NOT_SUPPORTED : this.checkSet(request);
    }
    if (setOnly.has(Oid)) return NDIS_STATUS.NOT_SUPPORTED;
    if (!queriedOnly.has(Oid) && !keptWhole.has(Oid)) return undefined;
    const value = keptWhole.has(Oid) ? this.kept.get(Oid) : this.valueOf(Oid);
    return value === undefined ? NDIS_STATUS.NOT_SUPPORTED : answerOidQuery(request, value);
  }

  /** The buffer that a set takes to the miniport: NDIS removes what stands twice in a multicast list. */
  bufferBelow({ Oid, RequestType, InformationBuffer }: NDIS_OID_REQUEST): Uint8Array {
    if (Oid !== multicastOid || RequestType !== 'NdisRequestSetInformation') return InformationBuffer;
    const once = new Map(addressesOf(InformationBuffer).map((address) => [address.toString(), address]));
    if (once.size * macAddressLength === InformationBuffer.length) return InformationBuffer;
    return Uint8Array.from([...once.values()].flatMap((address) => [...address]));
  }

  /** What was last set with success, for OIDs that NDIS sets again after a reset. */
  lastSet(Oid: number): Uint8Array | undefined {
    return this.kept.get(Oid);
  }

  /** A set has ended with success. */
  keep({ Oid, InformationBuffer }: NDIS_OID_REQUEST): void {
    if (!keptWhole.has(Oid)) return;
    const before = this.kept.get(Oid);
    const merges = Oid === encapsulationOid && before !== undefined;
    this.kept.set(Oid, merges ? mergedEncapsulation(before, InformationBuffer) : InformationBuffer.slice());
  }

  private checkSet(request: NDIS_OID_REQUEST): NdisStatus | undefined {
    const { Oid, InformationBuffer } = request;
    if (Oid === packetFilterOid || Oid === lookaheadOid) {
      if (readUnsignedLong(InformationBuffer) !== undefined) return undefined;
      request.bytesNeeded = unsignedLongSize;
      return NDIS_STATUS.INVALID_LENGTH;
    }
    if (Oid !== multicastOid) return undefined;
    if (InformationBuffer.length % macAddressLength !== 0) {
      request.bytesNeeded = Math.ceil(InformationBuffer.length / macAddressLength) * macAddressLength;
      return NDIS_STATUS.INVALID_LENGTH;
    }
    const addresses = addressesOf(InformationBuffer);
    // A driver without general attributes, as a virtual miniport, names no limit: those below it have theirs.
    const room = this.general?.MaxMulticastListSize ?? Infinity;
    const different = new Set(addresses.map(String)).size;
    const isGroup = addresses.every((address) => (address[0]! & 1) === 1);
    return isGroup && different <= room ? undefined : NDIS_STATUS.MULTICAST_FULL;
  }

  private valueOf(Oid: number): Uint8Array | undefined {
    switch (Oid) {
      case constantValue('OID_GEN_LINK_STATE'):
        return this.linkState;
      case constantValue('OID_GEN_MEDIA_CONNECT_STATUS'):
        if (this.linkState === undefined) return undefined;
        return writeUnsignedLong(
          readLinkUp(this.linkState) === true ? mediaStates.connected : mediaStates.disconnected,
        );
      case constantValue('OID_GEN_MAXIMUM_FRAME_SIZE'):
        return this.general === undefined ? undefined : writeUnsignedLong(this.general.MtuSize);
      case constantValue('OID_802_3_PERMANENT_ADDRESS'):
        return this.general?.permanentAddress;
      case constantValue('OID_802_3_CURRENT_ADDRESS'):
        return this.general?.currentAddress;
      case constantValue('OID_PNP_CAPABILITIES'):
        return this.general?.PowerManagementCapabilities ?? undefined;
      case constantValue('OID_TCP_OFFLOAD_CURRENT_CONFIG'):
        return this.taskOffloadConfiguration;
      default:
        return this.taskOffloadCapabilities;
    }
  }
}

function mergedEncapsulation(before: Uint8Array, wanted: Uint8Array): Uint8Array {
  const [old, set] = [readOffloadEncapsulation(before), readOffloadEncapsulation(wanted)];
  return old === undefined || set === undefined
    ? wanted.slice()
    : writeOffloadEncapsulation(mergeEncapsulation(old, set));
}

function addressesOf(list: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.floor(list.length / macAddressLength) }, (_, index) =>
    list.slice(index * macAddressLength, (index + 1) * macAddressLength),
  );
}
