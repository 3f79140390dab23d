/** The grammar of scripts: options, events, and commands around them. */
import { fail, succeed, type Result } from '../../../shared/base/result';
import { parseCode } from './code';
import { parseExpression, parseItems } from './expressionParser';
import { tokenize, type Token } from './lexer';
import { parsePacket } from './packetParser';
import type {
  Action,
  EventTime,
  Script,
  ScriptEvent,
  ScriptOption,
  ShellCommand,
  SystemCall,
} from './script';
import { ScriptError, syntaxError, type ScriptProblem } from './scriptProblem';
import { TokenCursor } from './tokenCursor';

/** Longest time in a script, s: what is longer is a mistake. */
const longestTime = 1e7;

/** Reads a script; a problem names its place. `definitions` are further `--define`s, such as `MSS=1460`. */
export function parseScript(
  source: string,
  definitions: readonly string[] = [],
): Result<Script, ScriptProblem> {
  try {
    return succeed(readScript(source, definitions));
  } catch (error) {
    if (error instanceof ScriptError) return fail(error.problem);
    throw error;
  }
}

function readScript(source: string, definitions: readonly string[]): Script {
  const tokens = tokenize(source);
  const head = new TokenCursor(tokens);
  const options: ScriptOption[] = [];
  let count = 0;
  while (head.next.kind === 'option') {
    const { option, taken } = parseOption(head);
    options.push(option);
    count += taken;
  }
  const given = definitions.map((value) => ({ name: 'define', value, line: 1, column: 1 }));
  const cursor = new TokenCursor(tokens.slice(count), definitionsOf([...options, ...given]));
  const setUp = cursor.next.kind === 'command' ? parseCommand(cursor) : undefined;
  const events: ScriptEvent[] = [];
  while (cursor.next.kind !== 'end' && cursor.next.kind !== 'command') events.push(parseEvent(cursor));
  const cleanUp = cursor.next.kind === 'command' ? parseCommand(cursor) : undefined;
  if (cursor.next.kind !== 'end') cursor.fail('the end of the script behind its last command');
  if (events.length === 0) cursor.fail('an event');
  return { options, setUp, events, cleanUp };
}

/** Reads `--name=value`; answers also how many tokens that were. */
function parseOption(cursor: TokenCursor): { readonly option: ScriptOption; readonly taken: number } {
  const { text: name, line, column } = cursor.take();
  if (!cursor.takeIf('=')) return { option: { name, value: undefined, line, column }, taken: 1 };
  const value = optionValue(cursor);
  if (!cursor.takeIf('=')) return { option: { name, value, line, column }, taken: 3 };
  return { option: { name, value: `${value}=${optionValue(cursor)}`, line, column }, taken: 5 };
}

function optionValue(cursor: TokenCursor): string {
  const { kind, text } = cursor.next;
  if (kind === 'string') return `"${cursor.take().text}"`;
  if (kind === 'command') return `\`${cursor.take().text}\``;
  if (kind === 'end' || kind === 'symbol' || kind === 'ellipsis' || kind === 'code' || kind === 'option')
    cursor.fail("an option's value");
  cursor.take();
  return text;
}

/** What `--define=NAME=value` puts in the places of names. */
function definitionsOf(options: readonly ScriptOption[]): ReadonlyMap<string, Token> {
  const definitions = new Map<string, Token>();
  for (const option of options) {
    if (option.name !== 'define') continue;
    const [, name, value] = /^([a-zA-Z0-9_]+)=([^]+)$/.exec(option.value ?? '') ?? [];
    if (name === undefined || value === undefined) syntaxError('--define wants NAME=value', option);
    const token = tokenize(value)[0]!;
    definitions.set(name, token);
  }
  return definitions;
}

function parseCommand(cursor: TokenCursor): ShellCommand {
  const { text, line, column } = cursor.expectKind('command', 'a command in backquotes');
  return { kind: 'command', text, line, column };
}

function parseEvent(cursor: TokenCursor): ScriptEvent {
  const { line, column } = cursor.next;
  const time = parseEventTime(cursor);
  const action = parseAction(cursor, time);
  const isExpected = (action.kind === 'tcp' || action.kind === 'icmp') && action.direction === 'outbound';
  if (!isExpected && time.kind !== 'absolute' && time.kind !== 'relative')
    syntaxError("'*' and ranges of time are for outbound packets only", { line, column });
  return { time, action, line, column };
}

function parseEventTime(cursor: TokenCursor): EventTime {
  const start = cursor.next;
  if (cursor.takeIf('*')) return { kind: 'any' };
  const relative = cursor.takeIf('+');
  const from = parseTime(cursor);
  if (!cursor.takeIf('~'))
    return relative ? { kind: 'relative', after: from } : { kind: 'absolute', at: from };
  if (relative) cursor.expect('+');
  const to = parseTime(cursor);
  if (to < from) syntaxError('this range of time ends before it begins', start);
  return { kind: relative ? 'relative-range' : 'absolute-range', from, to };
}

/** Seconds in the script, ns here. */
function parseTime(cursor: TokenCursor): number {
  const token = cursor.next;
  if (token.kind !== 'integer' && token.kind !== 'float') cursor.fail('a time in seconds');
  cursor.take();
  const seconds = Number(token.text);
  if (!(seconds >= 0 && seconds <= longestTime)) syntaxError(`a time is from 0 to ${longestTime} s`, token);
  return Math.round(seconds * 1e9);
}

function parseAction(cursor: TokenCursor, time: EventTime): Action {
  const { next } = cursor;
  if (cursor.is('<') || cursor.is('>')) return parsePacket(cursor);
  if (next.kind === 'command') return parseCommand(cursor);
  if (next.kind === 'code') {
    const { text, line, column } = cursor.take();
    return { kind: 'code', statements: parseCode(text, { line, column: column + 2 }), line, column };
  }
  if (next.kind === 'word' || next.kind === 'ellipsis') return parseCall(cursor, time);
  return cursor.fail('a packet, a system call, a command or code');
}

function parseCall(cursor: TokenCursor, time: EventTime): SystemCall {
  const start = cursor.next;
  const end = cursor.takeIf('...') ? parseTime(cursor) : undefined;
  const begins = time.kind === 'absolute' ? time.at : time.kind === 'relative' ? time.after : 0;
  if (end !== undefined && end < begins) syntaxError('this call returns before it is made', start);
  const { text: name, line, column } = cursor.expectKind('word', 'a system call');
  cursor.expect('(');
  const args = parseItems(cursor, 0, ')');
  cursor.expect('=');
  const result = parseExpression(cursor);
  const errno = cursor.next.kind === 'word' ? cursor.take().text : undefined;
  parseNote(cursor);
  return { kind: 'call', name, arguments: args, result, errno, returnsAt: end, line, column };
}

/** Words in parentheses behind an errno are for the reader. */
function parseNote(cursor: TokenCursor): void {
  if (!cursor.takeIf('(')) return;
  while (!cursor.takeIf(')')) {
    if (cursor.next.kind === 'end') cursor.fail("')'");
    cursor.take();
  }
}
