import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalChainError } from '../local-chain-error.ts';
import type { CloudAssembly } from './cloud-assembly.ts';
import type { Property, TemplateResource } from './resource.ts';

/**
 * Folder of a function's code: an asset of the assembly; or, in a template by hand, a path as `aws cloudformation package`
 * takes it (`Code: ./folder`, `Code: ./file.mjs`) or the code itself (`Code.ZipFile`).
 *
 * @throws LocalChainError where it is something else, such as an archive
 */
export function functionCodeDirectory(assembly: CloudAssembly, lambda: TemplateResource): string {
  const code = lambda.get('Code');
  if (typeof code.value() === 'string') {
    return directoryAt(code, lambda);
  }
  const inline = code.get('ZipFile');
  if (!inline.isMissing) {
    // The name that Lambda gives it (CloudFormation, AWS::Lambda::Function Code).
    return directoryOf(inline.string(), (directory) =>
      writeFileSync(path.join(directory, 'index.js'), inline.string()),
    );
  }
  return assetDirectory(assembly, code.get('S3Key').string(), lambda);
}

/**
 * Folder of an agent's code: an asset of the assembly, or a path in a template by hand.
 *
 * @param code the runtime's `CodeConfiguration.Code`
 * @throws LocalChainError where it is something else, such as an archive
 */
export function agentCodeDirectory(assembly: CloudAssembly, code: Property, runtime: TemplateResource): string {
  return typeof code.value() === 'string'
    ? directoryAt(code, runtime)
    : assetDirectory(assembly, code.get('S3').get('Prefix').string(), runtime);
}

/** Folder of an asset by its S3 object key. */
function assetDirectory(assembly: CloudAssembly, objectKey: string, owner: TemplateResource): string {
  const directory = assembly.assets.get(objectKey);
  if (directory === undefined) {
    throw new LocalChainError(
      `${owner.toString()} is deployed from "${objectKey}", which is no asset of this assembly`,
    );
  }
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new LocalChainError(
      `${owner.toString()} is deployed from ${path.relative(process.cwd(), directory)}, which is not a folder; build and synthesize again`,
    );
  }
  return directory;
}

function directoryAt(code: Property, owner: TemplateResource): string {
  const given = code.string();
  const { directory } = owner.stack;
  if (directory === undefined) {
    throw code.fault(`is "${given}"; a cloud assembly names assets, not paths`);
  }
  const location = path.resolve(directory, given);
  const found = statSync(location, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    return location;
  }
  if (found === undefined) {
    throw code.fault(`is "${given}", and there is nothing at ${location}`);
  }
  if (/\.(?:zip|jar)$/iu.test(location)) {
    throw code.fault(`is "${given}"; the local chain runs folders and files, not archives`);
  }
  // Alone, as in the package: what lies beside it here is not deployed with it.
  return directoryOf(`${location} ${found.mtimeMs}`, (own) => {
    copyFileSync(location, path.join(own, path.basename(location)));
  });
}

/** Folders that were made for code that has none of its own, by what they were made of. */
const made = new Map<string, string>();

/** Whether a folder was made for code that has none of its own. */
export function isMadeForCode(directory: string): boolean {
  return [...made.values()].includes(directory);
}

/** A folder for code that has none of its own: the same for the same code, and gone when the process ends. */
function directoryOf(source: string, fill: (directory: string) => void): string {
  const key = createHash('sha256').update(source).digest('hex');
  const known = made.get(key);
  if (known !== undefined) {
    return known;
  }
  if (made.size === 0) {
    process.once('exit', () => {
      for (const directory of made.values()) {
        rmSync(directory, { recursive: true, force: true });
      }
    });
  }
  const directory = mkdtempSync(path.join(tmpdir(), 'agentcore-relay-code-'));
  fill(directory);
  made.set(key, directory);
  return directory;
}
