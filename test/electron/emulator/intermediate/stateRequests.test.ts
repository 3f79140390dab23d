import { describe, expect, it } from 'vitest';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import {
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
} from '../../../../electron/emulator/ndis/offloadBlockList';
import { BareTeam, cellOf, type OperationName } from '../../../harness/bareTeam';

const { SUCCESS, FAILURE, RESOURCES, OFFLOAD_PARTIAL_SUCCESS } = NDIS_STATUS;

const later: readonly OperationName[] = ['Terminate', 'Update', 'Query', 'Invalidate'];

/** Names of the requests that a miniport has got. */
function requestsOf(team: BareTeam, miniport: number): OperationName[] {
  return team.miniports[miniport]!.received.flatMap((one) => ('root' in one ? [one.what] : []));
}

function blocksBelow(team: BareTeam, miniport: number): NDIS_MINIPORT_OFFLOAD_BLOCK_LIST[] {
  const blocks: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST[] = [];
  walkBlocks(team.lastRequest(miniport).root, (block) => blocks.push(block));
  return blocks;
}

function completions(team: BareTeam): OperationName[] {
  return team.heard.flatMap((one) => ('root' in one ? [one.what] : []));
}

describe('a request of the driver above', () => {
  it('IMD-006 IMD-014: an initiate goes down as an initiate, and its completion up as one', () => {
    const team = new BareTeam();
    team.request('Initiate', team.tree().neighbor);
    expect(requestsOf(team, 0)).toEqual(['Initiate']);
    team.complete(0);
    expect(completions(team)).toEqual(['Initiate']);
  });

  it.each(later)('IMD-006 IMD-014: %s goes down and up as what it is', (operation) => {
    const team = new BareTeam();
    const { tcp } = team.offload();
    team.request(operation, team.naming(tcp, 'tcp'));
    expect(requestsOf(team, 0)).toEqual(['Initiate', operation]);
    team.complete(0);
    expect(completions(team)).toEqual(['Initiate', operation]);
  });

  it('IMD-015: is not completed before the driver below has completed it', () => {
    const team = new BareTeam();
    team.request('Initiate', team.tree().neighbor);
    expect(completions(team)).toEqual([]);
    expect(team.driver.outstanding).toBe(1);
  });

  it('IMD-016: comes back with the very root that was given', () => {
    const team = new BareTeam();
    const { neighbor } = team.tree();
    team.request('Initiate', neighbor);
    team.complete(0);
    expect(team.heard.map((one) => ('root' in one ? one.root : undefined))).toEqual([neighbor]);
  });

  it('TRE-052: brings ProtocolReserved of every block back unchanged', () => {
    const team = new BareTeam();
    const { neighbor, path, tcp } = team.tree();
    const blocks = [neighbor, path, tcp];
    const words = blocks.map((block, index) => {
      const word = { address: 0x900 + index };
      block.ProtocolReserved = [word, null];
      return word;
    });
    team.request('Initiate', neighbor);
    expect(blocksBelow(team, 0).map((block) => block.ProtocolReserved[0])).toEqual(words);
    team.complete(0);
    expect(blocks.map((block) => block.ProtocolReserved[0])).toEqual(words);
  });

  it('IMD-007 IMD-012: gets the ImReserved of the driver above back', () => {
    const team = new BareTeam();
    const { neighbor, path, tcp } = team.tree();
    const words = [neighbor, path, tcp].map((block, index) => {
      const word = { address: 0x900 + index };
      block.ImReserved = [word, null];
      return word;
    });
    team.request('Initiate', neighbor);
    for (const [index, block] of blocksBelow(team, 0).entries())
      expect(block.ImReserved[0]).not.toBe(words[index]);
    team.complete(0);
    expect([neighbor, path, tcp].map((block) => block.ImReserved[0])).toEqual(words);
  });

  it('IMD-008: goes down with a call entry of its own in ImReserved of every block', () => {
    const team = new BareTeam();
    team.request('Initiate', team.tree().neighbor);
    const entries = blocksBelow(team, 0).map((block) => block.ImReserved[0]?.address);
    expect(new Set(entries).size).toBe(3);
    expect(entries).not.toContain(undefined);
  });

  it('IMD-009: names objects by handles of the intermediate driver', () => {
    const team = new BareTeam();
    const { neighbor, path, tcp } = team.tree();
    team.request('Initiate', neighbor);
    const below = blocksBelow(team, 0).map((block) => block.NdisOffloadHandle);
    expect(new Set(below).size).toBe(3);
    for (const { OffloadHandle } of [neighbor, path, tcp]) expect(below).not.toContain(OffloadHandle);
  });

  it('IMD-009 IMD-019: names an object that is offloaded by the same handle again', () => {
    const team = new BareTeam();
    const { neighbor, tcp } = team.tree();
    team.request('Initiate', neighbor);
    const handles = blocksBelow(team, 0).map((block) => block.NdisOffloadHandle);
    team.complete(0);
    team.request('Query', team.naming(tcp, 'tcp'));
    expect(blocksBelow(team, 0).map((block) => block.NdisOffloadHandle)).toEqual([handles[2]]);
  });

  it('IMD-010: keeps layer, type, state, PortNumber and the shape of the tree', () => {
    const team = new BareTeam();
    const { neighbor, path, tcp } = team.tree();
    for (const block of [neighbor, path, tcp]) block.PortNumber = 3;
    team.request('Initiate', neighbor);
    const facts = (block: typeof neighbor | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST) => [
      block.layer,
      block.type,
      block.state,
      block.PortNumber,
    ];
    expect(blocksBelow(team, 0).map(facts)).toEqual([neighbor, path, tcp].map(facts));
  });

  it('IMD-010: a placeholder stays a placeholder', () => {
    const team = new BareTeam();
    const { tcp } = team.offload();
    team.request('Terminate', team.naming(undefined, 'path', [team.naming(tcp, 'tcp')]));
    expect(blocksBelow(team, 0).map((block) => block.NdisOffloadHandle === null)).toEqual([true, false]);
  });

  it('VLN-008: an initiate passes with its state unchanged', () => {
    const team = new BareTeam();
    const { neighbor, path, tcp } = team.tree();
    const before = [neighbor, path, tcp].map((block) => structuredClone(block.state));
    team.request('Initiate', neighbor);
    expect(blocksBelow(team, 0).map((block) => block.state)).toEqual(before);
  });
});

describe('the answer to an initiate', () => {
  it('IMD-013: the cell above holds the entry of the intermediate driver, not the context below', () => {
    const team = new BareTeam();
    const { neighbor, path, tcp } = team.tree();
    team.request('Initiate', neighbor);
    const cells = blocksBelow(team, 0).map((block) => block.MiniportOffloadContext!);
    team.complete(0);
    [neighbor, path, tcp].forEach((block, index) => {
      expect(cellOf(block).value).not.toBeNull();
      expect(cellOf(block).value).not.toBe(cells[index]!.value);
    });
  });

  it('IMD-013 IMD-017: what is refused below is refused above with the same status, and its cell stays empty', () => {
    const team = new BareTeam();
    const { neighbor, path, tcp } = team.tree();
    team.request('Initiate', neighbor);
    team.complete(0, (block) => (block.layer === 'tcp' ? RESOURCES : OFFLOAD_PARTIAL_SUCCESS));
    expect([neighbor, path, tcp].map((block) => block.Status)).toEqual([
      OFFLOAD_PARTIAL_SUCCESS,
      OFFLOAD_PARTIAL_SUCCESS,
      RESOURCES,
    ]);
    expect(cellOf(tcp).value).toBeNull();
    expect(cellOf(path).value).not.toBeNull();
  });

  it('IMD-020: a refused object leaves nothing behind', () => {
    const team = new BareTeam();
    team.request('Initiate', team.tree().neighbor);
    team.complete(0, () => FAILURE);
    expect(team.driver.outstanding).toBe(0);
  });
});

describe('the life of an entry', () => {
  it('IMD-020: it is there until the termination has been completed', () => {
    const team = new BareTeam();
    const { tcp } = team.offload();
    expect(team.driver.outstanding).toBe(3);
    team.request('Terminate', team.naming(tcp, 'tcp'));
    expect(team.driver.outstanding).toBe(4);
    team.complete(0);
    expect(team.driver.outstanding).toBe(2);
  });

  it('IMD-020 TRM-038: it stays where the termination has failed', () => {
    const team = new BareTeam();
    const { tcp } = team.offload();
    team.request('Terminate', team.naming(tcp, 'tcp'));
    team.complete(0, () => FAILURE);
    expect(team.driver.outstanding).toBe(3);
    team.request('Terminate', team.naming(tcp, 'tcp'));
    expect(requestsOf(team, 0)).toEqual(['Initiate', 'Terminate', 'Terminate']);
  });

  it('IMD-018: a call entry is not seen again in a later request', () => {
    const team = new BareTeam();
    const { tcp } = team.offload();
    const seen = new Set<number>();
    for (let round = 0; round < 5; round++) {
      team.request('Query', team.naming(tcp, 'tcp'));
      seen.add(blocksBelow(team, 0)[0]!.ImReserved[0]!.address);
      team.complete(0);
    }
    expect(seen.size).toBe(5);
    expect(team.driver.outstanding).toBe(3);
  });
});

describe('a team that balances its load', () => {
  const settings = { mode: 'load-balancing' } as const;

  it('IMD-006: a list of neighbors goes to each member in one part, and comes back as it was', () => {
    const team = new BareTeam({ settings });
    const trees = [team.tree(0), team.tree(1), team.tree(2)];
    team.request('Initiate', ...trees.map(({ neighbor }) => neighbor));
    expect(requestsOf(team, 0)).toEqual(['Initiate']);
    expect(requestsOf(team, 1)).toEqual(['Initiate']);
    expect([blocksBelow(team, 0).length, blocksBelow(team, 1).length]).toEqual([6, 3]);
    team.complete(1);
    expect(completions(team)).toEqual([]);
    team.complete(0);
    expect(completions(team)).toEqual(['Initiate']);
    expect(trees[0]!.neighbor.NextBlock).toBe(trees[1]!.neighbor);
    expect(trees[1]!.neighbor.NextBlock).toBe(trees[2]!.neighbor);
    expect(trees[2]!.neighbor.NextBlock).toBeNull();
  });

  it('IMD-006: what depends on an object goes where the object is', () => {
    const team = new BareTeam({ settings });
    const { neighbor, path } = team.tree(1);
    team.request('Initiate', neighbor);
    team.complete(1);
    const more = team.block('tcp');
    const linker = team.naming(neighbor, 'neighbor', [team.naming(path, 'path', [more])]);
    team.request('Initiate', linker);
    expect(requestsOf(team, 0)).toEqual([]);
    expect(requestsOf(team, 1)).toEqual(['Initiate', 'Initiate']);
  });

  it('TRE-018 IMD-010: a placeholder over objects of both members comes back whole, with SUCCESS', () => {
    const team = new BareTeam({ settings });
    const trees = [team.tree(0), team.tree(1)];
    team.request('Initiate', ...trees.map(({ neighbor }) => neighbor));
    team.complete(0);
    team.complete(1);
    const named = trees.map(({ tcp }) => team.naming(tcp, 'tcp'));
    const root = team.naming(undefined, 'path', named);
    team.request('Terminate', root);
    expect([requestsOf(team, 0), requestsOf(team, 1)]).toEqual([
      ['Initiate', 'Terminate'],
      ['Initiate', 'Terminate'],
    ]);
    team.complete(0);
    team.complete(1, () => FAILURE);
    expect(completions(team)).toEqual(['Initiate', 'Terminate']);
    expect(root.DependentBlockList).toBe(named[0]);
    expect(named[0]!.NextBlock).toBe(named[1]);
    expect([root, ...named].map((block) => block.Status)).toEqual([SUCCESS, SUCCESS, FAILURE]);
  });

  it('a path that is to move to a neighbor of the other member fails, and nothing goes down for it', () => {
    const team = new BareTeam({ settings });
    const trees = [team.tree(0), team.tree(1)];
    team.request('Initiate', ...trees.map(({ neighbor }) => neighbor));
    team.complete(0);
    team.complete(1);
    const path = team.naming(trees[0]!.path, 'path');
    team.request('Update', team.naming(trees[1]!.neighbor, 'neighbor', [path]));
    expect(requestsOf(team, 1)).toEqual(['Initiate']);
    expect(path.Status).toBe(FAILURE);
    expect(completions(team)).toEqual(['Initiate', 'Update']);
  });

  it('of paths that are to move, those of the same member go down alone', () => {
    const team = new BareTeam({ settings });
    const trees = [team.tree(0), team.tree(1), team.tree(3)];
    team.request('Initiate', ...trees.map(({ neighbor }) => neighbor));
    team.complete(0);
    team.complete(1);
    const paths = [trees[0]!, trees[1]!].map((tree) => team.naming(tree.path, 'path'));
    const root = team.naming(trees[2]!.neighbor, 'neighbor', paths);
    team.request('Update', root);
    expect(blocksBelow(team, 1)).toHaveLength(2);
    team.complete(1);
    expect(paths.map((path) => path.Status)).toEqual([FAILURE, SUCCESS]);
    expect(root.DependentBlockList).toBe(paths[0]);
    expect(paths[0]!.NextBlock).toBe(paths[1]);
  });

  it('a neighbor that falls to a member without chimney is refused', () => {
    const team = new BareTeam({ settings, capacities: [1000, undefined] });
    const { neighbor, path, tcp } = team.tree(1);
    team.request('Initiate', neighbor);
    expect(completions(team)).toEqual(['Initiate']);
    expect([neighbor, path, tcp].map((block) => block.Status)).toEqual([FAILURE, FAILURE, FAILURE]);
  });
});

describe('without any usable member', () => {
  it('IMD-006: an initiate is completed with failure', () => {
    const team = new BareTeam();
    team.indicate(0, NDIS_STATUS.MEDIA_DISCONNECT);
    team.indicate(1, NDIS_STATUS.MEDIA_DISCONNECT);
    const { neighbor, tcp } = team.tree();
    team.request('Initiate', neighbor);
    expect(completions(team)).toEqual(['Initiate']);
    expect([neighbor.Status, tcp.Status]).toEqual([FAILURE, FAILURE]);
    expect(team.driver.outstanding).toBe(0);
  });

  it('IMD-006: what is offloaded can be terminated all the same', () => {
    const team = new BareTeam();
    const { tcp } = team.offload();
    team.indicate(0, NDIS_STATUS.MEDIA_DISCONNECT);
    team.indicate(1, NDIS_STATUS.MEDIA_DISCONNECT);
    team.request('Terminate', team.naming(tcp, 'tcp'));
    expect(requestsOf(team, 0)).toEqual(['Initiate', 'Terminate']);
  });
});
