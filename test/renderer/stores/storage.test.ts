import { expect, test } from 'vitest';
import { z } from 'zod';
import { Notices } from '../../../renderer/stores/notices';
import { readChoice, writeChoice, type ChoiceStorage } from '../../../renderer/stores/storage';

const schema = z.object({ width: z.number().min(100) });
const fallback = { width: 300 };

function storageWith(text: string | null): ChoiceStorage & { stored: Map<string, string> } {
  const stored = new Map<string, string>();
  return { stored, getItem: () => text, setItem: (key, value) => void stored.set(key, value) };
}

test('a stored choice comes back', () => {
  const storage = storageWith(null);
  writeChoice('layout', { width: 420 }, storage);
  const [[key, text]] = [...storage.stored] as [[string, string]];
  expect(key).toBe('chimneysweep.layout');
  expect(readChoice('layout', schema, fallback, storageWith(text))).toEqual({ width: 420 });
});

test.each([null, '', 'no json', '{"width":"wide"}', '{"width":3}', '[]'])(
  'broken choice %s falls back',
  (text) => {
    expect(readChoice('layout', schema, fallback, storageWith(text))).toEqual(fallback);
  },
);

test('a storage that throws is no reason to fail', () => {
  const forbidden: ChoiceStorage = {
    getItem: () => {
      throw new Error('denied');
    },
    setItem: () => {
      throw new Error('full');
    },
  };
  expect(readChoice('layout', schema, fallback, forbidden)).toEqual(fallback);
  expect(() => writeChoice('layout', fallback, forbidden)).not.toThrow();
});

test('a newer notice on a topic takes the place of the older one', () => {
  const notices = new Notices();
  notices.show('error', 'refused', 'first');
  notices.show('warning', 'trace', 'other');
  notices.show('error', 'refused', 'second');
  expect(notices.list.map((notice) => notice.text)).toEqual(['other', 'second']);
  notices.dismiss(notices.list[0]!.id);
  expect(notices.list.map((notice) => notice.text)).toEqual(['second']);
  notices.clear('refused');
  expect(notices.list).toEqual([]);
});
