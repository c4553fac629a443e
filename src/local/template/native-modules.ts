import { closeSync, openSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where a native module can be loaded: `linux arm64`, `linux x86_64`, or the platform alone where that says it all. */
export interface NativeModule {
  /** Path within the bundle. */
  readonly path: string;
  readonly target: string;
}

/** The instruction sets of Lambda by their number in a file of ELF (`e_machine`). */
const machines: Readonly<Record<number, string>> = { 0x3e: 'x86_64', 0xb7: 'arm64' };

/** Node's names for Lambda's. */
const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'arm64' };

/** Finds the native modules (`.node`) of a bundle, with the platform that each was built for. */
export function findNativeModules(directory: string): readonly NativeModule[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.node'))
    .map((path) => ({ path, target: targetOf(readHead(join(directory, path))) }));
}

/**
 * What a notice says where a bundle has native modules, but none for the architecture that the template names, or none for this
 * machine. A bundle with modules for several platforms is taken to choose among them.
 *
 * @param machine where this runs, as Node names it
 */
export function describeNativeModules(
  modules: readonly NativeModule[],
  architecture: string,
  machine: { readonly platform: string; readonly arch: string },
): readonly string[] {
  const [first] = modules;
  const deployed = `linux ${architecture}`;
  const here = `${machine.platform} ${architectures[machine.arch] ?? machine.arch}`;
  if (first === undefined) {
    return [];
  }
  const isFor = (target: string): boolean => modules.some((module) => module.target === target);
  const what = `holds ${first.path}, a native module for ${first.target}`;
  return [
    ...(isFor(deployed) ? [] : [`${what}: it cannot be loaded where it is deployed, on ${deployed}`]),
    ...(isFor(here) ? [] : [`${what}: it cannot be loaded on this machine, which is ${here}`]),
  ];
}

function readHead(path: string): Buffer {
  const head = Buffer.alloc(20);
  const file = openSync(path, 'r');
  try {
    readSync(file, head);
    return head;
  } finally {
    closeSync(file);
  }
}

/** By the first bytes of ELF, Mach-O and PE. */
function targetOf(head: Buffer): string {
  if (head.readUInt32BE() === 0x7f_45_4c_46) {
    const machine = head.readUInt16LE(18);
    return `linux ${machines[machine] ?? `machine ${machine}`}`;
  }
  if (head.toString('latin1', 0, 2) === 'MZ') {
    return 'win32';
  }
  return [0xcf_fa_ed_fe, 0xca_fe_ba_be].includes(head.readUInt32BE()) ? 'darwin' : 'no known platform';
}
