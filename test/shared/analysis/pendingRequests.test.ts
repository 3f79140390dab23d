import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallIndex } from '../../../shared/analysis/callIndex';
import { IntervalIndex } from '../../../shared/analysis/pendingRequests';
import { arbitraryRecords } from '../../harness/arbitraryTrace';
import { property } from '../../harness/property';

describe('an index of intervals', () => {
  it('answers at any time what a search through all of them answers', () => {
    const interval = fc.record({ after: fc.nat({ max: 20 }), lasts: fc.option(fc.nat({ max: 200 })) });
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 150 }), fc.nat({ max: 1000 }), (recipes, time) => {
        const index = new IntervalIndex();
        let start = 0;
        const all = recipes.map(({ after, lasts }) => {
          start += after;
          return { start, end: lasts === null ? Infinity : start + lasts };
        });
        for (const { start: begin } of all) index.begin(begin);
        // Ends come in any order; here the last interval ends first.
        for (const [back, { end }] of [...all].reverse().entries())
          if (end !== Infinity) index.end(all.length - 1 - back, end);
        const expected = all.flatMap((one, position) =>
          one.start <= time && one.end > time ? [position] : [],
        );
        expect(index.at(time)).toEqual(expected);
      }),
      property(300),
    );
  });

  it('takes no interval that begins before the last one', () => {
    const index = new IntervalIndex();
    index.begin(5);
    expect(() => index.begin(4)).toThrow(RangeError);
  });
});

describe('the requests that pend', () => {
  it('are those that CallIndex knows as made and not completed, of any trace at any time', () => {
    fc.assert(
      fc.property(arbitraryRecords(), fc.nat(), (records, pick) => {
        const index = new CallIndex();
        records.forEach(({ time, record }, event) => {
          index.onRecord(record, event, time);
        });
        const { time } = records[pick % records.length]!;
        const isAsked = (functionName: string): boolean => functionName.length % 2 === 0;
        const expected = index.calls.filter((call) => {
          const completion = call.completedBy === undefined ? undefined : index.at(call.completedBy);
          return (
            call.start <= time &&
            isAsked(call.functionName) &&
            (completion === undefined || completion.start > time)
          );
        });
        expect(index.pendingAt(time, isAsked)).toEqual(expected);
      }),
      property(),
    );
  });
});
