/**
 * One line of progress for the person at the terminal. It goes to stderr, so that what a command prints on
 * stdout (`npx chimneysweep run … --json`) stays clean even when set-up had something to do first.
 *
 * @param {string} line
 */
export const say = (line) => {
  process.stderr.write(`${line}\n`);
};

/**
 * A failure whose message already tells the user what to do: printed without a stack trace.
 */
export class Advice extends Error {
  /** @param {string} message what is wrong and what to type */
  constructor(message) {
    super(message);
    this.name = 'Advice';
  }
}

/**
 * Runs a script's body, turning failures into a message and an exit code.
 *
 * @param {() => Promise<number>} body resolves to the exit code
 * @returns {Promise<void>}
 */
export const runScript = async (body) => {
  try {
    process.exitCode = await body();
  } catch (error) {
    if (error instanceof Advice) say(error.message);
    else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
};
