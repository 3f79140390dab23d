/** The diagrams of the specification, and which scenarios of the library show them. */
import { library } from '../../shared/scenario/library';

/** A diagram, or a sequence that a page tells step by step. */
export interface Diagram {
  readonly kind: 'sequence' | 'flowchart' | 'figure';
  /** What is drawn or told. */
  readonly what: string;
  /** Names of pages of the WDK, without their suffix. */
  readonly pages: readonly string[];
}

/** In the order of the specification. */
export const diagrams: readonly Diagram[] = [
  {
    kind: 'sequence',
    what: 'Registration, both edges',
    pages: ['registering-chimney-offload-functions'],
  },
  {
    kind: 'sequence',
    what: 'Registration of an intermediate driver',
    pages: [
      'initializing-a-tcp-chimney-capable-intermediate-driver',
      'registering-an-intermediate-driver-s-miniportxxx-chimney-functions',
      'registering-an-intermediate-driver-s-protocolxxx-chimney-functions',
    ],
  },
  {
    kind: 'sequence',
    what: 'Capabilities, then the enabling set, then the first initiate',
    pages: ['querying-and-setting-an-offload-target-s-tcp-chimney-offload-capabilit'],
  },
  {
    kind: 'sequence',
    what: 'Capabilities above an intermediate driver',
    pages: ['querying-and-setting-an-intermediate-driver-s-tcp-chimney-offload-capa'],
  },
  { kind: 'figure', what: 'The offload state tree', pages: ['offload-state-tree'] },
  { kind: 'sequence', what: 'Initiate', pages: ['initiate-offload-call-sequence'] },
  { kind: 'flowchart', what: 'The walk through a tree', pages: ['traversing-a-state-tree'] },
  {
    kind: 'figure',
    what: 'Placeholders, linkers and new offloads',
    pages: ['placeholders--linkers--and-new-offloads'],
  },
  {
    kind: 'figure',
    what: 'A tree that is taken in part',
    pages: ['partial-offloads-and-offload-failures'],
  },
  {
    kind: 'sequence',
    what: 'Segments that arrive during an initiate',
    pages: ['processing-events-that-occur-during-an-offload', 'forwarding-data-to-an-offload-target'],
  },
  { kind: 'sequence', what: 'Terminate', pages: ['terminate-offload-sequence'] },
  {
    kind: 'sequence',
    what: 'Terminate that the target asks for',
    pages: [
      'terminate-offload-requested-by-an-offload-target',
      'terminating-the-offload-of-a-connection-because-of-resource-constraint',
    ],
  },
  {
    kind: 'sequence',
    what: 'Terminate with data in both directions',
    pages: [
      'handling-buffered-receive-data-during-a-terminate-offload-operation',
      'handling-outstanding-send-data-during-a-terminate-offload-operation',
    ],
  },
  { kind: 'sequence', what: 'Query', pages: ['query-offload-sequence'] },
  { kind: 'sequence', what: 'Update', pages: ['update-offload-sequence'] },
  {
    kind: 'sequence',
    what: 'A path is linked to a new neighbor',
    pages: ['linking-path-state-objects-to-a-new-neighbor-state-object'],
  },
  { kind: 'sequence', what: 'Invalidate', pages: ['invalidate-offload-sequence'] },
  {
    kind: 'sequence',
    what: 'The hardware fails',
    pages: ['returning-the-completion-status-of-a-terminate-offload-operation'],
  },
  {
    kind: 'sequence',
    what: 'Neighbor reachability',
    pages: ['making-a-neighborreachabilityquery-indication'],
  },
  {
    kind: 'figure',
    what: 'A state request through an intermediate driver',
    pages: [
      'propagating-a-state-manipulation-operation',
      'reusing-an-ndis-miniport-offload-block-list-structure',
    ],
  },
  {
    kind: 'figure',
    what: 'Its completion',
    pages: [
      'propagating-the-completion-of-a-state-manipulation-operation',
      'reusing-an-ndis-protocol-offload-block-list-structure',
    ],
  },
  {
    kind: 'figure',
    what: 'A data request through an intermediate driver',
    pages: ['propagating-an-i-o-operation'],
  },
  { kind: 'figure', what: 'Its completion', pages: ['propagating-the-completion-of-an-i-o-operation'] },
  {
    kind: 'figure',
    what: 'An indication through an intermediate driver',
    pages: ['propagating-an-indication'],
  },
  {
    kind: 'figure',
    what: 'Handles and contexts through an intermediate driver',
    pages: ['referencing-offloaded-state-through-an-intermediate-driver'],
  },
  {
    kind: 'sequence',
    what: 'Pause and resume',
    pages: ['ndis-status-offload-pause', 'ndis-status-offload-resume'],
  },
  { kind: 'sequence', what: 'Upload all', pages: ['ndis-status-upload-all'] },
  { kind: 'sequence', what: 'A low power state', pages: ['power-management-for-offload-targets'] },
  { kind: 'sequence', what: 'Send', pages: ['sending-data-from-an-offload-target'] },
  {
    kind: 'flowchart',
    what: 'Receive delivery: segments, posted receives, push timer',
    pages: ['delivery-algorithm'],
  },
  {
    kind: 'sequence',
    what: 'Posting and completing receives',
    pages: ['posting-and-completing-receive-requests'],
  },
  {
    kind: 'sequence',
    what: 'Disconnect, graceful and abortive',
    pages: ['responding-to-a-disconnect-request'],
  },
  { kind: 'sequence', what: 'FIN and RST', pages: ['responding-to-the-reception-of-a-fin-or-rst-segment'] },
  { kind: 'figure', what: 'The persist timer', pages: ['persist-timer'] },
  { kind: 'sequence', what: 'The push timer', pages: ['push-timer'] },
  { kind: 'sequence', what: 'The retransmit timer', pages: ['retransmit-timer'] },
  {
    kind: 'figure',
    what: 'Timestamps over several hand-overs',
    pages: ['examples-of-timestamp-processing', 'calculating-the-timestamp-delta'],
  },
  {
    kind: 'flowchart',
    what: 'Whether a VLAN makes an offload fail',
    pages: ['determining-whether-to-fail-an-offload-request-because-of-802-1q-infor'],
  },
];

/** Names of the scenarios that show all pages of a diagram or one of them, those with most first. */
export function scenariosOf({ pages }: Diagram): readonly string[] {
  const shown = ({ shows }: (typeof library)[number]): number =>
    pages.filter((page) => shows.includes(page)).length;
  return library
    .filter((definition) => shown(definition) > 0)
    .sort((one, other) => shown(other) - shown(one))
    .map(({ scenario }) => scenario);
}
