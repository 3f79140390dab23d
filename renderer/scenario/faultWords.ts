/** Faults as the window tells them, and as it reads them from their form. Pure. */
import { fail, succeed, type Result } from '../../shared/base/result';
import { expressionProblem } from '../../shared/scenario/readFault';
import {
  faultKinds,
  faultSchema,
  type Fault,
  type FaultKind,
  type WrittenFault,
} from '../../shared/scenario/faults';
import {
  formKinds,
  readForm,
  writtenOf,
  type FormDraft,
  type FormKind,
  type FormProblem,
} from '../forms/schemaForm';

/** What faults meet, for choosing. */
export const faultGroups: readonly { readonly title: string; readonly kinds: readonly FaultKind[] }[] = [
  {
    title: 'Answers of a driver',
    kinds: ['resource-failure', 'refuse', 'partial', 'hardware-failure'],
  },
  {
    title: 'Completions',
    kinds: [
      'delay-completion',
      'drop-completion',
      'duplicate-completion',
      'reorder-completions',
      'false-status',
      'corrupt-context',
      'corrupt-handle',
    ],
  },
  {
    title: 'The adapter',
    kinds: [
      'stall',
      'link-down',
      'link-up',
      'media-change',
      'reset',
      'surprise-removal',
      'power-down',
      'power-up',
      'offload-pause',
      'upload-all',
    ],
  },
  {
    title: 'The network and the peer',
    kinds: [
      'mac-change',
      'mtu-change',
      'peer-reset',
      'zero-window',
      'window-shrink',
      'wrong-ack',
      'peer-silence',
      'wire',
    ],
  },
];

/** Fields that say when a fault happens and how often; the others say what. */
export const momentFields: ReadonlySet<string> = new Set(['at', 'when', 'probability', 'times', 'every']);

const forms = new Map<string, FormKind>(formKinds(faultSchema).map((form) => [form.kind, form]));

/** The form of a kind of fault. */
export function faultForm(kind: FaultKind): FormKind {
  return forms.get(kind)!;
}

/** Whether a name is a kind of fault. */
export function isFaultKind(name: string): name is FaultKind {
  return (faultKinds as readonly string[]).includes(name);
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!/[\s"']/.test(text)) return text;
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

/** A fault as `--fault` of the command line has it: `link-down at=2ms for=250ms`. */
export function faultText(fault: WrittenFault): string {
  const { kind, ...fields } = fault;
  const words = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(value)}`);
  return [kind, ...words].join(' ');
}

/** The fault that a form says, as it is written, or what is wrong with it. */
export function readFaultForm(
  kind: FaultKind,
  draft: FormDraft,
): Result<WrittenFault, readonly FormProblem[]> {
  const form = faultForm(kind);
  const read = readForm<Fault>(faultSchema, form, draft);
  if (!read.ok) return read;
  const problem = expressionProblem(read.value);
  if (problem !== undefined) return fail([{ field: 'when', words: `When: ${problem}` }]);
  return succeed(writtenOf(form, draft) as WrittenFault);
}
