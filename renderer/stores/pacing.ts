/** How long work is spread over time so that the window stays live. */

/** Clock and turns of the window; tests replace them. */
export interface Pacing {
  /** Milliseconds on any clock that does not run backwards. */
  now(): number;
  /** Calls back after the window had a turn. */
  nextTurn(callback: () => void): void;
}

/** The window's own. */
export const windowPacing: Pacing = {
  now: () => performance.now(),
  nextTurn: (callback) => void setTimeout(callback, 0),
};
