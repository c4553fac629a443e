import type { Plugin } from 'esbuild';
import { bundleRelay } from '../scripts/lambda-bundles.ts';
import type { BundleFile } from '../scripts/split-bundle.ts';
import { protocolNames } from '../src/settings.ts';
import { ownFormats } from './subjects.ts';

/** What one protocol adds to the relay's bundle. */
export interface ProtocolSize {
  readonly name: string;
  /** The file that is loaded when the protocol is asked for, or how much smaller the start's file is without it. */
  readonly bytes: number;
  /** Whether it is read at every start, asked for or not. */
  readonly isReadAtStart: boolean;
}

/** Builds the relay with `original` as its only protocol, by the machinery that builds the one that is deployed. */
export function bundleOriginalAlone(): Promise<readonly BundleFile[]> {
  return bundleRelay([offerOnly(['original'])]);
}

/** Looks at the relay as it is deployed, and builds it once without each of its own formats. */
export async function measureProtocolSizes(): Promise<readonly ProtocolSize[]> {
  const files = await bundleRelay();
  const whole = sizeOf(await bundleRelay([offerOnly(ownFormats)]), 'index.mjs');
  return Promise.all(
    protocolNames.map(async (name) => {
      const isReadAtStart = !files.some((file) => file.name === `${name}.mjs`);
      const others = ownFormats.filter((format) => format !== name);
      const bytes = isReadAtStart
        ? whole - sizeOf(await bundleRelay([offerOnly(others)]), 'index.mjs')
        : sizeOf(files, `${name}.mjs`);
      return { name, bytes, isReadAtStart };
    }),
  );
}

/** Size of one file of a bundle, in bytes; 0 where the bundle has none of this name. */
function sizeOf(files: readonly BundleFile[], name: string): number {
  return Buffer.byteLength(files.find((file) => file.name === name)?.text ?? '');
}

/** Makes some of the relay's own formats all that it offers. */
function offerOnly(formats: readonly (typeof ownFormats)[number][]): Plugin {
  const imports = formats.map((name) => `import { ${name} } from './${name}.ts';\n`).join('');
  return {
    name: 'offer-only',
    setup(build) {
      build.onLoad({ filter: /[/\\]protocols[/\\]default-protocols\.ts$/ }, () => ({
        contents: `${imports}export const defaultProtocols = [${formats.join(', ')}];
export const listProtocols = () => defaultProtocols;`,
      }));
    },
  };
}
