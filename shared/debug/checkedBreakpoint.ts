/** Reads and checks what a breakpoint says, before there is a run to set it in: the texts in it are expressions, names and codes. */
import { fail, succeed, type Result } from '../base/result';
import type { OffloadStateVariable } from '../ddi/offloadState';
import { checkExpression } from '../expression/check';
import type { CheckedExpression } from '../expression/checked';
import { fieldNames, fieldReference } from '../expression/fields';
import type { EventKind, FieldReference } from '../expression/fieldTypes';
import { eventKinds } from '../expression/fieldTypes';
import { matchesGlob } from '../expression/glob';
import { closest } from '../expression/suggestions';
import type { ExpressionProblem } from '../expression/syntax';
import { statusNames, statusValue, type ExpressionVocabulary } from '../expression/valueNames';
import type { RuleSeverity } from '../rules/catalogue';
import type { Breakpoint } from './breakpoints';
import { readLogText, type LogText } from './logText';

/** What is wrong with a breakpoint, and where. */
export interface BreakpointProblem {
  /** Id of the breakpoint. */
  readonly breakpoint: string;
  /** Which of its texts it is: what it looks at, its condition, or what it says. */
  readonly part: 'on' | 'condition' | 'log';
  readonly text: string;
  /** Position and meaning; columns count from 1, where `start` counts from 0. */
  readonly problem: ExpressionProblem;
}

/** What a breakpoint looks at, read and checked. */
export type CheckedTrigger =
  /** An event for which something becomes true: an expression, or a question about a call as it is entered. */
  | {
      readonly kind: 'row';
      /** Kinds of events that it can be true for. */
      readonly kinds: ReadonlySet<EventKind>;
      readonly expression: CheckedExpression | undefined;
      /** The function that is entered. */
      readonly handler: NameTest | undefined;
      /** The status that is returned or passed. */
      readonly status: number | undefined;
    }
  | {
      readonly kind: 'field';
      readonly variable: OffloadStateVariable;
      readonly condition: CheckedExpression | undefined;
      readonly object: number | undefined;
    }
  | { readonly kind: 'age'; readonly nanoseconds: number; readonly handler: NameTest | undefined }
  | { readonly kind: 'finding'; readonly least: RuleSeverity; readonly rule: string | undefined };

/** Whether a name is meant. */
export type NameTest = (name: string) => boolean;

/** A breakpoint of which all texts make sense. */
export interface CheckedBreakpoint {
  readonly definition: Breakpoint;
  readonly trigger: CheckedTrigger;
  readonly condition: CheckedExpression | undefined;
  readonly log: LogText | undefined;
  /** What is odd, though it can be set. */
  readonly warnings: readonly BreakpointProblem[];
}

const calls: ReadonlySet<EventKind> = new Set(['call']);
const frames: ReadonlySet<EventKind> = new Set(['frame']);

/** An operator with which the rest of a comparison begins. */
const beginsWithOperator = /^\s*(==|!=|<=|>=|<|>|(not\s+in|in)\b)/;

/**
 * Checks a breakpoint.
 * @param vocabulary names that a trace adds: its components and arguments
 * @returns all that is wrong with it
 */
export function checkBreakpoint(
  definition: Breakpoint,
  vocabulary?: ExpressionVocabulary,
): Result<CheckedBreakpoint, readonly BreakpointProblem[]> {
  const reading = new Reading(definition.id, vocabulary);
  const trigger = reading.trigger(definition);
  const condition =
    definition.condition === undefined ? undefined : reading.expression('condition', definition.condition);
  const log = definition.log === undefined ? undefined : reading.log(definition.log);
  if (reading.problems.length > 0 || trigger === undefined) return fail(reading.problems);
  return succeed({ definition, trigger, condition, log, warnings: reading.warnings });
}

class Reading {
  readonly problems: BreakpointProblem[] = [];
  readonly warnings: BreakpointProblem[] = [];

  constructor(
    private readonly breakpoint: string,
    private readonly vocabulary: ExpressionVocabulary | undefined,
  ) {}

  trigger({ on }: Breakpoint): CheckedTrigger | undefined {
    switch (on.kind) {
      case 'expression':
      case 'packet': {
        const expression = this.expression('on', on.text);
        if (expression === undefined) return undefined;
        const kinds = on.kind === 'packet' ? frames : expression.kinds;
        return { kind: 'row', kinds, expression, handler: undefined, status: undefined };
      }
      case 'handler':
        return {
          kind: 'row',
          kinds: calls,
          expression: undefined,
          handler: nameTest(on.name),
          status: undefined,
        };
      case 'status': {
        const status = this.status(on.status);
        if (status === undefined) return undefined;
        return { kind: 'row', kinds: calls, expression: undefined, handler: undefined, status };
      }
      case 'field':
        return this.field(on.name, on.condition, on.object);
      case 'age': {
        const handler = on.handler === undefined ? undefined : nameTest(on.handler);
        return { kind: 'age', nanoseconds: on.nanoseconds, handler };
      }
      case 'finding':
        return { kind: 'finding', least: on.least, rule: on.rule };
    }
  }

  /** @param prefix stands before the text where that is only the rest of an expression */
  expression(part: 'on' | 'condition', text: string, prefix = ''): CheckedExpression | undefined {
    const checked = checkExpression(prefix + text, this.vocabulary);
    const note = (list: BreakpointProblem[], found: readonly ExpressionProblem[]): void => {
      for (const problem of found)
        list.push({ breakpoint: this.breakpoint, part, text, problem: moved(problem, prefix) });
    };
    if (!checked.ok) {
      note(this.problems, checked.error);
      return undefined;
    }
    note(this.warnings, checked.value.warnings);
    return checked.value;
  }

  log(text: string): LogText | undefined {
    const read = readLogText(text, this.vocabulary);
    if (read.ok) return read.value;
    for (const problem of read.error)
      this.problems.push({ breakpoint: this.breakpoint, part: 'log', text, problem });
    return undefined;
  }

  private status(text: string): number | undefined {
    const value =
      statusValue(text) ?? (/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : undefined);
    if (value !== undefined && value <= 0xffff_ffff) return value >>> 0;
    this.refuse(text, `No status code is called \`${text}\`.`, closest(text, statusNames));
    return undefined;
  }

  private field(
    name: string,
    condition: string | undefined,
    object: number | undefined,
  ): CheckedTrigger | undefined {
    const reference = fieldReference(name);
    if (reference?.kind !== 'variable') {
      this.refuse(name, `No state variable is called \`${name}\`.`, closest(name, fieldNames));
      return undefined;
    }
    const { variable } = reference;
    if (condition === undefined) return { kind: 'field', variable, condition: undefined, object };
    const prefix = beginsWithOperator.test(condition) ? `${name} ` : '';
    const checked = this.expression('on', condition, prefix);
    return checked === undefined ? undefined : { kind: 'field', variable, condition: checked, object };
  }

  private refuse(text: string, message: string, suggestions: readonly string[]): void {
    const hint = suggestions.length === 0 ? '' : ` Did you mean \`${suggestions[0]}\`?`;
    const problem = { start: 0, end: text.length, message: message + hint, suggestions };
    this.problems.push({ breakpoint: this.breakpoint, part: 'on', text, problem });
  }
}

function moved(problem: ExpressionProblem, prefix: string): ExpressionProblem {
  const { length } = prefix;
  return { ...problem, start: Math.max(0, problem.start - length), end: Math.max(0, problem.end - length) };
}

function nameTest(pattern: string): NameTest {
  return /[*?]/.test(pattern) ? (name) => matchesGlob(name, pattern) : (name) => name === pattern;
}

/** The kinds of events for which a trigger and a condition can hold together. */
export function kindsOf(
  trigger: ReadonlySet<EventKind>,
  condition: CheckedExpression | undefined,
): ReadonlySet<EventKind> {
  if (condition === undefined) return trigger;
  return new Set(eventKinds.filter((kind) => trigger.has(kind) && condition.kinds.has(kind)));
}

/** What makes something known of a call or a frame after its record: its return, the completion of the request, its fate. */
export type LaterRecord = 'return' | 'completion' | 'fate';

const laterFields: Readonly<Record<LaterRecord, ReadonlySet<string>>> = {
  return: new Set(['status', 'duration', 'returned', 'summary', 'age', 'pending']),
  completion: new Set(['completed', 'latency', 'pending', 'completedBy', 'age']),
  fate: new Set([
    'frame.fate',
    'frame.latency',
    'frame.duplicates',
    'receiver',
    'receiver.role',
    'summary',
    'age',
  ]),
};

/** Whether a record behind the event can change what these fields say of it. */
export function dependsOn(references: readonly FieldReference[], later: LaterRecord): boolean {
  const fields = laterFields[later];
  return references.some(
    (reference) =>
      fields.has(reference.field.name) ||
      // An argument may be an output, which comes with the return.
      (reference.kind === 'argument' && later === 'return'),
  );
}
