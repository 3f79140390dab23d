/** What the user's keyboard types at each place, where the browser tells. */

interface KeyboardWithLayout {
  getLayoutMap(): Promise<ReadonlyMap<string, string>>;
}

/** From `KeyboardEvent.code` to the letter there; undefined where the browser keeps it to itself. */
export async function readKeyboardLayout(): Promise<ReadonlyMap<string, string> | undefined> {
  const { keyboard } = navigator as { readonly keyboard?: KeyboardWithLayout };
  try {
    return await keyboard?.getLayoutMap();
  } catch {
    return undefined;
  }
}
