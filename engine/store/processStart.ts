// When a process started, as a text that two processes with the same pid never share. Best effort outside Linux.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The text, or undefined when there is no such process or this system does not tell. */
export function processStart(pid: number, platform: string = process.platform): string | undefined {
  try {
    if (platform === 'linux') {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // Field 22 (proc(5)); the second field, the command in parentheses, may hold anything.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      return ticks && `${boot}:${ticks}`;
    }
    if (platform === 'darwin') {
      const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 2000 });
      return text.trim() || undefined;
    }
  } catch {
    // No such process, or no way to ask.
  }
  return undefined;
}
