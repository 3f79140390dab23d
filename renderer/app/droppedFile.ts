/** Whether a dropped file is taken for a trace; its first bytes decide later whether it is one. */
export function isTraceName(name: string): boolean {
  return /\.sweep$/i.test(name);
}
