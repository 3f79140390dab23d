// Writes what is made of the scenarios: shared/scenario/generated/library.ts from scenarios/*.yaml, docs/scenario.schema.json, and the
// tables of docs/scenarios.md.
//
//   node tools/generateScenarios.mjs
//
// The output is checked in, so that the emulator reads no file; a test holds it up to date.

import { writeFileSync } from 'node:fs';
import { runnerImport } from 'vite';
import { inRoot } from './lib/paths.mjs';

/** @type {{ module: { generatedFiles: () => Promise<{ path: string, text: string }[]> } }} */
const { module } = await runnerImport(inRoot('test', 'harness', 'scenarioFiles.ts'), {
  configFile: false,
  root: inRoot(),
});
for (const { path, text } of await module.generatedFiles()) {
  writeFileSync(inRoot(...path.split('/')), text);
  console.log(path);
}
