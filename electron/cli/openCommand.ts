/** `chimneysweep open`: shows a trace in a browser of this machine. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { fileProblem } from '../files/fileProblem';
import { looksLikeTrace } from '../files/sourceFile';
import { complain } from './complain';
import { startViewerServer, type ViewerServer } from './viewerServer';

interface OpenOptions {
  readonly port?: number;
  readonly browser?: boolean;
  readonly viewer?: string;
  readonly json?: boolean;
}

/** The viewer beside the built command line. */
const builtViewer = path.resolve(__dirname, '..', 'viewer');

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A TCP port from 0 to 65535; 0 for any.');
  return port;
}

/** Adds the verb to the program. */
export function addOpenCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('open')
    .description('Serve a trace and the web viewer on this machine until Ctrl+C, and tell the address.')
    .argument('<trace>', 'a .sweep file')
    .option('--port <number>', 'TCP port on 127.0.0.1 (any that is free)', parsePort)
    .option('--browser', 'open the address in the browser')
    .option('--viewer <folder>', 'another built viewer than the one beside the program')
    .option('--json', 'print the address as JSON')
    .action(async (trace: string, options: OpenOptions) => {
      exitWith(await open(trace, options));
    });
}

/** Lets the system open an address; who has no browser has the address still. */
function showInBrowser(url: string): void {
  const [program, ...words] =
    process.platform === 'win32'
      ? ['rundll32', 'url.dll,FileProtocolHandler', url]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', url];
  const child = spawn(program, words, { detached: true, stdio: 'ignore' });
  child.on('error', () => {
    process.stderr.write('chimneysweep: no browser could be opened. Open the address yourself.\n');
  });
  child.unref();
}

async function open(
  trace: string,
  { port, browser, viewer = builtViewer, json }: OpenOptions,
): Promise<number> {
  const looks = looksLikeTrace(trace);
  if (!looks.ok) return complain(looks.error);
  if (!looks.value) return complain(`${trace} is no trace. Choose a .sweep file that Chimneysweep recorded.`);
  if (!existsSync(path.join(viewer, 'index.html')))
    return complain(`There is no viewer in ${viewer}. Build it with \`npm run build:viewer\`.`);
  let server: ViewerServer;
  try {
    server = await startViewerServer({ viewer, trace: path.resolve(trace), port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE' || code === 'EACCES')
      return complain(`Port ${port} is not to be had. Choose another one, or none.`);
    if (code === undefined) throw error;
    return complain(fileProblem(error, 'read', viewer));
  }
  const { url } = server;
  process.stdout.write(
    json === true ? `${JSON.stringify({ url, trace })}\n` : `${url}\nCtrl+C stops serving it.\n`,
  );
  if (browser === true) showInBrowser(url);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.close();
  return 0;
}
