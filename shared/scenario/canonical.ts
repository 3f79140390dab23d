/** The one form of a definition as JSON: members sorted by name, nothing that is undefined, quantities as numbers. */
import type { ScenarioDefinition } from './definition';

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

/** Equal definitions are equal texts in this form. */
export function canonicalDefinition(definition: ScenarioDefinition): ScenarioDefinition {
  return sorted(definition) as ScenarioDefinition;
}
