/**
 * MiniportOidRequest of the virtual miniport: what sets something goes to every member, counters are the members' sums, and everything
 * else is asked of one member (IMD-003 to IMD-005). Requests to members are the driver's own.
 */
import { constantValue, type StructureName } from '../../../shared/ddi/catalogue';
import { decodeStructure, encodeStructure, type StructureValues } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { allocateOidRequest, chimneyOids, devicePowerStates, type NDIS_OID_REQUEST } from '../kit';
import type { Team } from './team';
import type { TeamMember } from './teamMember';

const taskOffload = constantValue('OID_TCP_TASK_OFFLOAD');

/** OIDs whose answers are added up. */
const sums = new Map<number, StructureName>([
  [chimneyOids.OID_IP4_OFFLOAD_STATS, 'IP_OFFLOAD_STATS'],
  [chimneyOids.OID_IP6_OFFLOAD_STATS, 'IP_OFFLOAD_STATS'],
  [chimneyOids.OID_TCP4_OFFLOAD_STATS, 'TCP_OFFLOAD_STATS'],
  [chimneyOids.OID_TCP6_OFFLOAD_STATS, 'TCP_OFFLOAD_STATS'],
]);

/** A member's answer. */
interface Answer {
  readonly status: NdisStatus;
  readonly request: NDIS_OID_REQUEST;
}

/** See the file's head. */
export class TeamOids {
  /** What was last set by each OID, in the order in which they were set last: a member that comes later gets the same. */
  private readonly lastSets = new Map<number, Uint8Array>();
  private readonly waiting = new Map<NDIS_OID_REQUEST, (status: NdisStatus) => void>();

  constructor(
    private readonly team: Team,
    /** Calls back once nothing is offloaded any more; answers true where that is so already. */
    private readonly afterUpload: (then: () => void) => boolean,
  ) {}

  /** MiniportOidRequest. */
  serve(request: NDIS_OID_REQUEST): NdisStatus {
    const sets = request.RequestType === 'NdisRequestSetInformation';
    const { settings, carriers, members } = this.team;
    if (request.Oid === chimneyOids.OID_PNP_SET_POWER)
      return sets ? this.setPower(request) : NDIS_STATUS.NOT_SUPPORTED;
    // Who permits no offload keeps quiet about what the members could do (IMD-004).
    if (request.Oid === taskOffload && !sets && !settings.chimney) return NDIS_STATUS.NOT_SUPPORTED;
    const asked = this.partiesTo(request, sets ? members : sums.has(request.Oid) ? members : carriers);
    if (asked.length === 0) return NDIS_STATUS.FAILURE;
    if (sets && !sums.has(request.Oid)) {
      this.lastSets.delete(request.Oid);
      this.lastSets.set(request.Oid, request.InformationBuffer.slice());
    }
    return this.ask(request, sets || sums.has(request.Oid) ? asked : asked.slice(0, 1));
  }

  /** ProtocolOidRequestComplete. */
  completed(request: NDIS_OID_REQUEST, status: NdisStatus): void {
    const then = this.waiting.get(request);
    this.waiting.delete(request);
    then?.(status);
  }

  /**
   * A member has come later: it is told everything that is in force, packet filter and parameters included (CAP-002). One that refuses
   * the parameters takes no offloads.
   */
  introduce(member: TeamMember, then: () => void): void {
    const left = [...this.lastSets];
    const next = (): void => {
      const set = left.shift();
      if (set === undefined) {
        then();
        return;
      }
      const [oid, bytes] = set;
      const isParameters = oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS;
      if (isParameters && member.capabilities === undefined) {
        next();
        return;
      }
      const request = allocateOidRequest(
        this.team.driver.kernel.addresses,
        'NdisRequestSetInformation',
        oid,
        bytes.slice(),
      );
      this.request(member, request, ({ status }) => {
        if (isParameters && status !== NDIS_STATUS.SUCCESS) member.capabilities = undefined;
        next();
      });
    };
    next();
  }

  /** What is about chimney offload concerns members that have it, where there are any. */
  private partiesTo({ Oid }: NDIS_OID_REQUEST, members: readonly TeamMember[]): readonly TeamMember[] {
    const isAboutChimney = Oid === chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS || sums.has(Oid);
    const capable = members.filter((member) => member.capabilities !== undefined);
    return isAboutChimney && capable.length > 0 ? capable : members.length > 0 ? members : this.team.members;
  }

  /** The virtual miniport has no power of its own: it sleeps when nothing is offloaded through it (PWR-017). */
  private setPower(request: NDIS_OID_REQUEST): NdisStatus {
    const { team } = this;
    const [state] = request.InformationBuffer;
    if (state === undefined || request.InformationBuffer.length < 4) {
      request.bytesNeeded = 4;
      return NDIS_STATUS.BUFFER_TOO_SHORT;
    }
    request.bytesProcessed = 4;
    if (state === devicePowerStates.D0) {
      team.asleep = false;
      return NDIS_STATUS.SUCCESS;
    }
    const ready = this.afterUpload(() => {
      team.asleep = true;
      team.driver.ndis.NdisMOidRequestComplete(team.handle, request, NDIS_STATUS.SUCCESS);
    });
    if (ready) team.asleep = true;
    return ready ? NDIS_STATUS.SUCCESS : NDIS_STATUS.PENDING;
  }

  private ask(request: NDIS_OID_REQUEST, members: readonly TeamMember[]): NdisStatus {
    const { team } = this;
    const answers: Answer[] = [];
    let returned = false;
    let result: NdisStatus = NDIS_STATUS.PENDING;
    const answered = (answer: Answer): void => {
      answers.push(answer);
      if (answers.length < members.length) return;
      result = settle(request, answers);
      if (returned) team.driver.ndis.NdisMOidRequestComplete(team.handle, request, result);
    };
    for (const member of members) this.request(member, request, answered);
    returned = true;
    return result;
  }

  /** Asks one member with a copy of the request. */
  private request(member: TeamMember, original: NDIS_OID_REQUEST, answered: (answer: Answer) => void): void {
    const { kernel, ndis } = this.team.driver;
    const { RequestType, Oid, InformationBuffer } = original;
    const request = allocateOidRequest(kernel.addresses, RequestType, Oid, InformationBuffer.slice());
    const ended = (status: NdisStatus): void => {
      answered({ status, request });
    };
    this.waiting.set(request, ended);
    const status = ndis.NdisOidRequest(member.handle, request);
    if (status !== NDIS_STATUS.PENDING) this.completed(request, status);
  }
}

/** Puts the members' answers together in the original request: the first failure counts. */
function settle(request: NDIS_OID_REQUEST, answers: readonly Answer[]): NdisStatus {
  const failure = answers.find(({ status }) => status !== NDIS_STATUS.SUCCESS);
  const [first] = failure === undefined ? answers : [failure];
  if (first === undefined) return NDIS_STATUS.FAILURE;
  request.bytesNeeded = first.request.bytesNeeded;
  request.bytesProcessed = first.request.bytesProcessed;
  if (failure !== undefined || request.RequestType === 'NdisRequestSetInformation') return first.status;
  const structure = sums.get(request.Oid);
  const bytes =
    structure === undefined
      ? first.request.InformationBuffer
      : sumOf(
          structure,
          answers.map((answer) => answer.request.InformationBuffer),
        );
  request.InformationBuffer.set(bytes.subarray(0, request.InformationBuffer.length));
  return NDIS_STATUS.SUCCESS;
}

/** Adds up the numbers of equal structures, each at its own width. */
function sumOf(name: StructureName, structures: readonly Uint8Array[]): Uint8Array {
  const sum: Record<string, number | bigint> = {};
  for (const bytes of structures) {
    const decoded = decodeStructure(name, bytes);
    if (!decoded.ok) continue;
    for (const [member, value] of Object.entries(decoded.value.values as Record<string, unknown>)) {
      const before = sum[member];
      if (typeof value === 'bigint') sum[member] = BigInt.asUintN(64, BigInt(before ?? 0) + value);
      else if (typeof value === 'number') sum[member] = (Number(before ?? 0) + value) >>> 0;
    }
  }
  return encodeStructure(name, sum as StructureValues<typeof name>);
}
