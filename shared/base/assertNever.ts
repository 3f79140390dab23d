/**
 * Ends a switch over a discriminated union: the compiler rejects the call while a case is missing.
 * @throws Error when untyped data slipped past the compiler.
 */
export function assertNever(value: never, what: string): never {
  throw new Error(`unexpected ${what}: ${JSON.stringify(value)}`);
}
