// What Electron runs when it is given a folder: `electron [-r module] <folder> [arguments]`. The official
// runtime brings such a program along as resources/default_app.asar; the registry's runtime does not.
'use strict';

const { app } = require('electron');
const fs = require('node:fs');
const path = require('node:path');

/** Chromium's own switches come first and are not for us; `-r` names a module to load before the app. */
const parse = (argv) => {
  const preloads = [];
  for (let index = 1; index < argv.length; index += 1) {
    const argument = argv[index];
    if (argument === '-r' || argument === '--require') {
      index += 1;
      if (argv[index] !== undefined) preloads.push(argv[index]);
    } else if (!argument.startsWith('-')) {
      return { preloads, folder: argument };
    }
  }
  return { preloads, folder: undefined };
};

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const { preloads, folder } = parse(process.argv);
if (folder === undefined) fail('This Electron needs the folder of an app: electron <folder>');

const appPath = path.resolve(folder);
let manifest;
try {
  manifest = JSON.parse(fs.readFileSync(path.join(appPath, 'package.json'), 'utf8'));
} catch (error) {
  fail(`No app in ${appPath}: ${error.message}`);
}

process.defaultApp = true;
if (manifest.version) app.setVersion(manifest.version);
if (manifest.productName || manifest.name) app.name = manifest.productName || manifest.name;
if (manifest.desktopName) app.setDesktopName(manifest.desktopName);
app.setAppPath(appPath);

for (const preload of preloads) require(require.resolve(preload, { paths: [process.cwd()] }));
require(path.join(appPath, manifest.main || 'index.js'));
