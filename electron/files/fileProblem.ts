/** Why a file can't be read or written, in words that tell the user what to do. */
export function fileProblem(error: unknown, doing: 'read' | 'write', path: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return doing === 'read'
        ? `There is no file ${path}. Check the name.`
        : `The folder of ${path} does not exist. Make it first, or choose another place.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${path} may not be ${doing === 'read' ? 'read' : 'written'} by you. Change its permissions, or choose another place.`;
    case 'EISDIR':
      return `${path} is a folder. Name a file.`;
    case 'ENOSPC':
      return `The disk is full: ${path} ends where it was cut. Free some space and record again.`;
    default:
      return `${path} could not be ${doing === 'read' ? 'read' : 'written'}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
