/**
 * The scenario that is being edited: its text, what is wrong with it, what it means, and what of it is selected. The text is the truth;
 * everything else follows from it, at once for texts of a usual size, and when typing rests for long ones.
 */
import { computed, ref, shallowReactive, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { z } from 'zod';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { libraryScenario } from '../../shared/scenario/library';
import { readScenario, type ScenarioProblem } from '../../shared/scenario/readScenario';
import { writeScenario } from '../../shared/scenario/writeScenario';
import { partAt, partOnLine, yamlOutline, type YamlOutline } from '../../shared/scenario/yamlOutline';
import { longestText, type TreePath } from '../../shared/scenario/yamlTree';
import { readChoice, writeChoice } from '../stores/storage';
import { scenarioDiagram, type Diagram, type DiagramElement } from './diagram';
import { TextHistory } from './textHistory';

/** A stretch of the text, as offsets. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** What is edited, as undo brings it back. */
interface Edited {
  readonly text: string;
  readonly caret: TextRange;
  /** For its title and for saving. */
  readonly name: string;
  /** The file that it is saved to; undefined: none yet. */
  readonly token: string | undefined;
  /** What that file holds; undefined where there is none. */
  readonly saved: string | undefined;
}

/** What follows from the text. */
export interface ScenarioMeaning {
  readonly problems: readonly ScenarioProblem[];
  /** What the text means, or meant when it was last without problems. */
  readonly definition: ScenarioDefinition | undefined;
  readonly isSound: boolean;
  readonly outline: YamlOutline;
}

/** Texts up to this length, in characters, are read with every key. */
const readAtOnce = 30_000;

/** How long typing rests before a longer one is read, ms. */
const restBeforeReading = 250;

/** How long typing rests before the draft is kept, ms. */
const restBeforeKeeping = 800;

const draftSchema = z.object({ text: z.string().max(longestText), name: z.string().max(200) }).nullable();

/** What {@link ScenarioEditor} waits with; tests have their own. */
export type Later = (work: () => void, milliseconds: number) => () => void;

const laterByClock: Later = (work, milliseconds) => {
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
};

/** The text that a new scenario begins with. */
export const newScenarioText = `# Everything that is not said is as usual: the diagram shows what that is.
scenario: my-scenario
title: A scenario of mine
workload:
  connections: 1
  bytes: 1MiB
`;

function meaningOf(text: string, before: ScenarioMeaning | undefined): ScenarioMeaning {
  const read = readScenario(text);
  const outline = yamlOutline(text);
  return read.ok
    ? { problems: [], definition: read.value, isSound: true, outline }
    : { problems: read.error, definition: before?.definition, isSound: false, outline };
}

/** See the file's head. */
export class ScenarioEditor {
  readonly isOpen: Ref<boolean> = ref(false);
  readonly edited: ShallowRef<Edited>;
  readonly meaning: ShallowRef<ScenarioMeaning>;
  /** What may be undone; follows the history. */
  readonly may: { undo: boolean; redo: boolean } = shallowReactive({ undo: false, redo: false });
  /** The part that diagram and text both show as selected. */
  readonly selected: ShallowRef<{ readonly path: TreePath; readonly element: string | undefined }> =
    shallowRef({ path: [], element: undefined });
  /** Grows when the text field has to show {@link edited}'s caret; `takesFocus` says whether it is focused as well. */
  readonly caretWish: ShallowRef<{ readonly count: number; readonly takesFocus: boolean }> = shallowRef({
    count: 0,
    takesFocus: false,
  });
  readonly seedText: Ref<string> = ref('1');
  /** The trace whose run is made again with what is changed here; undefined: a run of its own. */
  readonly againFrom: ShallowRef<{ readonly trace: string; readonly name: string } | undefined> =
    shallowRef();
  readonly diagram: ComputedRef<Diagram | undefined>;
  /** Whether there is something that no file has. */
  readonly isChanged: ComputedRef<boolean>;
  private history: TextHistory<Edited>;
  private cancelReading: (() => void) | undefined;
  private cancelKeeping: (() => void) | undefined;

  constructor(private readonly later: Later = laterByClock) {
    const draft = readChoice('scenario-draft', draftSchema, null);
    const text = draft?.text ?? newScenarioText;
    const name = draft?.name ?? 'my-scenario.yaml';
    const caret = { start: 0, end: 0 };
    this.edited = shallowRef({ text, caret, name, token: undefined, saved: undefined });
    this.meaning = shallowRef(meaningOf(text, undefined));
    this.history = new TextHistory(this.edited.value);
    this.diagram = computed(() => {
      const { definition } = this.meaning.value;
      return definition === undefined ? undefined : scenarioDiagram(definition);
    });
    this.isChanged = computed(() => {
      const { text: current, saved } = this.edited.value;
      return saved === undefined ? current !== newScenarioText : saved !== current;
    });
  }

  /** Begins with another text, which undo takes back like any other change. */
  load(text: string, name: string, file?: { readonly token: string }): void {
    const caret = { start: 0, end: 0 };
    this.againFrom.value = undefined;
    this.change({ text, caret, name, token: file?.token, saved: file === undefined ? undefined : text });
    this.wishCaret(false);
  }

  /** Begins with a scenario of the library. */
  loadLibrary(scenario: string): void {
    const definition = libraryScenario(scenario);
    if (definition !== undefined) this.loadDefinition(definition);
  }

  /** Begins with a definition, written as a text. */
  loadDefinition(definition: ScenarioDefinition): void {
    this.load(writeScenario(definition), `${definition.scenario}.yaml`);
  }

  /** The text has changed at the keyboard; `kind`: changes of one kind in a row are undone together. */
  type(text: string, caret: TextRange, kind?: string): void {
    if (text === this.edited.value.text) return;
    this.change({ ...this.edited.value, text, caret }, kind);
  }

  /** Puts a text in the place of a stretch, with the caret behind it, or over `select` of it. */
  replace({ start, end }: TextRange, insert: string, select?: TextRange): void {
    const { text } = this.edited.value;
    const at = start + insert.length;
    this.change({
      ...this.edited.value,
      text: text.slice(0, start) + insert + text.slice(end),
      caret: select ?? { start: at, end: at },
    });
    this.wishCaret(true);
  }

  /** The caret has moved: the part that it stands in is selected. */
  moveCaret(caret: TextRange): void {
    this.edited.value = { ...this.edited.value, caret };
    this.history.pause();
    const { text } = this.edited.value;
    let line = 1;
    for (let at = text.indexOf('\n'); at >= 0 && at < caret.start; at = text.indexOf('\n', at + 1)) line++;
    const path = partOnLine(this.meaning.value.outline, line)?.path ?? [];
    this.selected.value = { path, element: this.elementFor(path)?.id };
  }

  /** Selects what an element of the diagram stands for, and shows its lines. */
  selectElement({ id, path }: DiagramElement, takesFocus: boolean): void {
    this.selected.value = { path, element: id };
    this.showPath(path, takesFocus);
  }

  /** Selects a part by its path. */
  selectPath(path: TreePath, takesFocus: boolean): void {
    this.selected.value = { path, element: this.elementFor(path)?.id };
    this.showPath(path, takesFocus);
  }

  /** Puts the caret at a problem. */
  showProblem({ line, column }: ScenarioProblem): void {
    const { text } = this.edited.value;
    let start = 0;
    for (let at = 1; at < line; at++) {
      const next = text.indexOf('\n', start);
      if (next < 0) break;
      start = next + 1;
    }
    const caret = Math.min(text.length, start + column - 1);
    this.moveCaret({ start: caret, end: caret });
    this.wishCaret(true);
  }

  /** The next or previous problem from the caret, round the end. */
  problemFrom(step: 1 | -1): ScenarioProblem | undefined {
    const { problems } = this.meaning.value;
    const { text, caret } = this.edited.value;
    const before = text.slice(0, caret.start);
    const line = before.split('\n').length;
    const column = caret.start - before.lastIndexOf('\n');
    const compare = (one: ScenarioProblem): number => one.line - line || one.column - column;
    return step > 0
      ? (problems.find((one) => compare(one) > 0) ?? problems[0])
      : (problems.findLast((one) => compare(one) < 0) ?? problems.at(-1));
  }

  undo(): boolean {
    return this.goTo(this.history.undo());
  }

  redo(): boolean {
    return this.goTo(this.history.redo());
  }

  /** The text is in this file now. */
  savedAs({ token, name }: { readonly token: string; readonly name: string }, saved: string): void {
    this.edited.value = { ...this.edited.value, token, name, saved };
    this.history.pause();
  }

  /** Reads what has not been read yet: whoever acts on the meaning wants that of the text as it is. */
  settle(): void {
    if (this.cancelReading === undefined) return;
    this.cancelReading();
    this.cancelReading = undefined;
    this.read();
  }

  private change(edited: Edited, kind?: string): void {
    this.edited.value = edited;
    this.history.change(edited, kind);
    this.follow();
  }

  private goTo(edited: Edited | undefined): boolean {
    if (edited === undefined) return false;
    this.edited.value = edited;
    this.follow();
    this.wishCaret(false);
    return true;
  }

  private follow(): void {
    this.may.undo = this.history.canUndo;
    this.may.redo = this.history.canRedo;
    this.cancelReading?.();
    this.cancelReading = undefined;
    if (this.edited.value.text.length <= readAtOnce) this.read();
    else this.cancelReading = this.later(() => this.settle(), restBeforeReading);
    this.cancelKeeping?.();
    this.cancelKeeping = this.later(() => {
      const { text, name } = this.edited.value;
      writeChoice('scenario-draft', { text, name });
    }, restBeforeKeeping);
  }

  private read(): void {
    this.meaning.value = meaningOf(this.edited.value.text, this.meaning.value);
    const { path, element } = this.selected.value;
    const { diagram } = this;
    if (element !== undefined && diagram.value?.elements.every(({ id }) => id !== element) === true)
      this.selected.value = { path, element: undefined };
  }

  private elementFor(path: TreePath): DiagramElement | undefined {
    const elements = this.diagram.value?.elements ?? [];
    const [root, index] = path;
    if (root === 'steps' || root === 'faults') {
      const number = Number(index) + 1;
      return elements.find((one) => one[root].includes(number));
    }
    let best: DiagramElement | undefined;
    for (const element of elements) {
      const fits =
        element.path.length <= path.length &&
        element.path.every((key, at) => String(path[at]) === String(key));
      if (!fits) continue;
      const isBetter = element.path.length > (best?.path.length ?? 0);
      // Of several that say the same, the one that is selected stays so.
      const isSelected =
        element.id === this.selected.value.element && element.path.length === best?.path.length;
      if (isBetter || isSelected) best = element;
    }
    return best;
  }

  private showPath(path: TreePath, takesFocus: boolean): void {
    const part = partAt(this.meaning.value.outline, path);
    const at = part?.start ?? 0;
    this.edited.value = { ...this.edited.value, caret: { start: at, end: at } };
    this.wishCaret(takesFocus);
  }

  private wishCaret(takesFocus: boolean): void {
    this.caretWish.value = { count: this.caretWish.value.count + 1, takesFocus };
  }
}
