/** What the selected part of a scenario says, and what could be said there: for people who don't know the schema by heart. Pure. */
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { schemaAt } from '../../shared/scenario/schemaNames';
import { isWritten, type YamlOutline } from '../../shared/scenario/yamlOutline';
import type { TreePath } from '../../shared/scenario/yamlTree';
import { valueWords } from './happenings';

/** A member that is written or holds by default. */
export interface SaidFact {
  readonly name: string;
  readonly path: TreePath;
  readonly value: string;
  readonly description: string;
  readonly isWritten: boolean;
}

/** A member that could be written. */
export interface PossibleFact {
  readonly name: string;
  readonly path: TreePath;
  readonly description: string;
}

/** See the file's head. */
export interface SelectedFacts {
  /** Where, as `topology.link`; empty for the whole. */
  readonly place: string;
  readonly description: string;
  readonly said: readonly SaidFact[];
  readonly possible: readonly PossibleFact[];
}

function valueAt(definition: unknown, path: TreePath): unknown {
  let at = definition;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return at;
}

/** `steps[2].when`, as problems name places */
function placeWords(path: TreePath): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );
}

/** The facts of the mapping at a path, or of the one around the value there. */
export function selectedFacts(
  definition: ScenarioDefinition,
  outline: YamlOutline,
  path: TreePath,
): SelectedFacts {
  let at = path;
  while (at.length > 0 && schemaAt(definition, at)?.properties === undefined) at = at.slice(0, -1);
  const node = schemaAt(definition, at);
  const own = at.length === path.length ? undefined : schemaAt(definition, path)?.description;
  const said: SaidFact[] = [];
  const possible: PossibleFact[] = [];
  for (const [name, { description = '' }] of Object.entries(node?.properties ?? {})) {
    const inside = [...at, name];
    const value = valueAt(definition, inside);
    const written = isWritten(outline, inside);
    const isNothing = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    if (isNothing && !written) possible.push({ name, path: inside, description });
    else {
      const words = valueWords(definition, inside, value);
      said.push({
        name,
        path: inside,
        value: words.length > 120 ? `${words.slice(0, 119)}…` : words,
        description,
        isWritten: written,
      });
    }
  }
  return {
    place: placeWords(own === undefined ? at : path),
    description: own ?? node?.description ?? '',
    said: said.sort((one, other) => Number(other.isWritten) - Number(one.isWritten)),
    possible,
  };
}
