import { describe, expect, it } from 'vitest';
import { csvField, csvRecord } from '../../../shared/export/csv';

describe('CSV (RFC 4180)', () => {
  it('ends records with CRLF and puts commas between fields (section 2, items 1 and 4)', () => {
    expect(csvRecord([1, 'a', true], 'safe')).toBe('1,a,true\r\n');
  });

  it.each([
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\r\nb', '"a\r\nb"'],
    [' a', '" a"'],
    ['plain', 'plain'],
  ])('encloses what needs it in quotes (section 2, items 5 to 7): %j', (text, field) => {
    expect(csvField(text, 'exact')).toBe(field);
  });

  it('tells null from the empty text, and writes bytes as hexadecimal digits', () => {
    expect(csvRecord([null, '', Uint8Array.of(1, 0xab)], 'safe')).toBe(',"",01ab\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@x', '\tx'])('keeps a spreadsheet from calculating %j', (text) => {
    expect(csvField(text, 'safe').replace(/^"/, '')[0]).toBe("'");
    expect(csvField(text, 'exact')).not.toContain("'");
  });

  it('never touches numbers', () => {
    expect(csvRecord([-1, -2.5, -3n], 'safe')).toBe('-1,-2.5,-3\r\n');
  });
});
