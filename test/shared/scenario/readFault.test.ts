/** Faults as they are written on a command line. */
import { describe, expect, it } from 'vitest';
import { readFault } from '../../../shared/scenario/readFault';

function problemOf(text: string): string {
  const read = readFault(text);
  if (read.ok) throw new Error('it was read');
  return `${read.error.at}: ${read.error.message}`;
}

describe('the text of a fault', () => {
  it('is its kind and its fields', () => {
    expect(readFault('link-down at=2ms  for=250ms adapter=2')).toEqual({
      ok: true,
      value: { kind: 'link-down', at: 2_000_000, for: 250_000_000, adapter: 2 },
    });
  });

  it('has quotes around what holds spaces', () => {
    const read = readFault(`refuse request=send when='function == "MiniportTcpOffloadSend" && bytes > 64K'`);
    expect(read.ok && read.value.when).toBe('function == "MiniportTcpOffloadSend" && bytes > 64K');
  });

  it.each([
    ['', '0: "" is no kind of fault. There are: resource-failure'],
    ['link-dwon', '0: "link-dwon" is no kind of fault. Did you mean `link-down`?'],
    ['link-down fro=2ms', '10: link-down has no field "fro". Did you mean `for`?'],
    ['link-down for', '10: A field is written as key=value'],
    ['link-down for=2 at="1ms', '16: A field is written as key=value'],
    ['link-down for=2parsecs', '14: "for" must be a time such as 50us'],
    ['link-down for=1 for=2', '16: "for" occurs twice.'],
    ['partial', '7: "take" is missing.'],
    ['reset when="bytes >"', '12: The expression is wrong at its character'],
  ])('says what is wrong and where: %s', (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });
});
