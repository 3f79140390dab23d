/**
 * `npm run screenshot`: makes the README's picture from the real application: records the demonstration unattended, as
 * `npm start` does without a display, and keeps the screenshot under docs/images/.
 */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { inRoot, root } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { Advice, runScript, say } from './lib/say.mjs';

await runScript(async () => {
  const folder = inRoot('test-results', 'start');
  const result = await run(process.execPath, [inRoot('tools', 'start.mjs'), `--unattended=${folder}`], {
    cwd: root,
  });
  if (result.code !== 0) throw new Advice(result.output.trimEnd());
  const picture = readdirSync(folder).find((name) => name.startsWith('first-sweep') && name.endsWith('.png'));
  if (picture === undefined) throw new Advice(`There is no screenshot in ${folder}.`);
  const target = inRoot('docs', 'images', 'first-sweep.png');
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(path.join(folder, picture), target);
  say(`screenshot: ${path.relative(root, target)}`);
  return 0;
});
