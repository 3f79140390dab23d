/** What the form for a breakpoint says, and the breakpoint that comes of it. Pure. */
import type { Breakpoint, BreakpointTrigger } from '../../shared/debug/breakpoints';
import { checkBreakpoint } from '../../shared/debug/checkedBreakpoint';
import type { ExpressionVocabulary } from '../../shared/expression/valueNames';
import { fail, succeed, type Result } from '../../shared/base/result';
import { isRuleId, type RuleSeverity } from '../../shared/rules/catalogue';
import { parseHitCount } from './breakpointWords';

/** The fields of the form. */
export interface BreakpointDraft {
  kind: BreakpointTrigger['kind'];
  /** What it looks at, as its kind has it. */
  text: string;
  condition: string;
  hits: string;
  log: string;
  least: RuleSeverity;
}

/** An empty form. */
export function emptyDraft(): BreakpointDraft {
  return { kind: 'expression', text: '', condition: '', hits: '', log: '', least: 'error' };
}

/** What a field can be told to look like. */
export const placeholders: Readonly<Record<BreakpointTrigger['kind'], string>> = {
  expression: 'failed(status) || latency > 1ms',
  handler: 'MiniportInitiateOffload, or with * and ?',
  finding: 'any rule, or one such as SND-021',
  status: 'RESOURCES, or 0xC000009A',
  field: 'SndWnd, or SndWnd == 0',
  age: '10ms, or 10ms MiniportTcpOffloadSend',
  packet: 'tcp.flags.syn && frame.length > 60',
};

/** Where in the form something is wrong, and what. */
export interface DraftProblem {
  readonly part: 'text' | 'condition' | 'hits' | 'log';
  readonly words: string;
}

const units: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

/** Nanoseconds and the function, from `10ms` or `10 ms MiniportTcpOffloadSend`. */
function readAge(text: string): BreakpointTrigger | undefined {
  const found = /^\s*(\d{1,12}(?:\.\d{1,9})?)\s*(ns|us|µs|ms|s)(?:\s+(\S+))?\s*$/.exec(text);
  if (found === null) return undefined;
  const nanoseconds = Number(found[1]) * units[found[2]!]!;
  return { kind: 'age', nanoseconds, ...(found[3] === undefined ? {} : { handler: found[3] }) };
}

/** The variable and its condition, from `SndWnd` or `SndWnd == 0`. */
function readField(text: string): BreakpointTrigger | undefined {
  const found = /^\s*([A-Za-z][\w.]*)\s*(.*?)\s*$/.exec(text);
  if (found === null) return undefined;
  const condition = found[2] ?? '';
  return { kind: 'field', name: found[1]!, ...(condition === '' ? {} : { condition }) };
}

function readTrigger({ kind, text, least }: BreakpointDraft): BreakpointTrigger | string {
  const written = text.trim();
  switch (kind) {
    case 'finding':
      if (written === '') return { kind, least };
      return isRuleId(written) ? { kind, least, rule: written } : `There is no rule ${written}.`;
    case 'age':
      return (
        readAge(text) ??
        'An age is a number with ns, µs, ms or s, and a function behind it if it is about one only.'
      );
    case 'field':
      return readField(text) ?? 'A state variable begins with its name, such as SndWnd.';
    case 'handler':
      return written === '' ? 'The name of a function is missing.' : { kind, name: written };
    case 'status':
      return written === '' ? 'The status is missing.' : { kind, status: written };
    case 'expression':
    case 'packet':
      return written === '' ? 'The expression is missing.' : { kind, text: written };
  }
}

/** The breakpoint without its id, or what is wrong with the form. */
export function readDraft(
  draft: BreakpointDraft,
  vocabulary: ExpressionVocabulary,
): Result<Omit<Breakpoint, 'id'>, DraftProblem> {
  const on = readTrigger(draft);
  if (typeof on === 'string') return fail({ part: 'text', words: on });
  const hitCount = parseHitCount(draft.hits);
  if (hitCount === null)
    return fail({ part: 'hits', words: 'Hits are a number: 3, == 3, >= 3, or % 3 for every third.' });
  const condition = draft.condition.trim();
  const log = draft.log.trim();
  const made: Omit<Breakpoint, 'id'> = {
    on,
    enabled: true,
    ...(condition === '' ? {} : { condition }),
    ...(hitCount === undefined ? {} : { hitCount }),
    ...(log === '' ? {} : { log }),
  };
  const checked = checkBreakpoint({ id: 'draft', ...made }, vocabulary);
  if (checked.ok) return succeed(made);
  const [first] = checked.error;
  const part = first === undefined || first.part === 'on' ? 'text' : first.part;
  return fail({ part, words: first?.problem.message ?? 'This makes no sense.' });
}
