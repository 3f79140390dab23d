import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkExpression } from '../../../shared/expression/check';
import { completeExpression } from '../../../shared/expression/completion';
import { property } from '../../harness/property';

const vocabulary = { components: ['NDIS', 'Offload target'], arguments: ['RequestType'] };

/** Completes at the | of a text; answers labels and the text with the first candidate taken. */
function at(marked: string): { readonly labels: readonly string[]; readonly taken: string } {
  const caret = marked.indexOf('|');
  const text = marked.slice(0, caret) + marked.slice(caret + 1);
  const { range, candidates } = completeExpression(text, caret, vocabulary);
  const [first] = candidates;
  return {
    labels: candidates.map(({ label }) => label),
    taken: text.slice(0, range.start) + (first?.insert ?? '') + text.slice(range.end),
  };
}

describe('completion', () => {
  it('offers fields and functions where a condition begins', () => {
    const { labels } = at('|');
    expect(labels).toContain('handler');
    expect(labels).toContain('SndWnd');
    expect(labels).toContain('exists(field)');
    expect(labels).not.toContain('&&');
  });

  it('prefers what begins with the written letters to what contains them', () => {
    expect(at('bytes > 5 && han|').taken).toBe('bytes > 5 && handler');
    expect(at('snd|').labels[0]).toMatch(/^Snd/);
    expect(at('syn|').labels[0]).toBe('tcp.flags.syn');
    expect(at('tcp.fl|').labels[0]).toBe('tcp.flags');
  });

  it('replaces the whole word that the caret is in', () => {
    expect(at('han|xyz == 5').taken).toBe('handler == 5');
  });

  it('offers the operators of a type behind a field', () => {
    expect(at('status |').labels).toEqual(['==', '!=', 'in']);
    expect(at('note con|').taken).toBe('note contains');
    expect(at('bytes |').labels).toEqual(['==', '!=', '<', '<=', '>', '>=', 'in']);
    expect(at('retransmission |').labels).toEqual(['&&', '||', '==', '!=']);
    expect(at('bytes > 5 |').labels).toEqual(['&&', '||']);
    expect(at('status in (SUCCESS, PENDING) |').labels).toEqual(['&&', '||']);
  });

  it('knows the values of a field: statuses, handlers, owners, fates, components', () => {
    expect(at('status == SUC|').taken).toBe('status == SUCCESS');
    expect(at('status != |').labels).toContain('PENDING');
    expect(at('handler == MiniportTcpOffloadSe|').taken).toBe('handler == MiniportTcpOffloadSend');
    expect(at('owner == |').labels.slice(0, 5)).toEqual([
      'host',
      'offloading',
      'target',
      'uploading',
      'gone',
    ]);
    expect(at('frame.fate == queue|').taken).toBe('frame.fate == "queue-overflow"');
    expect(at('caller == Off|').taken).toBe('caller == "Offload target"');
    expect(at('component == |').labels.slice(0, 2)).toEqual(['NDIS', 'Offload target']);
    expect(at('irql == |').labels.slice(0, 3)).toEqual(['PASSIVE_LEVEL', 'APC_LEVEL', 'DISPATCH_LEVEL']);
    expect(at('retransmission == |').labels.slice(0, 2)).toEqual(['true', 'false']);
    expect(at('arg.EventType == TcpIndicateRet|').labels).toContain('TcpIndicateRetrieve');
  });

  it('knows them within lists and quotation marks', () => {
    expect(at('status in (SUCCESS, PEN|').taken).toBe('status in (SUCCESS, PENDING');
    expect(at('handler == "MiniportTcpOffloadSe|').taken).toBe('handler == "MiniportTcpOffloadSend"');
    expect(at('handler == "Mini|" && bytes > 5').taken).toMatch(/^handler == "Miniport\w+" && bytes > 5$/);
    expect(at("kind == 'no|'").taken).toBe('kind == "note"');
    expect(at('note == "a|').labels).toEqual([]);
  });

  it('offers fields to exists, and what can change to changed', () => {
    expect(at('exists(|').labels).toContain('bytes');
    expect(at('exists(|').labels).not.toContain('exists(field)');
    expect(at('changed(|').labels).toContain('SndWnd');
    expect(at('changed(|').labels).not.toContain('bytes');
  });

  it('offers arguments by name, those of the trace first', () => {
    expect(at('arg.|').labels[0]).toBe('arg.RequestType');
    expect(at('arg.NumberOfNetBufferL|').taken).toBe('arg.NumberOfNetBufferLists');
  });

  it('offers what can be read: every candidate of a list of values makes an expression', () => {
    for (const field of [
      'status',
      'handler',
      'owner',
      'frame.fate',
      'component',
      'irql',
      'role',
      'retransmission',
      'kind',
    ])
      for (const { insert } of completeExpression(`${field} == `, field.length + 4, vocabulary).candidates)
        expect([insert, checkExpression(`${field} == ${insert}`, vocabulary).ok]).toEqual([insert, true]);
  });

  it('works at every caret of any text', () => {
    const pieces = fc.oneof(
      fc.constantFrom(
        'handler',
        'status',
        '==',
        'in',
        '(',
        ')',
        ',',
        '&&',
        '!',
        '"',
        "'",
        'arg.',
        'exists(',
        '\\',
        '1.2.',
        '::',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.nat(80), (words, caret) => {
        const text = words.join(' ');
        const { range } = completeExpression(text, caret, vocabulary);
        const inside = Math.min(caret, text.length);
        expect(range.start).toBeLessThanOrEqual(inside);
        expect(range.end).toBeGreaterThanOrEqual(inside);
        expect(range.end).toBeLessThanOrEqual(text.length);
      }),
      property(1000),
    );
  });
});
