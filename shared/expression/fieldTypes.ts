/** What is known about a field of events: data for the checker, the completion and the reference page. */
import type { OffloadStateVariable } from '../ddi/offloadState';

/** Kinds of events that an expression looks at; calls come with their returns, frames with their fates. */
export const eventKinds = ['call', 'frame', 'state', 'ownership', 'note'] as const;
/** See {@link eventKinds}. */
export type EventKind = (typeof eventKinds)[number];

/**
 * Type of a field: plain numbers (`count`), `bytes`, `time` in nanoseconds, status codes, booleans, text, addresses, and `dynamic`
 * for arguments, of which only the call knows what they are.
 */
export type FieldType = 'count' | 'bytes' | 'time' | 'status' | 'boolean' | 'text' | 'address' | 'dynamic';

/** Where the texts that a field can hold come from, beyond a closed list. */
export type OpenValues = 'functions' | 'components';

/** One field. */
export interface FieldDefinition {
  /** As it is written in an expression; dotted where fields belong together. */
  readonly name: string;
  readonly type: FieldType;
  /** Kinds of events that can have it; it is absent from all others. */
  readonly kinds: readonly EventKind[];
  readonly meaning: string;
  /** WDK page without extension, RFC with section, or standard. */
  readonly reference?: string;
  /** All texts that it can hold. */
  readonly values?: readonly string[];
  /** Texts that it usually holds. */
  readonly openValues?: OpenValues;
  /** Numbers that have a name. */
  readonly names?: Readonly<Record<string, number>>;
  /** Other names of it. */
  readonly aliases?: readonly string[];
  /** It stands for several fields: a comparison holds if it holds for one of them, `!=` if none of them is equal. */
  readonly parts?: readonly string[];
}

/** A field as an expression refers to it. */
export type FieldReference =
  | { readonly kind: 'field'; readonly field: FieldDefinition }
  | { readonly kind: 'variable'; readonly field: FieldDefinition; readonly variable: OffloadStateVariable }
  | {
      readonly kind: 'argument';
      readonly field: FieldDefinition;
      /** Name of the argument or output. */
      readonly argument: string;
      /** Member of the structure that the argument is, such as `Header.Type`. */
      readonly member: string | undefined;
    };
