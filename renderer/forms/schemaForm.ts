/** Forms out of schemas: what fields a kind of thing has, what is written into them, and the thing that comes of it or what is wrong. Pure. */
import { z } from 'zod';
import { fail, succeed, type Result } from '../../shared/base/result';

/** A field of a form. */
export interface FormField {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** What it means, in a sentence; empty where the title says it. */
  readonly description: string;
  /**
   * `choice`: one of `choices`. `flag`: yes or no. `number`: a number and nothing else. `quantity`: a number, or a text such as `2ms` or `1/20`.
   * `text`: any text.
   */
  readonly entry: 'choice' | 'flag' | 'number' | 'quantity' | 'text';
  readonly choices: readonly string[];
  /** Whether something has to stand there. */
  readonly isRequired: boolean;
  /** What holds where nothing stands there; undefined where that is nothing. */
  readonly absent: string | undefined;
}

/** One of the things that a schema describes, told apart by its member `kind`. */
export interface FormKind {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly fields: readonly FormField[];
}

/** What stands in the fields, by their names; empty where nothing does. Flags hold `true` or nothing. */
export type FormDraft = Readonly<Record<string, string>>;

/** What is wrong with what is written, and in which field; without one it is about all of it. */
export interface FormProblem {
  readonly field: string | undefined;
  readonly words: string;
}

/** What of a JSON Schema is looked at. */
interface FieldSchema {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly type?: string;
  readonly anyOf?: readonly FieldSchema[];
}

interface KindSchema extends FieldSchema {
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}

/** `bitsPerSecond` in words: `Bits per second`. */
export function wordsOfName(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function entryOf(field: FieldSchema): FormField['entry'] {
  if (field.enum !== undefined) return 'choice';
  if (field.type === 'boolean') return 'flag';
  if (field.type === 'integer' || field.type === 'number') return 'number';
  return field.anyOf === undefined ? 'text' : 'quantity';
}

function fieldOf(name: string, field: FieldSchema, isRequired: boolean): FormField {
  const { title = wordsOfName(name), description = '', default: absent } = field;
  return {
    name,
    title,
    description,
    entry: entryOf(field),
    choices: field.enum ?? [],
    isRequired: isRequired && absent === undefined && entryOf(field) !== 'flag',
    absent: absent === undefined ? undefined : textOf(absent),
  };
}

/** The forms of a schema: a union of objects that their member `kind` tells apart. */
export function formKinds(schema: z.ZodType): readonly FormKind[] {
  const { oneOf, anyOf } = z.toJSONSchema(schema, { io: 'input' }) as {
    readonly oneOf?: readonly KindSchema[];
    readonly anyOf?: readonly KindSchema[];
  };
  return (oneOf ?? anyOf ?? []).map(({ properties, required = [], title, description = '' }) => {
    const kind = properties['kind']?.const ?? '';
    const fields = Object.entries(properties)
      .filter(([name]) => name !== 'kind')
      .map(([name, field]) => fieldOf(name, field, required.includes(name)));
    return { kind, title: title ?? wordsOfName(kind), description, fields };
  });
}

const numeric = /^-?\d+(\.\d+)?$/;

function valueOf({ entry }: FormField, text: string): unknown {
  if (entry === 'flag') return text === 'true';
  const isNumber = (entry === 'number' || entry === 'quantity') && numeric.test(text.trim());
  return isNumber ? Number(text.trim()) : text.trim();
}

/** The thing as it is written, before it is looked at: what stands nowhere is absent. */
export function writtenOf({ kind, fields }: FormKind, draft: FormDraft): Record<string, unknown> {
  const written: Record<string, unknown> = { kind };
  for (const field of fields) {
    const text = draft[field.name] ?? '';
    if (field.entry === 'flag' || text.trim() !== '') written[field.name] = valueOf(field, text);
  }
  return written;
}

/** What stands in the fields of a thing that is there already. */
export function draftOf({ fields }: FormKind, written: Readonly<Record<string, unknown>>): FormDraft {
  const draft: Record<string, string> = {};
  for (const { name, entry } of fields) {
    const value = written[name];
    if (value === undefined || value === null || (entry === 'flag' && value === false)) continue;
    draft[name] = textOf(value);
  }
  return draft;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What is still wrong when something else has been written: not what was told of the fields that have changed. */
export function problemsLeft(
  problems: readonly FormProblem[],
  before: FormDraft,
  written: FormDraft,
): readonly FormProblem[] {
  return problems.filter(({ field }) => field !== undefined && written[field] === before[field]);
}

function sentence(words: string): string {
  return /[.?]$/.test(words) ? words : `${words}.`;
}

/** The thing that is written into a form, or everything that is wrong with it. */
export function readForm<Thing>(
  schema: z.ZodType<Thing>,
  form: FormKind,
  draft: FormDraft,
): Result<Thing, readonly FormProblem[]> {
  const written = writtenOf(form, draft);
  const parsed = schema.safeParse(written);
  if (parsed.success) return succeed(parsed.data);
  return fail(
    parsed.error.issues.map(({ path, message }) => {
      const field = form.fields.find(({ name }) => name === path[0]);
      if (field === undefined) return { field: undefined, words: sentence(message) };
      const words = written[field.name] === undefined ? 'is missing' : message;
      return { field: field.name, words: sentence(`${field.title} ${words}`) };
    }),
  );
}
