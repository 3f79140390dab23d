/** The native menu. Its items send commands of the page's registry, so that every action exists once. */
import { Menu, app, type MenuItemConstructorOptions } from 'electron';
import type { MenuCommand } from '../../shared/contract/desktopBridge';

/** Installs the menu; `send` passes a command to the page. */
export function installMenu(send: (command: MenuCommand) => void): void {
  const item = (label: string, command: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    // The page handles the keys itself; the menu only shows them.
    ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    click: () => {
      send(command);
    },
  });
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        item('&Open Trace…', 'open-trace', 'CmdOrCtrl+O'),
        item('&Save Trace…', 'save-trace', 'CmdOrCtrl+S'),
        { type: 'separator' },
        process.platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
      ],
    },
    {
      label: '&Recording',
      submenu: [
        item('&Record', 'record', 'CmdOrCtrl+Shift+R'),
        item('&Pause', 'pause', 'F6'),
        item('&Go On', 'resume', 'F5'),
        item('S&top', 'stop', 'CmdOrCtrl+.'),
        item('&Choose Scenario…', 'choose-scenario'),
        item('Scenario &Editor', 'edit-scenario'),
        item('Run A&gain', 'run-again'),
        item('Run with a &Driver Module…', 'run-with-driver'),
      ],
    },
    {
      label: '&View',
      submenu: [
        item('&Fit Whole Trace', 'zoom-fit'),
        item('Light or &Dark', 'toggle-theme'),
        { type: 'separator' },
        // F11 steps.
        { role: 'togglefullscreen', accelerator: 'Shift+Alt+Enter' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
      ],
    },
    { role: 'editMenu' },
    { label: '&Help', submenu: [item('&Keys and Commands', 'show-help')] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
