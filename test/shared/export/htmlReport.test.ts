import { parse } from '@vue/compiler-dom';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { htmlReport } from '../../../shared/export/htmlReport';
import { escapeMarkup, markup } from '../../../shared/export/markup';
import { chartFigure, niceAtLeast } from '../../../shared/export/reportChart';
import { connectionRows, functionRows, percentile } from '../../../shared/export/reportSections';
import type { TableSource } from '../../../shared/export/tableTypes';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { sourceOf, threeTraces } from '../../harness/corpus';
import { property } from '../../harness/property';
import { syntheticTrace } from '../../harness/syntheticTrace';
import { encodeTrace, plainHeader } from '../../harness/traceBytes';

const htmlOf = (source: TableSource): string => [...htmlReport(source)].join('');

/** What an HTML parser complains about. */
function complaints(html: string): string[] {
  const found: string[] = [];
  parse(html, { parseMode: 'html', onError: ({ message }) => void found.push(message), comments: true });
  return found;
}

describe('the HTML report', () => {
  it('is HTML that a parser has no complaint about, and one file that asks for no other', () => {
    for (const { source } of threeTraces()) {
      const html = htmlOf(source);
      expect(complaints(html)).toEqual([]);
      expect(html).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|\shref=|\ssrc=|\son\w+=/i);
      expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'");
    }
  });

  it('says what the trace says: the verdict, the functions, the milestones and the connections', () => {
    const source = sourceOf(syntheticTrace());
    const html = htmlOf(source);
    expect(html).toContain('The file came back unchanged; the chimney carried most of it.');
    for (const { text } of source.model.notes.notes) expect(html).toContain(escapeMarkup(text));
    for (const { functionName } of source.model.calls.calls) expect(html).toContain(`>${functionName}<`);
    for (const { local } of source.store.connections) expect(html).toContain(local);
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('says of a cut recording that it was cut', () => {
    expect(htmlOf(sourceOf(syntheticTrace({ withoutEnd: true })))).toContain('This recording was cut');
  });

  it('lets nothing of a trace be markup', () => {
    const evil = '</style><script>alert(1)</script>"\'>&amp;';
    const header = { ...plainHeader, title: evil, scenario: evil, settings: { [evil]: evil } };
    const html = htmlOf(
      sourceOf(
        encodeTrace(
          [
            { time: 0, record: { kind: 'component', id: 0, role: 'application', name: evil } },
            { time: 1, record: { kind: 'connection', id: 0, local: evil, remote: evil } },
            { time: 2, record: { kind: 'note', component: 0, connection: 0, cause: undefined, text: evil } },
          ],
          header,
        ),
      ),
    );
    expect(html).not.toContain('<script');
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(complaints(html)).toEqual([]);
  });

  it('is HTML whatever a trace holds', () => {
    fc.assert(
      fc.property(arbitraryRecords(), (records) => {
        expect(complaints(htmlOf(sourceOf(encodeTrace(records))))).toEqual([]);
      }),
      property(60),
    );
  });
});

describe('markup', () => {
  it('escapes what is put into it, and nothing twice', () => {
    const inner = markup`<b>${'<&>'}</b>`;
    expect(markup`<p title="${'"'}">${inner}${undefined}${3}</p>`.html).toBe(
      '<p title="&quot;"><b>&lt;&amp;&gt;</b>3</p>',
    );
  });

  it('shows control characters and direction marks as such', () => {
    expect(escapeMarkup('a\u0000b\u202ec\n')).toBe('a\ufffdb\ufffdc\n');
  });
});

describe('the numbers of the report', () => {
  it('are those of the trace', () => {
    const source = sourceOf(syntheticTrace({ sends: 40 }));
    const sends = functionRows(source).find(({ functionName }) => functionName === 'NdisOffloadTcpSend')!;
    expect([sends.calls, sends.completed, sends.statuses]).toEqual([40, 40, [['NDIS_STATUS_PENDING', 40]]]);
    expect(sends.median! <= sends.percentile99! && sends.percentile99! <= sends.largest!).toBe(true);
    expect(connectionRows(source)[0]).toMatchObject({
      bytes: { host: 4 * 1460, chimney: 40 * 1460, peer: 40 * 1460 },
      retransmissions: 2,
    });
  });

  it.each([
    [[], 0.5, undefined],
    [[7], 0.99, 7],
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.99, 4],
    [[1, 2, 3, 4], 0, 1],
  ])('percentiles are by nearest rank: %j at %d', (sorted, share, expected) => {
    expect(percentile(sorted, share)).toBe(expected);
  });

  it.each([
    [0, 1],
    [1, 1],
    [1.1, 2],
    [3e6, 5e6],
    [7e8, 1e9],
    [NaN, 1],
  ])('axes end at a round number: %d', (value, end) => {
    expect(niceAtLeast(value)).toBe(end);
  });

  it('a chart keeps the peak of many values in one pixel', () => {
    const times = Array.from({ length: 10_000 }, (_, index) => index);
    const values = times.map((time) => (time === 5000 ? 100 : 1));
    const { html } = chartFigure({
      title: 'x',
      axis: String,
      lines: [{ name: 'x', times, values }],
      until: 9999,
    });
    const path = /class="line line-0" d="(M[^"]*)"\/><\/svg><ul/.exec(html)![1]!;
    expect(path).toContain('V12.0');
    expect(path.length).toBeLessThan(30_000);
  });
});
