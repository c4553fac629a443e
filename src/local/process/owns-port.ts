import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** State of a listening socket in `/proc/net/tcp` (Linux, include/net/tcp_states.h). */
const listening = '0A';

/**
 * Tells whether a process of a group listens on a TCP port of this machine. Undefined where the system does not say.
 *
 * @param group the id of the process that leads the group
 */
export function ownsPort(group: number, port: number): boolean | undefined {
  return process.platform === 'linux' ? ownsPortOnLinux(group, port) : ownsPortElsewhere(group, port);
}

function ownsPortOnLinux(group: number, port: number): boolean | undefined {
  const inodes = new Set([...readInodes('/proc/net/tcp', port), ...readInodes('/proc/net/tcp6', port)]);
  return inodes.size === 0 ? undefined : readGroup(group).some((pid) => readSockets(pid).some((id) => inodes.has(id)));
}

/** `lsof` is part of macOS. */
function ownsPortElsewhere(group: number, port: number): boolean | undefined {
  const { status, stdout } = spawnSync('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN'], { encoding: 'utf8' });
  if (status !== 0) {
    return undefined;
  }
  return stdout
    .split('\n')
    .filter((pid) => pid !== '')
    .some((pid) => Number(spawnSync('ps', ['-o', 'pgid=', '-p', pid], { encoding: 'utf8' }).stdout) === group);
}

function readInodes(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readText(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/u))
    .filter(([, address = '', , state]) => address.endsWith(suffix) && state === listening)
    .map((fields) => fields[9] ?? '');
}

/** The processes of a group; the fifth field of `/proc/<pid>/stat` is its id (proc_pid_stat(5)). */
function readGroup(group: number): readonly string[] {
  return readdirSync('/proc').filter(
    (name) =>
      /^\d+$/u.test(name) &&
      Number(readText(`/proc/${name}/stat`).replace(/^.*\)/su, '').trim().split(' ')[2]) === group,
  );
}

function readSockets(pid: string): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/u.exec(readlinkSync(`${folder}/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** Empty where it is gone, as a process may be at any time. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
