/** What the app was asked to do when it was started. Pure, so that it can be tested without Electron. */

/** The parsed command line. */
export interface LaunchRequest {
  /** A trace to open, or a file to send; undefined starts the demonstration. */
  readonly file: string | undefined;
  /** Folder for trace and screenshot of a run that nobody watches; the app quits afterwards. */
  readonly unattended: string | undefined;
  /** Whether to start with an empty window instead of the demonstration. */
  readonly empty: boolean;
}

const unattendedSwitch = '--unattended=';

/**
 * Reads `process.argv`. Chromium puts its own switches anywhere, so that only the arguments behind the application's path count;
 * in a packaged app everything behind the executable does.
 */
export function parseCommandLine(
  argv: readonly string[],
  applicationPath: string | undefined,
): LaunchRequest {
  const start = applicationPath === undefined ? 0 : argv.lastIndexOf(applicationPath);
  const own = argv.slice(start + 1);
  const unattended = own
    .find((argument) => argument.startsWith(unattendedSwitch))
    ?.slice(unattendedSwitch.length);
  return {
    file: own.filter((argument) => !argument.startsWith('-')).at(-1),
    unattended: unattended === '' ? undefined : unattended,
    empty: own.includes('--empty'),
  };
}
