/** Reads the arguments of system calls; each place in a script knows what it wants. */
import type { Expression, SystemCall } from '../language/script';
import { syntaxError, unsupported } from '../language/scriptProblem';
import { symbols } from './constants';

/** The value of a number, a symbol, or several of them with `|` between.
 * @throws ScriptError for anything else */
export function integerOf(expression: Expression): number {
  switch (expression.kind) {
    case 'integer':
      return expression.value;
    case 'word':
      return symbols[expression.name] ?? unsupported(`the symbol ${expression.name}`, expression);
    case 'or':
      return integerOf(expression.left) | integerOf(expression.right);
    case 'call':
      if (expression.name === 'htons' || expression.name === 'htonl') return integerOf(expression.argument);
      return unsupported(`${expression.name}()`, expression);
    default:
      return syntaxError('expected a number or a symbol', expression);
  }
}

/** Members of a structure by their names.
 * @throws ScriptError if it is none */
export function membersOf(expression: Expression): ReadonlyMap<string, Expression> {
  if (expression.kind !== 'structure') syntaxError('expected a structure in braces', expression);
  const members = new Map<string, Expression>();
  for (const { name, value } of expression.members) if (name !== undefined) members.set(name, value);
  return members;
}

/** See the file's head. */
export class CallArguments {
  constructor(private readonly call: SystemCall) {}

  /** Says that the call has as many arguments as one of these.
   * @throws ScriptError if it has another number */
  count(...counts: readonly number[]): void {
    const { call } = this;
    if (!counts.includes(call.arguments.length))
      syntaxError(`${call.name} takes ${counts.join(' or ')} arguments, not ${call.arguments.length}`, call);
  }

  /** An argument.
   * @throws ScriptError if there are fewer */
  at(index: number): Expression {
    return this.call.arguments[index] ?? syntaxError(`${this.call.name} has too few arguments`, this.call);
  }

  /** A number or symbol. */
  integer(index: number): number {
    return integerOf(this.at(index));
  }

  /** A number or symbol, or undefined for `...`. */
  optionalInteger(index: number): number | undefined {
    const argument = this.at(index);
    return argument.kind === 'ellipsis' ? undefined : integerOf(argument);
  }

  /** The number in `[n]`, or a bare one; undefined for `...`. */
  boxed(index: number): number | undefined {
    const argument = this.at(index);
    if (argument.kind === 'ellipsis') return undefined;
    if (argument.kind !== 'list') return integerOf(argument);
    const [only, ...others] = argument.items;
    if (only === undefined || others.length > 0) syntaxError('expected one value in brackets', argument);
    return only.kind === 'ellipsis' ? undefined : integerOf(only);
  }

  /** The items of a list. */
  list(index: number): readonly Expression[] {
    const argument = this.at(index);
    return argument.kind === 'list' ? argument.items : syntaxError('expected a list in brackets', argument);
  }

  /** The port in an address, or undefined for `...`. */
  port(index: number): number | undefined {
    const argument = this.at(index);
    if (argument.kind === 'ellipsis') return undefined;
    const members = membersOf(argument);
    const port = members.get('sin_port') ?? members.get('sin6_port');
    return port === undefined || port.kind === 'ellipsis' ? undefined : integerOf(port);
  }

  /** Whether an argument is no buffer at all. */
  isNull(index: number): boolean {
    const argument = this.at(index);
    return argument.kind === 'word' && argument.name === 'NULL';
  }

  /** The text of a buffer, or undefined for `...`. */
  text(index: number): string | undefined {
    const argument = this.at(index);
    if (argument.kind === 'string') return argument.text;
    if (argument.kind === 'ellipsis' || this.isNull(index)) return undefined;
    return unsupported('a buffer that is no string and not ...', argument);
  }
}

/** Lengths of the buffers of an I/O vector, added up.
 * @throws ScriptError if it is none */
export function vectorLength(vector: Expression): number {
  if (vector.kind !== 'list') syntaxError('expected a list of buffers in brackets', vector);
  let length = 0;
  for (const item of vector.items) {
    if (item.kind !== 'structure') syntaxError('expected a buffer as {..., length}', item);
    const last = item.members[item.members.length - 1];
    if (item.members.length !== 2 || last === undefined)
      syntaxError('expected a buffer as {..., length}', item);
    length += integerOf(last.value);
  }
  return length;
}
