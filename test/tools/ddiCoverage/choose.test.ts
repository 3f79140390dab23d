import { describe, expect, it } from 'vitest';
import { coverableItems } from '../../../shared/analysis/ddiItems';
import { claimText } from '../../../shared/analysis/ddiTestClaims';
import { brokenClaims, chooseTests, claimedFiles, type ObservedFile } from '../../harness/ddiCoverage/choose';
import type { Observation } from '../../harness/ddiCoverage/observations';
import { rulesAbout } from '../../harness/ddiCoverage/ruleFamilies';

function positions(...names: readonly string[]): number[] {
  return names.map((wanted) => coverableItems.findIndex(({ name }) => name === wanted));
}

/** A file in which tests made calls themselves. */
function fileOf(
  file: string,
  ...used: readonly (readonly [title: string, ...names: string[]])[]
): ObservedFile {
  return {
    file,
    tests: used.map(([title]) => ['suite', title]),
    observations: used.map(([title, ...names]): Observation => {
      return { kind: 'test', titles: ['suite', title], items: positions(...names) };
    }),
  };
}

const terminate = 'NdisTerminateOffload';
const update = 'NdisUpdateOffload';

function chosen(...files: readonly ObservedFile[]): string[] {
  return (chooseTests(files).function[terminate] ?? []).map(claimText);
}

describe('the tests that are chosen for a thing of the DDI', () => {
  it('name the thing, or a rule about it, or use little else, in this order', () => {
    const files = [
      fileOf('a', ['many things', terminate, update], ['one thing', terminate]),
      fileOf('b', ['TRM-007: a rule', terminate, update]),
      fileOf('c', ['calls NdisTerminateOffload', terminate, update]),
    ];
    expect(chosen(...files)).toEqual([
      'c > suite > calls NdisTerminateOffload',
      'b > suite > TRM-007: a rule',
      'a > suite > one thing',
    ]);
  });

  it('are at most three, of different suites where there are any', () => {
    const files = [
      fileOf('a', ['1', terminate], ['2', terminate], ['3', terminate], ['4', terminate]),
      fileOf('b', ['5', terminate, update]),
    ];
    expect(chosen(...files)).toEqual(['a > suite > 1', 'a > suite > 2', 'b > suite > 5']);
  });

  it('do not depend on the order in which files end', () => {
    const files = [
      fileOf('b', ['1', terminate]),
      fileOf('a', ['1', terminate]),
      fileOf('c', ['1', terminate]),
      fileOf('d', ['1', terminate]),
    ];
    expect(chooseTests(files)).toEqual(chooseTests(files.toReversed()));
  });

  it('may look at what their suite has run, if they name it; else the suite is named', () => {
    const run: Observation = { kind: 'suite', titles: ['suite'], items: positions(terminate) };
    const tests = [
      ['suite', 'TRM-002: nothing is terminated twice'],
      ['suite', 'frames are good'],
    ];
    expect(chosen({ file: 'a', tests, observations: [run] })).toEqual([
      'a > suite > TRM-002: nothing is terminated twice',
      'a > suite',
    ]);
    expect(chosen({ file: 'a', tests: tests.slice(1), observations: [run] })).toEqual(['a > suite']);
  });

  it('have passed', () => {
    expect(chosen({ ...fileOf('a', ['1', terminate]), tests: [] })).toEqual([]);
  });

  it('a status counts as named without its prefix, a longer name does not name a shorter one', () => {
    const status = 'NDIS_STATUS_UPLOAD_REQUESTED';
    const files = [
      fileOf('a', ['answers UPLOAD_REQUESTED_LATER', status]),
      fileOf('b', ['answers UPLOAD_REQUESTED', status, terminate]),
    ];
    expect(chooseTests(files).status[status]!.map(({ file }) => file)).toEqual(['b', 'a']);
  });
});

describe('claims against a later run', () => {
  const files = [fileOf('a', ['1', terminate, update]), fileOf('b', ['2', terminate])];
  const claims = chooseTests(files);

  it('hold in the run that they come from', () => {
    expect(claimedFiles(claims)).toEqual(new Set(['a', 'b']));
    expect(brokenClaims(claims, files)).toEqual([]);
  });

  it('break when a thing is exercised no more', () => {
    const later = [fileOf('a', ['1', terminate]), files[1]!];
    expect(brokenClaims(claims, later)).toEqual([`No test exercises ${update} any more.`]);
  });

  it('break when a test that is named does something else, or has another name', () => {
    const sentence = `a > suite > 1 does not exercise ${terminate} any more.`;
    expect(brokenClaims(claims, [fileOf('a', ['1', update]), files[1]!])).toEqual([sentence]);
    expect(brokenClaims(claims, [fileOf('a', ['one', terminate, update]), files[1]!])).toContain(sentence);
  });

  it('break when the catalogue does not have the thing', () => {
    const strange = { ...claims, oid: { OID_NONE: claims.function[terminate]! } };
    expect(brokenClaims(strange, files)).toEqual(['OID_NONE is no oid that can be covered.']);
  });
});

describe('rules in titles', () => {
  const item = { kind: 'function', name: terminate } as const;

  it.each([
    ['TRM-007 INI-003: a', 'first'],
    ['INI-003 TRM-007: a', 'another'],
    ['INI-003: a', 'none'],
    ['XYZ-003: a', 'none'],
    ['a', 'none'],
  ])('%s', (title, about) => {
    expect(rulesAbout(title, item)).toBe(about);
  });
});
