/** tshark as a referee of captures; tests that need it are skipped where it is not installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Whether tshark is installed here. */
export const hasTshark = spawnSync('tshark', ['--version']).status === 0;

/** What no capture may show, whatever the wire does to frames. */
export const hardErrors = [
  '_ws.malformed',
  'ip.checksum.status==0',
  'tcp.checksum.status==0',
  '_ws.expert.severity==8388608',
  'tcp.analysis.reused_ports',
  'tcp.segment.overlap.conflict',
  '(tcp.flags.syn==1 && tcp.flags.fin==1)',
  '(tcp.flags.ack==0 && tcp.flags.syn==0 && tcp.flags.reset==0)',
].join(' || ');

/** What else no capture may show on a wire that loses nothing. */
export const lossErrors =
  'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || (tcp.analysis.flags && !tcp.analysis.window_update)';

const switches = [
  ['-o', 'ip.check_checksum:TRUE'],
  ['-o', 'tcp.check_checksum:TRUE'],
  ['-o', 'tcp.analyze_sequence_numbers:TRUE'],
].flat();

/** Fields of the packets of a capture that a display filter lets through, a row for each. */
export function tsharkRows(capture: Uint8Array, filter: string, fields: readonly string[]): string[][] {
  const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-tshark-'));
  try {
    const file = path.join(folder, 'capture.pcapng');
    writeFileSync(file, capture);
    const words = [
      '-n',
      '-r',
      file,
      ...switches,
      '-T',
      'fields',
      ...fields.flatMap((field) => ['-e', field]),
    ];
    const { status, stdout, stderr } = spawnSync('tshark', filter === '' ? words : [...words, '-Y', filter], {
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`tshark: ${stderr}`);
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
