/** What trust in a driver module means, in words for the user. */
export const trustWarning =
  'A driver module is a program. It runs with your rights: it can read, change and delete your files and use your network. Load ' +
  'modules only if you have written or read them yourself.';
