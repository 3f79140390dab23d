import { expect, test } from 'vitest';
import { draftOf, formKinds, readForm, wordsOfName, writtenOf } from '../../../renderer/forms/schemaForm';
import { liveEditSchema } from '../../../shared/contract/liveEdit';
import { faultKinds, faultSchema } from '../../../shared/scenario/faults';

const edits = formKinds(liveEditSchema);
const faults = formKinds(faultSchema);

function formOf(forms: typeof edits, kind: string): (typeof edits)[number] {
  return forms.find((form) => form.kind === kind)!;
}

test('every kind of the schemas has a form whose fields are those of the schema', () => {
  expect(edits.map(({ kind }) => kind)).toEqual(liveEditSchema.options.map(({ shape }) => shape.kind.value));
  expect(faults.map(({ kind }) => kind)).toEqual(faultKinds);
  for (const option of faultSchema.options) {
    const form = formOf(faults, option.shape.kind.value);
    expect(['kind', ...form.fields.map(({ name }) => name)]).toEqual(Object.keys(option.shape));
    expect(form.description).toMatch(/\.$/);
  }
});

test('entries, choices and what holds if absent come from the schema', () => {
  const query = formOf(edits, 'query').fields.find(({ name }) => name === 'layer')!;
  expect(query).toMatchObject({ title: 'Object', entry: 'choice', choices: ['neighbor', 'path', 'tcp'] });
  const stall = formOf(faults, 'stall').fields;
  expect(stall.find(({ name }) => name === 'for')).toMatchObject({ entry: 'quantity', isRequired: true });
  expect(stall.find(({ name }) => name === 'adapter')).toMatchObject({
    entry: 'number',
    isRequired: false,
    absent: '1',
  });
  expect(stall.find(({ name }) => name === 'when')).toMatchObject({ entry: 'text', isRequired: false });
  expect(formOf(edits, 'link').fields[0]).toMatchObject({ entry: 'flag' });
});

test('what is written becomes the thing: numbers, quantities, flags, and nothing where nothing stands', () => {
  const stall = formOf(faults, 'stall');
  expect(writtenOf(stall, { for: '2ms', at: '1000', when: ' ', probability: '1/20' })).toEqual({
    kind: 'stall',
    for: '2ms',
    at: 1000,
    probability: '1/20',
  });
  expect(readForm(liveEditSchema, formOf(edits, 'link'), {})).toEqual({
    ok: true,
    value: { kind: 'link', isUp: false },
  });
  expect(readForm(liveEditSchema, formOf(edits, 'send'), { connection: '0', bytes: '12' })).toEqual({
    ok: true,
    value: { kind: 'send', connection: 0, bytes: 12 },
  });
});

test('what is wrong is told of its field', () => {
  expect(readForm(liveEditSchema, formOf(edits, 'send'), { connection: '0', bytes: '0' })).toEqual({
    ok: false,
    error: [{ field: 'bytes', words: 'Bytes must be at least 1.' }],
  });
  expect(readForm(liveEditSchema, formOf(edits, 'send'), { bytes: 'many' })).toEqual({
    ok: false,
    error: [
      { field: 'connection', words: 'Connection is missing.' },
      { field: 'bytes', words: 'Bytes must be a number of bytes.' },
    ],
  });
  const stall = readForm(faultSchema, formOf(faults, 'stall'), { for: '5 parsecs' });
  expect(stall.ok ? [] : stall.error.map(({ field }) => field)).toEqual(['for']);
});

test('a thing that is there fills its form, which gives it back', () => {
  const form = formOf(faults, 'link-down');
  const written = { kind: 'link-down', at: '2ms', for: '250ms', adapter: 2, when: 'failed(status)' };
  expect(writtenOf(form, draftOf(form, written))).toEqual(written);
});

test('names of fields are words', () => {
  expect(wordsOfName('bitsPerSecond')).toBe('Bits per second');
  expect(wordsOfName('drop-completion')).toBe('Drop completion');
});
