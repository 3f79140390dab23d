/** What is wrong with a script, and where. Inside the room it travels as an exception; the boundary answers it as a value. */

/** A place in a script's text; both count from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Why a script cannot be run. */
export interface ScriptProblem {
  /** `syntax`: this is no script. `unsupported`: it is one, but asks for what this interpreter lacks. */
  readonly kind: 'syntax' | 'unsupported';
  readonly message: string;
  readonly position: SourcePosition;
}

/** Carries a {@link ScriptProblem} to the boundary. */
export class ScriptError extends Error {
  constructor(readonly problem: ScriptProblem) {
    super(problem.message);
  }
}

/** The text breaks the grammar.
 * @throws ScriptError always */
export function syntaxError(message: string, { line, column }: SourcePosition): never {
  throw new ScriptError({ kind: 'syntax', message, position: { line, column } });
}

/** The script asks for `what`, which is not supported.
 * @throws ScriptError always */
export function unsupported(what: string, { line, column }: SourcePosition): never {
  throw new ScriptError({
    kind: 'unsupported',
    message: `not supported: ${what}`,
    position: { line, column },
  });
}

/** One line that names file, line and column, then the line of the script with a caret under the place. */
export function describeProblem(file: string, source: string, problem: ScriptProblem): string {
  const { line, column } = problem.position;
  return `${file}:${line}:${column}: ${problem.message}${excerpt(source, problem.position)}`;
}

/** The line of a script at a position with a caret under it, each on a line of its own; empty if there is no such line. */
export function excerpt(source: string, { line, column }: SourcePosition): string {
  const text = source.split('\n')[line - 1]?.replace(/\r$/, '');
  if (text === undefined) return '';
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return `\n  ${text}\n  ${indent}^`;
}
