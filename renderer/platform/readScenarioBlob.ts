/** Reads a scenario that was dropped on the window and has no path, or none that anybody may know. */
import { fail, succeed, type Result } from '../../shared/base/result';
import type { BridgeError } from '../../shared/contract/desktopBridge';
import { longestText } from '../../shared/scenario/yamlTree';
import type { DroppedScenario } from './platform';

/** The text of a file; whether it is a scenario is for the editor to say. */
export async function readScenarioBlob(file: File): Promise<Result<DroppedScenario, BridgeError>> {
  const tooLarge = `${file.name} is too large for a scenario: at most ${longestText} characters.`;
  // Characters of UTF-8 take up to 4 bytes.
  if (file.size > 4 * longestText) return fail({ message: tooLarge });
  const text = (await file.text()).replaceAll('\r\n', '\n');
  return text.length > longestText ? fail({ message: tooLarge }) : succeed({ name: file.name, text });
}
