import { describe, expect, it } from 'vitest';
import { mutants } from '../../../electron/emulator/mutants/mutants';
import { ruleHeading } from '../../../shared/rules/catalogue';
import { implementedRules } from '../../../shared/rules/rules';
import { killMatrixGroups } from '../../harness/killMatrix';

describe('the kill matrix', () => {
  const broken = new Set(mutants.map(({ breaks }) => breaks));

  it('has a row for every rule that is implemented', () => {
    expect(implementedRules.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
  });

  it('has each area of its rows in one file of tests', () => {
    const grouped = Object.values(killMatrixGroups).flat();
    const areas = new Set([...broken].map((id) => ruleHeading(id).area));
    expect([...grouped].sort()).toEqual([...areas].sort());
  });
});
