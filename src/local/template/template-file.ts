import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalChainError } from '../local-chain-error.ts';
import { readCloudAssembly, requireNoTransform, sectionsOf } from './cloud-assembly.ts';
import type { CloudAssembly, StackTemplate } from './cloud-assembly.ts';
import { asObject } from './json.ts';
import type { JsonObject } from '../../json.ts';
import { parseYamlTemplate } from './yaml-template.ts';

/**
 * Reads what is to be run: the folder of a cloud assembly, or a CloudFormation template in JSON or YAML.
 *
 * @throws LocalChainError with a sentence where there is neither, or one that cannot be read.
 */
export async function readAssembly(location: string): Promise<CloudAssembly> {
  if (!existsSync(location) || statSync(location).isDirectory()) {
    return readCloudAssembly(location);
  }
  const file = path.resolve(location);
  const stack = await readTemplateFile(file, path.basename(file).replace(/(?:\.template)?\.[a-z]+$/iu, ''));
  return { directory: file, stacks: [stack], assets: new Map() };
}

/** @param around the templates that it is nested in, the outermost first */
async function readTemplateFile(file: string, name: string, around: readonly string[] = []): Promise<StackTemplate> {
  const template = await parseTemplate(file);
  requireNoTransform(template, file);
  const directory = path.dirname(file);
  const sections = sectionsOf(template);
  const nested: Record<string, StackTemplate> = {};
  for (const [logicalId, resource] of Object.entries(sections.resources)) {
    if (asObject(resource)?.['Type'] === 'AWS::CloudFormation::Stack') {
      const url = asObject(asObject(resource)?.['Properties'])?.['TemplateURL'];
      if (typeof url !== 'string' || /^https?:/u.test(url)) {
        throw new LocalChainError(
          `resource ${logicalId} (AWS::CloudFormation::Stack) of stack ${name}: property TemplateURL must be a path, as "aws cloudformation package" takes it, not ${JSON.stringify(url)}`,
        );
      }
      const inner = path.resolve(directory, url);
      const own = [...around, file];
      if (own.includes(inner)) {
        throw new LocalChainError(
          `resource ${logicalId} (AWS::CloudFormation::Stack) of stack ${name}: property TemplateURL is ${JSON.stringify(url)}, in which this template itself is nested`,
        );
      }
      nested[logicalId] = await readTemplateFile(inner, logicalId, own);
    }
  }
  return { name, region: undefined, accountId: undefined, ...sections, nested, directory };
}

async function parseTemplate(file: string): Promise<JsonObject> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const template = asObject(
    text.trimStart().startsWith('{') ? parseJsonTemplate(text, file) : await parseYamlTemplate(text, file),
  );
  if (asObject(template?.['Resources']) === undefined) {
    throw new LocalChainError(`"${file}" is no CloudFormation template: it has no Resources`);
  }
  return template ?? {};
}

function parseJsonTemplate(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): LocalChainError {
  return new LocalChainError(`"${file}" cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
