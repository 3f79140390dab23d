/**
 * Compares what the tests exercised with what shared/analysis/generated/ddiTests.ts says that they do, or writes that file.
 * Runs that leave out a file that is named there, or tests by their names, are not compared.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Reporter, TestCase, TestModule, TestRunEndReason, Vitest } from 'vitest/node';
import type { DdiTestClaims } from '../../../shared/analysis/ddiTestClaims';
import { ddiTests } from '../../../shared/analysis/generated/ddiTests';
import { brokenClaims, chooseTests, claimedFiles, type ObservedFile } from './choose';
import { claimsSource } from './claimsSource';
import { observationsIn } from './observations';

/** Environment variable that makes the reporter write the file; `npm run coverage:ddi` sets it. */
export const writeVariable = 'CHIMNEYSWEEP_WRITE_DDI_TESTS';

const claimsFile = 'shared/analysis/generated/ddiTests.ts';

function titlesOf(test: TestCase): string[] {
  const titles = [test.name];
  for (let { parent } = test; parent.type === 'suite'; { parent } = parent) titles.unshift(parent.name);
  return titles;
}

function observedFile(module: TestModule): ObservedFile {
  return {
    file: module.relativeModuleId.replaceAll('\\', '/'),
    tests: [...module.children.allTests('passed')].map(titlesOf),
    observations: observationsIn(module.meta()),
  };
}

/** See the file's head. */
export default class DdiCoverageReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    _errors: readonly unknown[],
    reason: TestRunEndReason,
  ): Promise<void> {
    const { vitest } = this;
    if (vitest === undefined || reason !== 'passed') return;
    // Tests of the tools go through the door for the sake of the tools.
    const files = modules.map(observedFile).filter(({ file }) => !file.startsWith('test/tools/'));
    const isFiltered = vitest.config.testNamePattern !== undefined;
    if (process.env[writeVariable] !== undefined) {
      if (!isFiltered) await this.write(vitest, chooseTests(files));
      return;
    }
    const ran = new Set(files.map(({ file }) => file));
    if (isFiltered || ![...claimedFiles(ddiTests)].every((file) => ran.has(file))) return;
    const broken = brokenClaims(ddiTests, files);
    if (broken.length === 0) return;
    process.exitCode = 1;
    vitest.logger.error(`${claimsFile} is out of date; npm run coverage:ddi makes it anew.`);
    for (const sentence of broken) vitest.logger.error(`  ${sentence}`);
  }

  private async write(vitest: Vitest, claims: DdiTestClaims): Promise<void> {
    const target = path.join(vitest.config.root, claimsFile);
    writeFileSync(target, await claimsSource(claims, target));
    vitest.logger.log(`${claimsFile} has been written.`);
  }
}
