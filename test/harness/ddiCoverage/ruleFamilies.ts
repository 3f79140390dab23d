/** Which things of the DDI the rules of the specification are about, by the first part of a rule's id. */
import type { CoverageItem } from '../../../shared/analysis/ddiItems';

const families: Readonly<Record<string, RegExp>> = {
  CAP: /^OID_(TCP|OFFLOAD)|NDIS_TCP_CONNECTION_OFFLOAD/,
  CTX: /NDIS_OFFLOAD_HANDLE/,
  DSC: /TcpOffload\w*Disconnect|OffloadTcpDisconnect|TcpIndicate(Disconnect|Abort)|REQUEST_RESET/,
  EVT: /OffloadEvent|^TcpIndicate|UploadRequested|LowActivity|SmallIO|High|NoBuffer|Timeout|HardwareFailure|ReceivedUrgent/,
  FWD: /Forward/,
  IND: /ReceiveHandler|ReceiveIndicate|ReceiveReturn|TcpIndicateRetrieve/,
  INI: /InitiateOffload|_ENTRIES|_XMIT_BUFFER|_RCV_BUFFER|_RCV_WINDOW|OFFLOAD_POLICY|PARTIAL_SUCCESS|_REJECTED/,
  INV: /InvalidateOffload|InvalidState|STATE_INVALID/,
  PWR: /OFFLOAD_PAUSE|UPLOAD_ALL|OFFLOAD_RESUME|OID_PNP/,
  QRY: /QueryOffload/,
  RCH: /IndicateOffloadEvent|OffloadEventIndicate|NeighborReachability|NEIGHBOR_OFFLOAD_STATE/,
  RCV: /TcpReceive$|TcpOffloadReceive(Complete)?$|ReceiveComplete$|UPLOAD_IN_PROGRESS|DATA_\w*ACCEPTED/,
  REG: /CHARACTERISTICS|EVENT_HANDLERS|CLIENT_HANDLERS|GetOffloadHandlers/,
  SND: /TcpSend$|TcpOffloadSend(Complete)?$|SendBacklog/,
  STT: /_STATS$/,
  TRE: /BLOCK_LIST|OFFLOAD_STATE_/,
  TRM: /TerminateOffload/,
  UPD: /UpdateOffload|_STATE_CACHED/,
  VLN: /VLAN/,
};

/**
 * What a title's rules (such as TRM-007) have to do with an item: its first rule is of a family that is about it, another of them
 * is, or none.
 */
export function rulesAbout(
  title: string,
  { name, aliases = [] }: CoverageItem,
): 'first' | 'another' | 'none' {
  const mentions = [...title.matchAll(/\b([A-Z]{3})-\d{3}\b/g)].map(([, family]) => families[family!]);
  const place = mentions.findIndex(
    (about) => about !== undefined && [name, ...aliases].some((spelling) => about.test(spelling)),
  );
  return place === 0 ? 'first' : place > 0 ? 'another' : 'none';
}
