/** Tells on standard error why a verb could not do what it was asked, and answers the exit code for that. */
export function complain(message: string): 2 {
  process.stderr.write(`chimneysweep: ${message}\n`);
  return 2;
}
