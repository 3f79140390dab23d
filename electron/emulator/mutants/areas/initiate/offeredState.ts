/** Host stacks that offer what they may not, or with values that no connection has. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { defaultTargetLimits } from '../../../target/targetLimits';
import type { Mutant, Situation } from '../../mutant';
import {
  afterOffer,
  asStranger,
  blockWithState,
  blocksOf,
  offering,
  rewrite,
  rewriteState,
  twinOf,
  type ProtocolBlock,
} from '../../treeTools';
import { timerNotRunning } from '../../../ndis/offloadState';

const base = { in: 'host-stack' } as const;

function tcpBlocks(root: ProtocolBlock): ProtocolBlock[] {
  return blocksOf(root, 'tcp');
}

/** An adapter whose interface is in VLAN 7: neighbors of other VLANs are refused. */
const refusesVlans: Situation = { plan: { target: { limits: { ...defaultTargetLimits, vlanIds: [7] } } } };

/** See the file's head. */
export const offeredStateMutants: readonly Mutant[] = [
  {
    ...base,
    breaks: 'INI-001',
    how: 'The host stack offers a connection in TIME-WAIT.',
    driver: offering((root) => {
      for (const block of tcpBlocks(root))
        rewriteState(block, 'tcp', 'delegated', () => ({ State: constantValue('TcpConnectionTimeWait') }));
    }),
  },
  {
    ...base,
    breaks: 'INI-002',
    how: 'The host stack offers a connection with its constant variables only.',
    driver: offering((root) => {
      const block = blockWithState(root, 'tcp');
      if (block?.state?.layer !== 'tcp') return;
      const { layer, const: constant } = block.state;
      rewrite(block, { type: constantValue('TcpOffloadConstState'), state: { layer, const: constant! } });
    }),
  },
  {
    ...base,
    breaks: 'INI-003',
    how: 'The host stack offers a neighbor twice before it has heard of the first offer.',
    driver: afterOffer(({ binding, root }, tools) => {
      const neighbor = blockWithState(root, 'neighbor')!;
      tools.functions!.NdisInitiateOffload(binding, asStranger(tools, twinOf(tools, neighbor)));
    }),
  },
  {
    ...base,
    breaks: 'INI-004',
    how: 'The host stack offers a neighbor anew that the target has.',
    entails: {
      'CTX-011': 'The handle of the neighbor has the context of the first offer in its cell.',
      'TRE-019': 'A block whose cell is filled is a linker, and nothing depends on this one.',
    },
    driver: afterOffer(({ binding, root }, tools) => {
      const neighbor = twinOf(tools, blockWithState(root, 'neighbor')!);
      tools.later(100_000, () => {
        tools.functions!.NdisInitiateOffload(binding, asStranger(tools, neighbor));
      });
    }),
  },
  {
    ...base,
    breaks: 'INI-008',
    how: 'The host stack offers a neighbor in VLAN 5,000.',
    situation: refusesVlans,
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'neighbor'), 'neighbor', 'const', () => ({ VlanId: 5000 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-009',
    how: 'The host stack calls a path with addresses of 4 bytes one of IPv6.',
    driver: offering((root) => {
      for (const block of blocksOf(root, 'path')) rewrite(block, { type: constantValue('Ip6OffloadState') });
    }),
  },
  {
    ...base,
    breaks: 'INI-010',
    how: 'The host stack says that the delegated state of a path has 64 bytes.',
    entails: {
      'TRE-014':
        'A Length in a header of a structure is the size of that structure, of this one as of any other.',
    },
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'path'), 'path', 'delegated', () => ({ Length: 64 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-011',
    how: 'The host stack sets a bit of the constant Flags that nobody has defined.',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'const', ({ Flags }) => ({ Flags: Flags | 0x80 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-012',
    how: 'The host stack sets a bit of the cached Flags that nobody has defined.',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'cached', ({ Flags }) => ({ Flags: Flags | 0x100 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-013',
    how: 'The host stack offers a window shift of 15.',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'const', () => ({ SndWindScale: 15 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-014',
    how: 'The host stack gives a connection over IPv4 a flow label.',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'cached', () => ({ FlowLabel: 0x1_2345 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-015',
    how: 'The host stack asks for priority 9 of 7.',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'cached', () => ({ UserPriority: 9 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-016',
    how: 'The host stack sets the delegated Flags, which are for the system.',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'delegated', () => ({ Flags: 2 }));
    }),
  },
  {
    ...base,
    breaks: 'INI-017',
    how: 'The host stack offers a connection with SndNxt beyond SndMax.',
    entails: {
      'SND-014': 'The target goes on at SndNxt, and so leaves out the bytes before it.',
    },
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'delegated', ({ SndMax }) => ({
        SndNxt: (SndMax + 500) >>> 0,
      }));
    }),
  },
  {
    ...base,
    breaks: 'INI-022',
    how: 'The host stack says that no retransmission timer runs although data is outstanding.',
    driver: offering((root) => {
      rewriteState(blockWithState(root, 'tcp'), 'tcp', 'delegated', () => ({
        RetransmitTimeoutDelta: timerNotRunning,
      }));
    }),
  },
];
