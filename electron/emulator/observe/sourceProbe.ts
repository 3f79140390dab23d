/** Says of calls that driver modules make where in their source they were made: an annotation right behind the record of the call. */
import { sourceStackAuthor } from '../../../shared/analysis/sourceStack';
import type { Probe } from '../probe';
import { passOn } from './passOn';
import type { ComponentRole } from '../../../shared/trace/records';

/** The source of the call that is being made by a component with this role, as `sourceStackText` has it; undefined where no module makes it. */
export type SourceOfCall = (caller: ComponentRole) => string | undefined;

/** A probe in front of `inner`, which takes annotations. */
export function sourceProbe(inner: Probe, sourceOf: SourceOfCall): Probe {
  const roles: ComponentRole[] = [];
  return passOn(inner, {
    component: (role, name) => {
      const id = inner.component(role, name);
      roles[id] = role;
      return id;
    },
    call: (time, call) => {
      const event = inner.call(time, call);
      const text = sourceOf(roles[call.caller]!);
      if (text !== undefined) inner.annotation?.(time, event, event, sourceStackAuthor, text);
      return event;
    },
  });
}
