import { describe, expect, it } from 'vitest';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { StoreCheck } from '../../../shared/rules/engine/storeCheck';
import { implementedRules } from '../../../shared/rules/rules';
import { TraceReader } from '../../../shared/trace/traceReader';
import { mutantOf, recordMutant } from '../../harness/recordMutant';

const bytes = recordMutant(mutantOf('SND-021'));

function streamed(): RuleChecker {
  const checker = new RuleChecker(implementedRules);
  const reader = new TraceReader([checker]);
  reader.push(bytes);
  reader.close();
  checker.finish();
  return checker;
}

describe('a check in steps', () => {
  it.each([1, 7, Infinity])('finds what a check in one go finds, in steps of %d looks', (steps) => {
    const checker = new RuleChecker(implementedRules);
    const reader = new TraceReader();
    reader.push(bytes);
    const check = new StoreCheck(reader.store!, checker);
    for (let left = steps; check.advance(() => --left <= 0, 16); left = steps);
    check.finish();
    check.finish();
    expect(checker.findings).toEqual(streamed().findings);
    expect(checker.coverage()).toEqual(streamed().coverage());
  });

  it('goes on while the trace grows', () => {
    const checker = new RuleChecker(implementedRules);
    const reader = new TraceReader();
    reader.push(bytes.subarray(0, 200));
    const check = new StoreCheck(reader.store!, checker);
    for (let start = 200; start < bytes.length; start += 1500) {
      check.advance(() => false);
      reader.push(bytes.subarray(start, start + 1500));
    }
    expect(check.advance(() => false)).toBe(false);
    check.finish();
    expect(check.checked).toBe(reader.store!.length);
    expect(checker.findings).toEqual(streamed().findings);
  });
});
