import { describe, expect, it } from 'vitest';
import {
  emptyBaseline,
  extendBaseline,
  judge,
  parseBaseline,
  selectRules,
  type Baseline,
} from '../../../shared/rules/baseline/baseline';
import { ruleHeading, ruleIds, type RuleId } from '../../../shared/rules/catalogue';
import type { Finding } from '../../../shared/rules/engine/finding';

function finding(rule: RuleId, fingerprint = '0123456789abcdef', component = 3): Finding {
  return {
    rule,
    severity: ruleHeading(rule).severity,
    time: 1,
    events: [1, 2],
    component,
    connection: undefined,
    object: undefined,
    found: 'found',
    expected: 'expected',
    fingerprint,
  };
}

const driverOf = ({ component }: Finding): string => `driver ${component}`;

function baselineOf(part: Partial<Baseline>): Baseline {
  return { ...emptyBaseline, ...part };
}

describe('a selection of rules', () => {
  it.each([
    ['SND-002', ['SND-002']],
    [
      'snd-00?,!SND-001,!snd-003',
      ['SND-002', 'SND-004', 'SND-005', 'SND-006', 'SND-007', 'SND-008', 'SND-009'],
    ],
    ['ours', ['REG-010', 'SND-002']],
    ['nothing', []],
    ['(.*)+$', []],
  ])('%s', (patterns, ids) => {
    expect(selectRules(patterns, { ours: ['SND-002', 'REG-010'] })).toEqual(
      ids.filter((id) => ruleIds.includes(id as RuleId)),
    );
  });

  it('takes areas and tiers by name', () => {
    expect(selectRules('rss')).toEqual(ruleIds.filter((id) => id.startsWith('RSS')));
    expect(selectRules('tier:1')).toEqual(ruleIds.filter((id) => ruleHeading(id).tier === 1));
  });

  it('begins with all rules where the first part leaves out', () => {
    expect(selectRules('!tier:1')).toEqual(ruleIds.filter((id) => ruleHeading(id).tier !== 1));
  });

  it('is not led round in circles by groups that name themselves', () => {
    expect(selectRules('loop', { loop: ['loop', 'SND-002'] })).toEqual(['SND-002']);
  });
});

describe('a baseline file', () => {
  const suppress = (entry: object): string => JSON.stringify({ chimneysweepBaseline: 1, suppress: [entry] });

  it.each([
    ['{', 'it is no JSON'],
    ['[]', 'the file: '],
    ['{"chimneysweepBaseline":2}', 'chimneysweepBaseline: '],
    [suppress({ rule: 'SND-002' }), 'suppress.0.reason: '],
    [suppress({ rule: 'SND-002', reason: '  ' }), 'suppress.0.reason: say why it may pass'],
    [suppress({ reason: 'why' }), 'suppress.0: name a fingerprint or a rule'],
    [suppress({ fingerprint: 'XYZ', reason: 'why' }), 'suppress.0.fingerprint: '],
    [suppress({ rule: 'SND-999', reason: 'why' }), 'suppress.0.rule: no rule is named SND-999'],
    ['{"chimneysweepBaseline":1,"severity":{"SND-002":"bad"}}', 'severity.SND-002: '],
    ['{"chimneysweepBaseline":1,"severity":{"XXX":"off"}}', 'severity: no rule is named XXX'],
    ['{"chimneysweepBaseline":1,"groups":{"g":["nope"]}}', 'groups.g: no rule is named nope'],
    ['{"chimneysweepBaseline":1,"supress":[]}', 'the file: '],
  ])('%s is refused with the place', (text, problem) => {
    const parsed = parseBaseline(text);
    expect(parsed.ok ? '' : parsed.error).toContain(problem);
  });

  it('lets findings pass by fingerprint, rule and driver, and says which entries match nothing', () => {
    const baseline = baselineOf({
      suppress: [
        { fingerprint: '0123456789abcdef', reason: 'known' },
        { rule: 'RCV-*', driver: 'driver 3', reason: 'elsewhere' },
        { rule: 'TRM-001', reason: 'gone' },
      ],
    });
    const findings = [
      finding('SND-002'),
      finding('SND-002'),
      finding('SND-002', 'fedcba9876543210'),
      finding('RCV-001', 'aaaaaaaaaaaaaaaa', 3),
      finding('RCV-001', 'aaaaaaaaaaaaaaab', 4),
    ];
    const verdict = judge(findings, baseline, driverOf);
    expect(verdict.standing.map(({ finding: one }) => one)).toEqual([findings[2], findings[4]]);
    expect(verdict.suppressed.map(({ rule, reason, count }) => [rule, reason, count])).toEqual([
      ['SND-002', 'known', 2],
      ['RCV-001', 'elsewhere', 1],
    ]);
    expect(verdict.unused).toEqual([2]);
  });

  it('gives rules other severities, and turns them off', () => {
    const baseline = baselineOf({ severity: { 'SND-*': 'info', 'RCV-001': 'off' } });
    const verdict = judge([finding('SND-002'), finding('RCV-001'), finding('TRM-001')], baseline, driverOf);
    expect(verdict.standing.map(({ finding: { rule }, severity }) => [rule, severity])).toEqual([
      ['SND-002', 'info'],
      ['TRM-001', ruleHeading('TRM-001').severity],
    ]);
  });

  it('can be extended by what stands, so that nothing stands any more', () => {
    const findings = [finding('SND-002'), finding('SND-002'), finding('RCV-001', 'aaaaaaaaaaaaaaaa')];
    const { standing } = judge(findings, emptyBaseline, driverOf);
    const extended = extendBaseline(emptyBaseline, standing, 'as it was in 2006');
    expect(extended.suppress).toHaveLength(2);
    const parsed = parseBaseline(JSON.stringify(extended));
    expect(parsed.ok && judge(findings, parsed.value, driverOf).standing).toEqual([]);
  });
});
