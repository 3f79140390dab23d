import { expect, test } from 'vitest';
import { CalmWords } from '../../../renderer/stores/calmWords';

/** Words, and the end of the wait that they asked for. */
function calm(): { words: CalmWords; pass: () => void; waits: () => boolean } {
  let waiting: (() => void) | undefined;
  const words = new CalmWords((callback) => {
    waiting = callback;
    return () => (waiting = undefined);
  });
  return {
    words,
    waits: () => waiting !== undefined,
    pass: () => {
      const callback = waiting;
      waiting = undefined;
      callback?.();
    },
  };
}

test('the first words are said at once, of those that follow only the newest, when the time is over', () => {
  const { words, pass } = calm();
  words.say('1 error');
  expect(words.spoken.value).toBe('1 error');
  words.say('2 errors');
  words.say('3 errors');
  expect(words.spoken.value).toBe('1 error');
  pass();
  expect(words.spoken.value).toBe('3 errors');
});

test('nothing is said twice, and after silence the next words come at once', () => {
  const { words, pass, waits } = calm();
  words.say('1 error');
  words.say('1 error');
  pass();
  expect(waits()).toBe(false);
  words.say('2 errors');
  expect(words.spoken.value).toBe('2 errors');
});

test('who has stopped says no more', () => {
  const { words, waits } = calm();
  words.say('1 error');
  words.say('2 errors');
  words.stop();
  expect(waits()).toBe(false);
  expect(words.spoken.value).toBe('1 error');
});
