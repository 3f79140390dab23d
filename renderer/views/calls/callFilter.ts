/** The filter of the calls. Its text outlives the tab in which it stands, and the trace. */
import { computed, ref, watch, type ComputedRef, type Ref } from 'vue';
import type { TraceModel } from '../../../shared/analysis/traceModel';
import { completeExpression, type Completion } from '../../../shared/expression/completion';
import { traceVocabulary } from '../../../shared/expression/traceVocabulary';
import { emptyVocabulary, type ExpressionVocabulary } from '../../../shared/expression/valueNames';
import { EventSearch } from '../../stores/eventSearch';
import type { OpenTrace } from '../../stores/openTrace';
import { filterMeaning, type FilterMeaning } from './filterMeaning';

/** See the file's head. */
export class CallFilter {
  readonly text: Ref<string> = ref('');
  readonly meaning: ComputedRef<FilterMeaning>;
  /** Finds what matches if the text is an expression. */
  readonly search: EventSearch;
  private known:
    { readonly model: TraceModel; readonly calls: number; readonly names: ExpressionVocabulary } | undefined;

  constructor(
    private readonly trace: OpenTrace,
    search: EventSearch = new EventSearch(),
  ) {
    this.search = search;
    // Follows model and phase too: another trace, or the end of this one, may bring names that the text uses.
    this.meaning = computed(() =>
      filterMeaning(this.text.value, this.text.value === '' ? emptyVocabulary : this.vocabulary()),
    );
    watch(
      this.meaning,
      (meaning) => {
        const { model } = trace.state;
        if (meaning.kind !== 'expression' || model === undefined) search.stop();
        else search.start(model, meaning.expression);
      },
      { flush: 'sync' },
    );
    watch(
      () => trace.state.version,
      () => search.grow(),
      { flush: 'sync' },
    );
  }

  /** What could be written at a caret. */
  complete(caret: number): Completion {
    return completeExpression(this.text.value, caret, this.vocabulary());
  }

  /** The trace's own names; looked for anew only where it has doubled or ended, since every call is asked. */
  vocabulary(): ExpressionVocabulary {
    const { model, phase } = this.trace.state;
    if (model === undefined) return emptyVocabulary;
    const calls = model.calls.calls.length;
    const { known } = this;
    const hasGrown =
      known?.model !== model || calls > 2 * known.calls || (phase === 'ready' && calls !== known.calls);
    if (hasGrown) this.known = { model, calls, names: traceVocabulary(model) };
    return this.known?.names ?? emptyVocabulary;
  }
}
