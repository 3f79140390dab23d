/** The one window, locked down: isolated, sandboxed, no navigation, no new windows, no permissions. */
import { BrowserWindow, app, session } from 'electron';
import path from 'node:path';
import { applicationFactsSwitch } from '../../shared/contract/channels';
import type { DesktopBridge } from '../../shared/contract/desktopBridge';
import { pageAddress } from './applicationScheme';

/** Makes the window and loads the page; it is shown when it has been drawn. */
export function createMainWindow(facts: DesktopBridge['application']): BrowserWindow {
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => {
    decide(false);
  });
  session.defaultSession.setPermissionCheckHandler(() => false);
  const window = new BrowserWindow({
    width: 1560,
    height: 980,
    minWidth: 900,
    minHeight: 560,
    show: false,
    title: 'Chimneysweep',
    webPreferences: {
      preload: path.join(__dirname, '../preload/index.js'),
      contextIsolation: true,
      nodeIntegration: false,
      sandbox: true,
      webviewTag: false,
      spellcheck: false,
      additionalArguments: [applicationFactsSwitch + JSON.stringify(facts)],
    },
  });
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event) => {
    event.preventDefault();
  });
  webContents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  window.once('ready-to-show', () => {
    window.show();
  });
  void window.loadURL(pageAddress);
  return window;
}

/** What the page may know about the application. */
export function applicationFacts(): DesktopBridge['application'] {
  return {
    version: app.getVersion(),
    electron: process.versions.electron,
    sandboxed: !app.commandLine.hasSwitch('no-sandbox'),
  };
}
