/** The files that are made of the scenarios, as tools/generateScenarios.mjs writes them and a test compares them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { libraryModule, type LibraryFile } from '../../shared/scenario/libraryModule';
import { scenarioJsonSchema } from '../../shared/scenario/schemaNames';

const root = path.resolve(import.meta.dirname, '..', '..');

/** The files of the library. */
export function libraryFiles(): LibraryFile[] {
  const folder = path.join(root, 'scenarios');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => ({ name, text: readFileSync(path.join(folder, name), 'utf8') }));
}

/** A file below the root of the project, and what must be in it. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

async function formatted(name: string, text: string): Promise<GeneratedFile> {
  const filepath = path.join(root, ...name.split('/'));
  const options = await resolveConfig(filepath);
  return { path: name, text: await format(text, { ...options, filepath }) };
}

/** All of them. */
export async function generatedFiles(): Promise<GeneratedFile[]> {
  return [
    await formatted('shared/scenario/generated/library.ts', libraryModule(libraryFiles())),
    await formatted('docs/scenario.schema.json', JSON.stringify(scenarioJsonSchema())),
  ];
}
