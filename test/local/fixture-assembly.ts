import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A resource of a synthesized template, to be edited. */
export interface LooseResource {
  Type: string;
  Properties: Record<string, unknown>;
}

/** A cloud assembly in a temporary folder. */
export interface FixtureAssembly {
  readonly directory: string;
  /** A copy of the assembly in which every resource has passed through `edit`; undefined removes one. */
  copyWith(edit: (resource: LooseResource) => LooseResource | undefined): string;
  /** Removes the assembly and its copies. */
  remove(): void;
}

/** What the fixture's relay shows its viewers where it shows its event: secrets, by their names for the leak detector. */
export const shownWithEvent = [
  'an ARN',
  'an access key id',
  'a role',
  'the account id of the chain',
  'the host of a Function URL',
  'the session token of CloudFront',
] as const;

/** Synthesizes `fixture-app.ts`, with the functions of `edgeDirectory` at the edge. Default: its own. */
export function synthesizeFixture(edgeDirectory?: string): FixtureAssembly {
  const root = mkdtempSync(path.join(tmpdir(), 'local-chain-'));
  const directory = path.join(root, 'cdk.out');
  const app = fileURLToPath(new URL('fixture-app.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [app], {
    env: { PATH: process.env['PATH'], CDK_OUTDIR: directory, FIXTURE_EDGE: edgeDirectory },
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new Error(`the fixture cannot be synthesized: ${stderr}`);
  }
  let copies = 0;
  return {
    directory,
    copyWith: (edit) => {
      copies += 1;
      const copy = path.join(root, `copy-${copies}`);
      copyAssembly(directory, copy, edit);
      return copy;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Copies an assembly with every resource passed through `edit`; undefined removes one. `more` come into every stack. */
export function copyAssembly(
  directory: string,
  copy: string,
  edit: (resource: LooseResource) => LooseResource | undefined,
  more: Readonly<Record<string, LooseResource>> = {},
): void {
  cpSync(directory, copy, { recursive: true });
  for (const name of readdirSync(copy).filter((file) => file.endsWith('.template.json'))) {
    const file = path.join(copy, name);
    const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, LooseResource> };
    const resources = Object.entries(template.Resources).map(([id, resource]) => [id, edit(resource)] as const);
    template.Resources = {
      ...Object.fromEntries(resources.flatMap(([id, resource]) => (resource === undefined ? [] : [[id, resource]]))),
      ...more,
    };
    writeFileSync(file, JSON.stringify(template));
  }
}
