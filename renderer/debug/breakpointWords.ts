/** Breakpoints in words. Pure. */
import type { Breakpoint, BreakpointTrigger, HitCount } from '../../shared/debug/breakpoints';
import { formatDuration } from '../format/time';
import { severityNames } from '../views/findings/findingGroups';

/** The words for the kinds of what a breakpoint looks at. */
export const triggerTitles: Readonly<Record<BreakpointTrigger['kind'], string>> = {
  expression: 'Expression',
  handler: 'Handler',
  finding: 'Finding',
  status: 'Status',
  field: 'Field changes',
  age: 'Pending for',
  packet: 'Packet',
};

/** What stands behind the kind. */
export function triggerText(on: BreakpointTrigger): string {
  switch (on.kind) {
    case 'expression':
    case 'packet':
      return on.text;
    case 'handler':
      return on.name;
    case 'status':
      return on.status;
    case 'finding':
      return `${on.rule ?? 'any rule'}, ${severityNames[on.least]}${on.least === 'error' ? '' : ' or graver'}`;
    case 'field':
      return (
        on.name +
        (on.condition === undefined ? '' : ` ${on.condition}`) +
        (on.object === undefined ? '' : `, object ${on.object}`)
      );
    case 'age':
      return `more than ${formatDuration(on.nanoseconds)}${on.handler === undefined ? '' : `, ${on.handler}`}`;
  }
}

/** A breakpoint in one line. */
export function breakpointText({ on }: Breakpoint): string {
  return `${triggerTitles[on.kind]}: ${triggerText(on)}`;
}

/** Which hits count, in words; empty where all do. */
export function hitCountText(hits: HitCount | undefined): string {
  if (hits === undefined) return '';
  const { operator, count } = hits;
  if (operator === '==') return `hit ${count} only`;
  return operator === '>=' ? `from hit ${count} on` : `every ${count} hits`;
}

/** Reads `3`, `== 3`, `>= 3` and `% 3`; null where the text is none of them; undefined where it is empty. */
export function parseHitCount(text: string): HitCount | undefined | null {
  if (text.trim() === '') return undefined;
  const found = /^\s*(==|>=|%)?\s*([1-9]\d{0,8})\s*$/.exec(text);
  if (found === null) return null;
  const operator = found[1] === '>=' || found[1] === '%' ? found[1] : '==';
  return { operator, count: Number(found[2]) };
}

/** Whether two look at the same. */
export function sameTrigger(one: BreakpointTrigger, other: BreakpointTrigger): boolean {
  return one.kind === other.kind && triggerText(one) === triggerText(other);
}
