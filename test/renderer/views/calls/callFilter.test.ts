import { describe, expect, test } from 'vitest';
import { Notices } from '../../../../renderer/stores/notices';
import { OpenTrace } from '../../../../renderer/stores/openTrace';
import { CallFilter } from '../../../../renderer/views/calls/callFilter';
import { filterMeaning } from '../../../../renderer/views/calls/filterMeaning';
import { EventSearch } from '../../../../renderer/stores/eventSearch';
import { emptyVocabulary } from '../../../../shared/expression/valueNames';
import { syntheticTrace } from '../../../harness/syntheticTrace';

const pacing = { now: () => 0, nextTurn: (callback: () => void) => callback() };
const kindOf = (text: string): string => filterMeaning(text, emptyVocabulary).kind;

describe('the text of the filter', () => {
  test('is words where nothing in it looks like the language', () => {
    for (const text of ['setoptional', 'tcpoffloadsend -complete', 'cpu:1 pending', 'no such thing', '-'])
      expect(kindOf(text)).toBe(text === '-' ? 'everything' : 'words');
    expect(kindOf('  ')).toBe('everything');
  });

  test('is an expression where it is one', () => {
    for (const text of ['status != SUCCESS', 'retransmission', 'handler like "*Send"', 'failed(status)'])
      expect(kindOf(text)).toBe('expression');
  });

  test('is a mistake with its place where it looks like one and is none', () => {
    const meaning = filterMeaning('bytes > 64K && statuss != SUCCESS', emptyVocabulary);
    expect(meaning).toMatchObject({ kind: 'mistake', problems: [{ start: 15, end: 22 }] });
    for (const text of ['handler == ', 'handler == "Mini', 'failed(', 'handler like Send*'])
      expect(kindOf(text)).toBe('mistake');
  });
});

describe('the filter of a window', () => {
  function open(): { readonly trace: OpenTrace; readonly filter: CallFilter } {
    const trace = new OpenTrace(new Notices(), pacing);
    return { trace, filter: new CallFilter(trace, new EventSearch(pacing)) };
  }
  function receive(trace: OpenTrace, bytes: Uint8Array): void {
    trace.receive({ kind: 'begin', origin: 'file', name: 'x.sweep' });
    trace.receive({ kind: 'bytes', bytes });
    trace.receive({ kind: 'end' });
  }

  test('searches as soon as there is an expression and a trace, in either order', () => {
    const { trace, filter } = open();
    filter.text.value = 'handler == NdisSetOptionalHandlers';
    expect(filter.search.findings.calls).toHaveLength(0);
    receive(trace, syntheticTrace());
    expect(filter.search.findings.calls).toHaveLength(2);
    filter.text.value = 'kind == call';
    expect(filter.search.findings.calls).toHaveLength(trace.state.model!.calls.calls.length);
    filter.text.value = 'kind == call &&';
    expect(filter.search.findings.calls).toHaveLength(0);
  });

  test('goes over to another trace with its text', () => {
    const { trace, filter } = open();
    filter.text.value = 'handler == NdisOffloadTcpSend';
    receive(trace, syntheticTrace({ sends: 50 }));
    expect(filter.search.findings.calls).toHaveLength(50);
    receive(trace, syntheticTrace({ sends: 5 }));
    expect(filter.search.findings.calls).toHaveLength(5);
  });

  test('offers the names of the trace', () => {
    const { trace, filter } = open();
    receive(trace, syntheticTrace());
    filter.text.value = 'component == so';
    expect(filter.complete(15).candidates.map(({ label }) => label)).toContain('soot.sys');
  });
});
