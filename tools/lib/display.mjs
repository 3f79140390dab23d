/** @returns {boolean} whether there is no screen to open a window on: Electron would crash without Xvfb */
export const needsVirtualDisplay = () =>
  process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'];
