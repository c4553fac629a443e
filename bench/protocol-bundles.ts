import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { relayBundle } from '../scripts/lambda-bundles.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What one protocol adds to the relay's bundle. */
export interface ProtocolSize {
  readonly name: string;
  /** How much smaller the bundle is without it. What it shares with another protocol is counted for neither. */
  readonly bytes: number;
}

/** Builds the relay with `original` as its only protocol, by the machinery that builds the one that is deployed. */
export async function buildOriginalAlone(outfile: string): Promise<void> {
  await buildRelay((name) => name === 'original', outfile);
}

/** Builds the relay once without each of its protocols and once with all. */
export async function measureProtocolSizes(): Promise<readonly ProtocolSize[]> {
  const names: string[] = [];
  const whole = await buildRelay((name) => names.push(name) > 0);
  const sizes: ProtocolSize[] = [];
  for (const left of names) sizes.push({ name: left, bytes: whole - (await buildRelay((name) => name !== left)) });
  return sizes;
}

/** @returns The bundle's size in bytes. It is only written where there is a file for it. */
async function buildRelay(keeps: (protocol: string) => boolean, outfile?: string): Promise<number> {
  const { outputFiles } = await build({
    ...relayBundle,
    absWorkingDir: root,
    plugins: [selectProtocols(keeps)],
    write: false,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('the relay was not built');
  if (outfile !== undefined) await writeFile(outfile, file.contents);
  return file.contents.byteLength;
}

/** Takes protocols out of the list of `src/protocols/select.ts`, which is the only place that names them all. */
function selectProtocols(keeps: (protocol: string) => boolean): Plugin {
  return {
    name: 'select-protocols',
    setup(build) {
      build.onLoad({ filter: /[/\\]protocols[/\\]select\.ts$/ }, async ({ path }) => ({
        contents: keepProtocols(await readFile(path, 'utf8'), keeps),
        loader: 'ts',
      }));
    },
  };
}

/**
 * Takes protocols out of the module's list.
 *
 * @param keeps - Called for each protocol, by the name of its module, in the order of the list.
 * @throws Error where the list is written in another way than this function knows.
 */
export function keepProtocols(module: string, keeps: (protocol: string) => boolean): string {
  const modules = new Map(
    Array.from(module.matchAll(/^import \{ (\w+) \} from '\.\/([\w-]+)\.ts';$/gmu), ([, value = '', name = '']) => [
      value,
      name,
    ]),
  );
  const list = /(?<=^export const defaultProtocols: readonly Protocol\[\] = \[)[^\]]*(?=\];$)/mu;
  const values = (list.exec(module)?.[0].split(',') ?? []).map((value) => value.trim()).filter((value) => value !== '');
  const kept = values.filter((value) => {
    const name = modules.get(value.replace('()', ''));
    if (name === undefined) throw new Error(`${value} is not imported from a module of its own`);
    return keeps(name);
  });
  if (values.length === 0) throw new Error('there is no list of protocols');
  return module.replace(list, kept.join(', '));
}
