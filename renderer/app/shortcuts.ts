/** From keys to commands, except where keys mean something else. */
import type { Workspace } from './workspace';

const activatable =
  'button, a[href], summary, select, input[type="checkbox"], input[type="radio"], [role="tab"], [role="option"], [role="menuitem"]';

function isTyping(target: Element | null): boolean {
  if (target === null) return false;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button|range)$/.test(target.type);
  return target instanceof HTMLElement && target.isContentEditable;
}

/** Listens to the whole window; answers the way to stop. Widgets that use a key themselves prevent its default. */
export function listenToKeys(workspace: Workspace): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || workspace.dialog.value !== undefined) return;
    const target = event.target instanceof Element ? event.target : null;
    const activates = event.code === 'Space' || event.code === 'Enter';
    if (activates && target !== null && target.closest(activatable) !== null) return;
    // Arrows walk through radio buttons.
    if (event.code.startsWith('Arrow') && target?.matches('input[type="radio"]') === true) return;
    const command = workspace.commands.commandFor(event, isTyping(target));
    if (command === undefined) return;
    event.preventDefault();
    command.run();
  };
  window.addEventListener('keydown', onKey);
  return () => window.removeEventListener('keydown', onKey);
}
