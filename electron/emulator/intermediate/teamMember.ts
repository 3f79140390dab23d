/** One adapter of a team, as the protocol edge sees it. It is the ProtocolBindingContext of its binding. */
import type { ConnectionOffload, NDIS_HANDLE, PVOID } from '../kit';

/** Why a member carries nothing. */
export type Impediment = 'joining' | 'no-link' | 'low-power' | 'paused' | 'leaving';

/** See the file's head. */
export class TeamMember implements PVOID {
  /** NdisBindingHandle, once it has been opened. */
  binding: NDIS_HANDLE | undefined;
  readonly impediments = new Set<Impediment>(['joining']);
  /** Whether it has asked for no more offloads, or for everything back. */
  offloads: 'welcome' | 'paused' | 'upload-all' = 'welcome';
  /** What it can take now; undefined where it has no chimney. */
  capabilities: ConnectionOffload | undefined;
  /** What its hardware can take at most. */
  hardwareCapabilities: ConnectionOffload | undefined;

  constructor(
    readonly address: number,
    /** AdapterName. */
    readonly name: string,
  ) {}

  /** Whether packets can go through it. */
  get isUsable(): boolean {
    return this.impediments.size === 0;
  }

  /** NdisBindingHandle.
   * @throws Error before NdisOpenAdapterEx and after NdisCloseAdapterEx. */
  get handle(): NDIS_HANDLE {
    if (this.binding === undefined) throw new Error(`${this.name} is not open`);
    return this.binding;
  }
}

/** The member that a ProtocolBindingContext stands for.
 * @throws Error for a context that is none of this driver's. */
export function teamMemberFrom(context: PVOID): TeamMember {
  if (context instanceof TeamMember) return context;
  throw new Error('the ProtocolBindingContext is none of the intermediate driver');
}
