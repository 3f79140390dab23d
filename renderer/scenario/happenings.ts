/** What happens in a scenario besides its workload, in words: its steps and its faults. Pure. */
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { quantityKind, quantityText } from '../../shared/scenario/quantityText';
import { schemaAt } from '../../shared/scenario/schemaNames';
import type { TreePath } from '../../shared/scenario/yamlTree';

/** A step or a fault. */
export interface Happening {
  readonly kind: 'step' | 'fault';
  /** Among those of its kind, from 1. */
  readonly number: number;
  readonly title: string;
  /** When, and with what. */
  readonly words: string;
  readonly path: TreePath;
}

/** A value of a definition as people write it. */
export function valueWords(definition: unknown, path: TreePath, value: unknown): string {
  if (typeof value === 'number') {
    const node = schemaAt(definition, path);
    const kind = quantityKind(node?.anyOf?.find(({ pattern }) => pattern !== undefined)?.pattern);
    return kind === undefined ? String(value) : quantityText(value, kind);
  }
  if (Array.isArray(value)) return value.map((item) => valueWords(definition, path, item)).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${name} ${valueWords(definition, [...path, name], member)}`)
    .join(', ');
}

/** Members that say nothing where they are as usual. */
const usual: Readonly<Record<string, unknown>> = {
  after: 0,
  irql: 'PASSIVE_LEVEL',
  connection: 1,
  adapter: 1,
  neighbor: 1,
  connections: 'this',
  tellsStatistics: false,
};

function membersInWords(definition: unknown, path: TreePath, thing: object, title: string): string {
  const parts = Object.entries(thing)
    .filter(
      ([name, value]) => name !== title && value !== undefined && usual[name] !== value && name !== 'note',
    )
    .map(([name, value]) => {
      const words = valueWords(definition, [...path, name], value);
      return name === 'when' && typeof value === 'object' ? `when ${words}` : `${name} ${words}`;
    });
  return parts.join(' · ');
}

/** All of them: steps in their order, then faults. */
export function happenings(definition: ScenarioDefinition): readonly Happening[] {
  const { steps, faults } = definition;
  return [
    ...steps.map((step, index): Happening => {
      const path = ['steps', index];
      return {
        kind: 'step',
        number: index + 1,
        title: step.do,
        words: membersInWords(definition, path, step, 'do'),
        path,
      };
    }),
    ...faults.map((fault, index): Happening => {
      const path = ['faults', index];
      return {
        kind: 'fault',
        number: index + 1,
        title: fault.kind,
        words: membersInWords(definition, path, fault, 'kind'),
        path,
      };
    }),
  ];
}
