import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../electron/main/commandLine';

describe('command line of the desktop application', () => {
  it('starts the demonstration without arguments', () => {
    expect(parseCommandLine(['/electron', '--no-sandbox', '/app'], '/app')).toEqual({
      file: undefined,
      unattended: undefined,
      empty: false,
    });
  });

  it('takes a file behind the application path, whatever Chromium has put around it', () => {
    const argv = [
      '/electron',
      '--no-sandbox',
      '/app',
      '--unattended=/tmp/x',
      '--original-switch',
      'trace.sweep',
    ];
    expect(parseCommandLine(argv, '/app')).toEqual({
      file: 'trace.sweep',
      unattended: '/tmp/x',
      empty: false,
    });
  });

  it('takes everything behind the executable in a packaged application', () => {
    expect(parseCommandLine(['/opt/chimneysweep', 'a.sweep'], undefined).file).toBe('a.sweep');
  });

  it('can start empty', () => {
    expect(parseCommandLine(['/electron', '/app', '--empty'], '/app').empty).toBe(true);
  });
});
