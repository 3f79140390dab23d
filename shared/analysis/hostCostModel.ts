/**
 * What networking costs the host's processors, by the host path and through the chimney: a linear model whose default numbers are
 * calibrated from published figures (docs/host-cost-model.md names each). Pure arithmetic: what was done in, cycles out.
 */

/** Numbers of the model; cycles unless said. The order of the members is the order in which they are shown. */
export interface HostCostSettings {
  /** Clock rate of each processor, Hz, and how many processors serve the network. */
  readonly clockHz: number;
  readonly processors: number;
  /** Copy between application and stack: work of the processor per byte, and wait for memory per byte in ns, whatever the clock. */
  readonly copyPerByte: number;
  readonly copyMemoryPerByte: number;
  /** Internet checksum over a byte that is in the cache. */
  readonly checksumPerByte: number;
  /** Whether the adapter makes and checks checksums on the host path, and cuts large sends there (stateless offloads). */
  readonly checksumOffload: boolean;
  readonly largeSendOffload: boolean;
  /** TCP, IP and driver for a segment with data, and for a pure acknowledgment, either direction. */
  readonly perSegment: number;
  readonly perAcknowledgment: number;
  /** One interrupt with its deferred call; interrupts are coalesced over this time, ns. */
  readonly perInterrupt: number;
  readonly interruptCoalescing: number;
  /** One call of an application into the system, and how many bytes it reads or writes by one on the host path. */
  readonly perSystemCall: number;
  readonly ioBytes: number;
  /** One call through NDIS on the chimney's data path, completions and indications included. */
  readonly perOffloadCall: number;
  /** A posted send or receive: request packet, doorbell, bookkeeping; and each page that it locks and maps. */
  readonly perOffloadRequest: number;
  readonly perPage: number;
  /** A byte that the adapter moves by itself: cache lines that the processor loses to it. */
  readonly offloadPerByte: number;
  /** Handing a connection to the adapter, and taking it back. */
  readonly perInitiate: number;
  readonly perTerminate: number;
}

/** A server of 2004; docs/host-cost-model.md says where each number comes from. */
export const defaultHostCost: HostCostSettings = {
  clockHz: 2_400_000_000,
  processors: 1,
  copyPerByte: 0.5,
  copyMemoryPerByte: 0.74,
  checksumPerByte: 1,
  checksumOffload: false,
  largeSendOffload: false,
  perSegment: 5200,
  perAcknowledgment: 2000,
  perInterrupt: 5000,
  interruptCoalescing: 50_000,
  perSystemCall: 5000,
  ioBytes: 65_536,
  perOffloadCall: 600,
  perOffloadRequest: 3000,
  perPage: 1200,
  offloadPerByte: 0.58,
  perInitiate: 230_000,
  perTerminate: 230_000,
};

/** The two ways of a byte. */
export type CostPath = 'hostPath' | 'chimney';

/** Things that cost something. */
export const workKinds = [
  'hostBytesSent',
  'hostBytesReceived',
  'hostSegments',
  'hostAcknowledgments',
  'hostInterrupts',
  'chimneyBytes',
  'chimneyCopiedBytes',
  'chimneySystemCalls',
  'chimneyCalls',
  'chimneyRequests',
  'chimneyPages',
  'chimneyInterrupts',
  'initiates',
  'terminates',
] as const;

/** See {@link workKinds}. */
export type WorkKind = (typeof workKinds)[number];

/** How much of everything was done. */
export type HostWork = Readonly<Record<WorkKind, number>>;

/** Nothing was done. */
export const noWork: HostWork = Object.fromEntries(workKinds.map((kind) => [kind, 0])) as HostWork;

/** Which path each kind is done for. */
export const pathOfWork: Readonly<Record<WorkKind, CostPath>> = {
  hostBytesSent: 'hostPath',
  hostBytesReceived: 'hostPath',
  hostSegments: 'hostPath',
  hostAcknowledgments: 'hostPath',
  hostInterrupts: 'hostPath',
  chimneyBytes: 'chimney',
  chimneyCopiedBytes: 'chimney',
  chimneySystemCalls: 'chimney',
  chimneyCalls: 'chimney',
  chimneyRequests: 'chimney',
  chimneyPages: 'chimney',
  chimneyInterrupts: 'chimney',
  initiates: 'chimney',
  terminates: 'chimney',
};

/** Cycles for one of each kind. */
export function cyclesPerWork(settings: HostCostSettings): Readonly<Record<WorkKind, number>> {
  const copy = settings.copyPerByte + (settings.copyMemoryPerByte * settings.clockHz) / 1e9;
  const hostByte =
    copy +
    (settings.checksumOffload ? 0 : settings.checksumPerByte) +
    settings.perSystemCall / settings.ioBytes;
  return {
    hostBytesSent: hostByte,
    hostBytesReceived: hostByte,
    hostSegments: settings.perSegment,
    hostAcknowledgments: settings.perAcknowledgment,
    hostInterrupts: settings.perInterrupt,
    chimneyBytes: settings.offloadPerByte,
    chimneyCopiedBytes: copy,
    chimneySystemCalls: settings.perSystemCall,
    chimneyCalls: settings.perOffloadCall,
    chimneyRequests: settings.perOffloadRequest,
    chimneyPages: settings.perPage,
    chimneyInterrupts: settings.perInterrupt,
    initiates: settings.perInitiate,
    terminates: settings.perTerminate,
  };
}

/** Cycles that work costs, by path. */
export function cyclesOf(work: HostWork, settings: HostCostSettings): Record<CostPath, number> {
  const per = cyclesPerWork(settings);
  const cycles = { hostPath: 0, chimney: 0 };
  for (const kind of workKinds) cycles[pathOfWork[kind]] += work[kind] * per[kind];
  return cycles;
}

/** How an application uses a connection. */
export interface Workload {
  readonly direction: 'send' | 'receive';
  /** Bytes of each call and of each posted request. */
  readonly ioBytes: number;
  /** Payload of a full segment, bytes. */
  readonly segmentBytes: number;
  /** Frames that share an interrupt. */
  readonly framesPerInterrupt: number;
  /** Data segments that share a pure acknowledgment; Infinity where answers carry the acknowledgments. */
  readonly segmentsPerAcknowledgment: number;
}

/** Bulk data over Ethernet with 1500-byte packets, in calls of 64 KiB. */
export const bulkWorkload: Workload = {
  direction: 'send',
  ioBytes: 65_536,
  segmentBytes: 1460,
  framesPerInterrupt: 4,
  segmentsPerAcknowledgment: 2,
};

/** A page of memory, bytes. */
export const pageBytes = 4096;

/** NDIS calls of one posted request: down into NDIS and the driver, and the completion up again. */
const callsPerRequest = 4;

/** Cycles that one call of a workload costs on each path. */
export function cyclesPerIo(workload: Workload, settings: HostCostSettings): Record<CostPath, number> {
  const { ioBytes, segmentBytes, segmentsPerAcknowledgment, framesPerInterrupt, direction } = workload;
  const segments = Math.ceil(ioBytes / segmentBytes);
  const acknowledgments = segments / segmentsPerAcknowledgment;
  // What arrives interrupts: data, or the acknowledgments of data that was sent.
  const interrupts = (direction === 'receive' ? segments : acknowledgments) / framesPerInterrupt;
  const isLarge = direction === 'send' && settings.largeSendOffload;
  const settingsOfIo = { ...settings, ioBytes };
  return cyclesOf(
    {
      ...noWork,
      [direction === 'send' ? 'hostBytesSent' : 'hostBytesReceived']: ioBytes,
      hostSegments: isLarge ? 1 : segments,
      hostAcknowledgments: acknowledgments,
      hostInterrupts: interrupts,
      chimneyBytes: ioBytes,
      chimneySystemCalls: 1,
      chimneyCalls: callsPerRequest,
      chimneyRequests: 1,
      chimneyPages: Math.ceil(ioBytes / pageBytes),
      chimneyInterrupts: 1,
    },
    settingsOfIo,
  );
}

/** Cycles per byte of a workload on each path. */
export function cyclesPerByte(workload: Workload, settings: HostCostSettings): Record<CostPath, number> {
  const cycles = cyclesPerIo(workload, settings);
  return { hostPath: cycles.hostPath / workload.ioBytes, chimney: cycles.chimney / workload.ioBytes };
}

/** Bits per second that the processors can carry on each path, or the link if that is slower. */
export function throughputBound(
  workload: Workload,
  settings: HostCostSettings,
  linkBitsPerSecond = Infinity,
): Record<CostPath, number> {
  const perByte = cyclesPerByte(workload, settings);
  const bound = (cycles: number): number =>
    Math.min(linkBitsPerSecond, (settings.clockHz * settings.processors * 8) / cycles);
  return { hostPath: bound(perByte.hostPath), chimney: bound(perByte.chimney) };
}

/** Part of the processors' time that a rate takes on each path; 1 is all of it, more can't be done. */
export function utilisationAt(
  bitsPerSecond: number,
  workload: Workload,
  settings: HostCostSettings,
): Record<CostPath, number> {
  const perByte = cyclesPerByte(workload, settings);
  const part = (cycles: number): number =>
    (bitsPerSecond * cycles) / 8 / (settings.clockHz * settings.processors);
  return { hostPath: part(perByte.hostPath), chimney: part(perByte.chimney) };
}

/** From when on an offload has been worth its hand-over. */
export interface BreakEven {
  /** Bytes that must go through the chimney; Infinity where it never pays. */
  readonly bytes: number;
  /** How long that takes at a rate, ns. */
  readonly duration: number;
}

/** After how many bytes of a workload, and how long at a rate, an offload has saved what initiate and terminate cost. */
export function breakEven(workload: Workload, settings: HostCostSettings, bitsPerSecond: number): BreakEven {
  const { hostPath, chimney } = cyclesPerByte(workload, settings);
  const saved = hostPath - chimney;
  const bytes = saved > 0 ? (settings.perInitiate + settings.perTerminate) / saved : Infinity;
  return { bytes, duration: (bytes * 8e9) / bitsPerSecond };
}
