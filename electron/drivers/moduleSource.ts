/** Turns a file of a driver module into code that Node runs: TypeScript or ECMAScript modules into CommonJS, types erased, unchecked. */
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import type TypeScript from 'typescript';
import { fail, succeed, type Result } from '../../shared/base/result';

/** The compiler; loaded only by those who load a driver module. */
export type Compiler = typeof TypeScript;

/** A translated file. */
export interface Translated {
  readonly code: string;
  readonly map: SourceMap;
}

/** Translates; the error names the place of the first syntax error. */
export function translate(compiler: Compiler, file: string, source: string): Result<Translated, string> {
  // The compiler would leave the imports of an .mjs or .mts file as they are.
  const fileName = file.replace(/\.m([jt]s)$/, '.$1');
  const { outputText, diagnostics, sourceMapText } = compiler.transpileModule(source, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: {
      target: compiler.ScriptTarget.ES2022,
      module: compiler.ModuleKind.CommonJS,
      esModuleInterop: true,
      sourceMap: true,
      allowJs: true,
    },
  });
  const problem = diagnostics?.find(({ category }) => category === compiler.DiagnosticCategory.Error);
  if (problem !== undefined) {
    const text = compiler.flattenDiagnosticMessageText(problem.messageText, ' ');
    const at = problem.file?.getLineAndCharacterOfPosition(problem.start ?? 0) ?? { line: 0, character: 0 };
    return fail(`${path.basename(file)}:${at.line + 1}:${at.character + 1}: ${text}`);
  }
  const payload = JSON.parse(sourceMapText ?? '{}') as SourceMapPayload;
  return succeed({ code: outputText, map: new SourceMap(payload) });
}
