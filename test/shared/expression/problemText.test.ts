import { describe, expect, it } from 'vitest';
import { problemText } from '../../../shared/expression/problemText';

const message = 'Write something else.';

describe('a problem for a terminal', () => {
  it('has the expression, a mark under the place, and the message', () => {
    expect(problemText('bytes > foo', { start: 8, end: 11, message, suggestions: [] })).toBe(
      '  bytes > foo\n          ^^^\nWrite something else.',
    );
  });

  it('shows the line of an expression of several lines only', () => {
    expect(problemText('bytes > 5 &&\n\tfoo', { start: 14, end: 17, message, suggestions: [] })).toBe(
      '   foo\n   ^^^\nWrite something else.',
    );
  });

  it('cuts a long expression around the place', () => {
    const text = `${'a || '.repeat(100)}foo${' || a'.repeat(100)}`;
    const [line, mark] = problemText(text, { start: 500, end: 503, message, suggestions: [] }).split('\n');
    expect(line!.length).toBeLessThan(110);
    expect(line!.slice(mark!.indexOf('^'), mark!.lastIndexOf('^') + 1)).toBe('foo');
  });

  it('marks one column where the place is the end', () => {
    expect(problemText('', { start: 0, end: 0, message, suggestions: [] })).toBe(
      '  \n  ^\nWrite something else.',
    );
  });
});
