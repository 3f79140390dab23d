import { describe, expect, test } from 'vitest';
import { elementTowards, scenarioDiagram } from '../../../renderer/scenario/diagram';
import { happenings } from '../../../renderer/scenario/happenings';
import { library, libraryScenario } from '../../../shared/scenario/library';
import { readScenario } from '../../../shared/scenario/readScenario';
import type { ScenarioDefinition } from '../../../shared/scenario/definition';

function definition(text: string): ScenarioDefinition {
  const read = readScenario(`scenario: one\ntitle: One\n${text}`);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

describe('the diagram of a scenario', () => {
  test.each(library.map((one) => [one.scenario, one] as const))(
    '%s: no box overlaps another, and all are inside',
    (_name, one) => {
      const { elements, width, height } = scenarioDiagram(one);
      for (const element of elements) {
        expect(element.x).toBeGreaterThanOrEqual(0);
        expect(element.x + element.width).toBeLessThanOrEqual(width);
        expect(element.y + element.height).toBeLessThanOrEqual(height);
        for (const other of elements) {
          if (other === element) continue;
          const apart =
            element.x + element.width <= other.x ||
            other.x + other.width <= element.x ||
            element.y + element.height <= other.y ||
            other.y + other.height <= element.y;
          expect(apart, `${element.id} and ${other.id}`).toBe(true);
        }
      }
    },
  );

  test.each(library.map((one) => [one.scenario, one] as const))(
    '%s: every step and fault is marked somewhere',
    (_name, one) => {
      const { elements } = scenarioDiagram(one);
      const steps = elements.flatMap((element) => element.steps);
      const faults = elements.flatMap((element) => element.faults);
      expect(steps.sort((a, b) => a - b)).toEqual(one.steps.map((_step, index) => index + 1));
      expect(faults.sort((a, b) => a - b)).toEqual(one.faults.map((_fault, index) => index + 1));
    },
  );

  test('a team has its layers above its adapters; each adapter has its faults', () => {
    const { elements } = scenarioDiagram(
      definition(
        'topology: { team: { adapters: 2, layers: 2 } }\nfaults:\n  - { kind: link-down, adapter: 2 }\n',
      ),
    );
    const drivers = elements.filter(({ kind }) => kind === 'driver');
    expect(drivers.map(({ title }) => title)).toEqual(['Intermediate driver 2', 'Intermediate driver 1']);
    expect(drivers[0]!.y).toBeLessThan(drivers[1]!.y);
    expect(elements.find(({ id }) => id === 'adapter-2')?.faults).toEqual([1]);
    expect(elements.find(({ id }) => id === 'adapter-1')?.faults).toEqual([]);
  });

  test('what is many shares a box, and the marks of all of them', () => {
    const { elements } = scenarioDiagram(
      definition('topology: { neighbors: 50, paths: 50 }\nfaults:\n  - { kind: mac-change, neighbor: 40 }\n'),
    );
    const peers = elements.filter(({ kind }) => kind === 'peer');
    expect(peers.map(({ title }) => title).at(-1)).toBe('and 47 more');
    expect(peers.at(-1)?.faults).toEqual([1]);
  });

  test('arrows go to the nearest thing in their direction, and stay at the edge', () => {
    const diagram = scenarioDiagram(libraryScenario('failover')!);
    const [application] = diagram.elements;
    const below = elementTowards(diagram, application!, 'down');
    expect(below.id).toBe('policy');
    expect(elementTowards(diagram, below, 'up').id).toBe('workload');
    expect(elementTowards(diagram, application!, 'up')).toBe(application);
    const adapter = diagram.elements.find(({ id }) => id === 'adapter-1')!;
    expect(elementTowards(diagram, adapter, 'right').id).toBe('adapter-2');
  });
});

test('steps and faults are told in words with units', () => {
  const list = happenings(
    definition(
      'steps:\n  - { do: upload, after: 400us, when: { acknowledged: 1/4 } }\nfaults:\n  - { kind: stall, for: 2ms }\n',
    ),
  );
  expect(list.map(({ title, words }) => `${title}: ${words}`)).toEqual([
    'upload: after 400us · when acknowledged 0.25',
    'stall: for 2ms',
  ]);
});
