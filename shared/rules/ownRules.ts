/**
 * Rules of ours, beside the catalogue's: what whoever records can see and no record shows. The engine decides them while it records, and writes
 * a finding into the trace; a check passes it on.
 */
import type { RuleHeading, RuleText } from './catalogueTypes';

/** Headings by id. */
export const ownRules = {
  'DRV-001': {
    area: 'driver modules',
    title: 'A driver returns from its handlers',
    kind: 'must',
    tier: 1,
    severity: 'error',
    obliges: 'offload-target',
    checkable: 'emulator-assert',
  },
} as const satisfies Readonly<Record<string, RuleHeading>>;

/** Id of a rule of ours. */
export type OwnRuleId = keyof typeof ownRules;

/** Whether there is such a rule of ours. */
export function isOwnRule(id: string): id is OwnRuleId {
  return Object.hasOwn(ownRules, id);
}

/** Their long texts. */
export const ownRuleTexts: Readonly<Record<OwnRuleId, RuleText>> = {
  'DRV-001': {
    rule:
      'A driver returns from every handler that NDIS calls, with what the handler is to return. It throws nothing out of it, does not end the ' +
      'process, does not loop for ever, and takes no more memory than its machine has: any of these would bring a real system down.',
    check: 'The engine watches over driver modules while they run, and ends a run that can not go on.',
    phase: ['emulator'],
    legal: 'NDIS calls the handler -> it queues what takes time -> it returns',
    illegal: 'NDIS calls the handler -> it throws, exits, or never returns',
    source: [],
  },
};
