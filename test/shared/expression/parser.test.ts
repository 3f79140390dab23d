import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTree } from '../../../shared/expression/check';
import { compileExpression } from '../../../shared/expression/compile';
import { formatExpression, quoted } from '../../../shared/expression/format';
import { parseExpression } from '../../../shared/expression/parser';
import { longestExpression, type ExpressionNode } from '../../../shared/expression/syntax';
import { property } from '../../harness/property';
import { arbitraryExpression, withoutPlaces } from './arbitraryExpression';
import { recordSource } from './recordRows';

function parsed(text: string): ExpressionNode {
  const result = parseExpression(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function canonical(text: string): string {
  return formatExpression(parsed(text));
}

/** The piece of the text that a problem points at, and its message. */
function problemOf(text: string): readonly [string, string] {
  const result = parseExpression(text);
  if (result.ok) throw new Error('it can be read');
  return [text.slice(result.error.start, result.error.end), result.error.message];
}

describe('reading an expression', () => {
  it('gives && precedence over ||, ! over both, comparisons over !', () => {
    expect(canonical('a == 1 || b == 2 && ! c == 3')).toBe('a == 1 || b == 2 && !(c == 3)');
    expect(parsed('a == 1 || b == 2 && c == 3')).toMatchObject({ kind: 'or' });
    expect(canonical('(a || b) && c')).toBe('(a || b) && c');
  });

  it('takes and, or, not in any case of letters', () => {
    expect(canonical('a AND not b Or c')).toBe('a && !b || c');
  });

  it('groups arithmetic from the left, products first', () => {
    expect(canonical('a - b - c * d == (1 - (2 - 3))')).toBe('a - b - c * d == 1 - (2 - 3)');
  });

  it('reads lists, ranges, single prefixes and the braces of other languages', () => {
    expect(canonical('port in {80, 443, 1000..2000}')).toBe('port in (80, 443, 1000..2000)');
    expect(canonical('remote in 192.0.2.0/24')).toBe('remote in (192.0.2.0/24)');
    expect(canonical('port not in (80)')).toBe('!(port in (80))');
  });

  it('reads sizes as powers of 1,024 and times in nanoseconds', () => {
    const values = ['64K', '64KB', '1M', '2GiB', '1.5ms', '10us', '10µs', '3s', '1min', '0xC0000001'].map(
      (text) => {
        const node = parsed(text);
        return node.kind === 'number' ? [node.value, node.quantity] : undefined;
      },
    );
    expect(values).toEqual([
      [65536, 'bytes'],
      [65536, 'bytes'],
      [1048576, 'bytes'],
      [2 ** 31, 'bytes'],
      [1_500_000, 'time'],
      [10_000, 'time'],
      [10_000, 'time'],
      [3e9, 'time'],
      [60e9, 'time'],
      [0xc0000001, 'count'],
    ]);
  });

  it('tells addresses from names, numbers and ranges', () => {
    const kinds = [
      'fe80::1',
      '::',
      '192.0.2.1',
      '2001:db8::/32',
      '::ffff:192.0.2.1',
      '02:00:00:00:00:01',
      'face',
      '10',
    ];
    expect(kinds.map((text) => parsed(text).kind)).toEqual([
      'address',
      'address',
      'address',
      'address',
      'address',
      'address',
      'name',
      'number',
    ]);
    expect(canonical('a in (10..20)')).toBe('a in (10..20)');
  });

  it('gives every node the place where it stands', () => {
    const text = 'bytes > 64K && status != SUCCESS';
    const node = parsed(text);
    if (node.kind !== 'and') throw new Error(node.kind);
    expect(node.operands.map(({ start, end }) => text.slice(start, end))).toEqual([
      'bytes > 64K',
      'status != SUCCESS',
    ]);
  });
});

describe('a text that is no expression', () => {
  it.each([
    ['', '', /Write a condition/],
    ['bytes = 5', '=', /Write `==` instead/],
    ['a == 1 | b', '|', /Write `\|\|`/],
    ['1 < bytes < 5', '<', /cannot be chained.*b in \(a\.\.c\)/],
    ['bytes >', '>', /ends too early/],
    ['(bytes > 5', '(', /has no \)/],
    ['bytes > 5)', ')', /closes nothing/],
    ['note == "abc', '"abc', /no end/],
    ['note == "a\\qb"', '\\q', /write \\\\ for a backslash/],
    ['time > 5m', 'm', /no unit.*`ms`/],
    ['bytes > 5KX', 'KX', /no unit/],
    ['note contain "x"', 'contain', /Did you mean `contains`/],
    ['remote == 192.0.2', '192.0.2', /no address/],
    ['remote == 192.0.2.1/40', '192.0.2.1/40', /no address/],
    ['remote == 1:2', '1:2', /no address/],
    ['bytes > 0x', '0x', /1 to 13 digits/],
    ['a in ()', ')', /list is empty/],
    ['a in (1, 2', '(', /missing in the list/],
    ['max(1, 2', '(', /missing behind the arguments/],
    ['&& a', '&&', /missing in front of `&&`/],
    ['note == ✓', '✓', /means nothing here/],
    ['a == 1 b == 2', 'b', /operator such as/],
  ])('%s: points at %j', (text, place, message) => {
    const [pointed, said] = problemOf(text);
    expect(pointed).toBe(place);
    expect(said).toMatch(message);
  });

  it('is refused beyond 10,000 characters and 100 levels, never with a crash', () => {
    expect(problemOf('a'.repeat(longestExpression + 1))[1]).toMatch(/at most 10000 characters/);
    for (const deep of ['('.repeat(9000), '!'.repeat(9000), '-'.repeat(9000), 'abs('.repeat(2000)])
      expect(problemOf(`${deep}1`)[1]).toMatch(/nested more than 100 deep/);
    expect(problemOf(`1${'+1'.repeat(4000)} > 0`)[1]).toMatch(/nested more than 100 deep/);
  });

  it('may be long in breadth: seven hundred alternatives are no nesting', () => {
    const text = Array.from({ length: 700 }, (_, index) => `id == ${index}`).join(' || ');
    const checked = checkTree(parsed(text));
    expect(checked.ok).toBe(true);
  });
});

describe('canonical text', () => {
  it('reads as the tree that it was written from', () => {
    fc.assert(
      fc.property(arbitraryExpression, (tree) => {
        const text = formatExpression(tree);
        fc.pre(text.length <= longestExpression);
        expect(withoutPlaces(parsed(text))).toEqual(withoutPlaces(tree));
        expect(canonical(text)).toBe(text);
      }),
      property(500),
    );
  });

  it('keeps every text in quotation marks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(parsed(quoted(text))).toMatchObject({ kind: 'text', value: text });
      }),
      property(500),
    );
  });
});

describe('any input', () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      '&&',
      '||',
      '!',
      '==',
      '<',
      '(',
      ')',
      '{',
      ',',
      '..',
      'in',
      'not',
      'like',
      '-',
      '*',
      '/',
      '%',
      '&',
    ),
    fc.constantFrom(
      'bytes',
      'status',
      'SUCCESS',
      'handler',
      'arg.Oid',
      'layer',
      'path',
      'remote',
      'port',
      'SndWnd',
    ),
    fc.constantFrom(
      '64K',
      '1.5ms',
      '0',
      '0x1',
      '"x"',
      "'",
      '"',
      '192.0.2.0/24',
      'fe80::1',
      'exists(',
      'max(',
      '\\',
    ),
    fc.string({ maxLength: 5 }),
  );

  it('ends with a tree or a problem that points into the text', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (words) => {
        const text = words.join(' ');
        const result = parseExpression(text);
        const problems = result.ok ? [] : [result.error];
        if (result.ok) {
          const checked = checkTree(result.value);
          if (checked.ok) compileExpression(checked.value, recordSource)({ bytes: 5, status: 0 });
          else problems.push(...checked.error);
        }
        for (const { start, end, message } of problems) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(message).not.toBe('');
        }
      }),
      property(3000),
    );
  });
});
