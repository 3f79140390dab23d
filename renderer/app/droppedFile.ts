/** Whether a dropped file is taken for a scenario; reading it decides whether it is one. */
export function isScenarioName(name: string): boolean {
  return /\.ya?ml$/i.test(name);
}

/** Whether a dropped file is taken for a trace; its first bytes decide later whether it is one. */
export function isTraceName(name: string): boolean {
  return /\.sweep$/i.test(name);
}
