import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonicalDefinition } from '../../../shared/scenario/canonical';
import { library } from '../../../shared/scenario/library';
import { libraryModule } from '../../../shared/scenario/libraryModule';
import { readScenario } from '../../../shared/scenario/readScenario';
import { generatedFiles } from '../../harness/scenarioFiles';

const fromRoot = (name: string): string =>
  readFileSync(path.resolve(import.meta.dirname, '..', '..', '..', name), 'utf8');

describe('what is made of the scenarios', () => {
  it('is up to date (node tools/generateScenarios.mjs)', async () => {
    const files = await generatedFiles();
    expect(files.length).toBeGreaterThan(1);
    for (const { path: name, text } of files) expect(fromRoot(name), name).toBe(text);
  });

  it('names what is wrong with a file by line and column', () => {
    const files = [
      { name: 'index.yaml', text: '- mine' },
      { name: 'mine.yaml', text: 'scenario: mine\ntitel: Mine' },
    ];
    expect(() => libraryModule(files)).toThrow(/mine\.yaml:2:1: titel: "titel" is unknown here/);
  });

  it('has no file without a place in the order', () => {
    expect(() =>
      libraryModule([
        { name: 'index.yaml', text: '[]' },
        { name: 'mine.yaml', text: '' },
      ]),
    ).toThrow('mine.yaml is not in index.yaml');
  });
});

describe.each(library.map((definition) => [definition.scenario, definition] as const))(
  'the scenario %s',
  (_name, definition) => {
    it('tells what happens and what to look at', () => {
      expect(definition.description.length).toBeGreaterThan(60);
      expect(definition.lookAt.length).toBeGreaterThan(60);
    });

    it('is the same once it has been written as JSON and read again', () => {
      const read = readScenario(JSON.stringify(definition));
      expect(read).toEqual({ ok: true, value: definition });
    });

    it('is in its canonical form', () => {
      expect(JSON.stringify(canonicalDefinition(definition))).toBe(JSON.stringify(definition));
    });
  },
);
