import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Deployment } from '../../src/local/template/deployment.ts';
import { readDeployment } from '../../src/local/template/read-deployment.ts';
import { parseYamlTemplate } from '../../src/local/template/yaml-template.ts';

/** Where `fixture-templates/chain.yaml` is, a chain without the CDK. */
export const chainTemplate: string = fileURLToPath(new URL('fixture-templates/chain.yaml', import.meta.url));

/** A template, to be edited. */
export interface LooseTemplate {
  Transform?: unknown;
  Resources: Record<string, { Type: string; Condition?: string; Properties: Record<string, unknown> } | undefined>;
}

/** One place of a template, and what stands there instead: undefined takes it away. */
export type TemplateEdit = readonly [resource: string, path: string, value: unknown];

/** The chain's template with other values in it. */
export interface EditedTemplate {
  /** The file with the edits made. */
  write(edits: readonly TemplateEdit[], more?: (template: LooseTemplate) => void): string;
  /** What it deploys with the edits made. */
  read(edits: readonly TemplateEdit[], more?: (template: LooseTemplate) => void): Promise<Deployment>;
  /** Removes all that was written. */
  remove(): void;
}

/** Opens the chain's template for edits, in JSON. */
export async function editChainTemplate(parameters: Readonly<Record<string, string>> = {}): Promise<EditedTemplate> {
  const template = (await parseYamlTemplate(readFileSync(chainTemplate, 'utf8'), chainTemplate)) as LooseTemplate;
  const directory = mkdtempSync(path.join(tmpdir(), 'chain-template-'));
  let count = 0;
  const write: EditedTemplate['write'] = (edits, more) => {
    const edited = structuredClone(template);
    for (const [resource, place, value] of edits) {
      edit(edited, resource, place, value);
    }
    more?.(edited);
    count += 1;
    const file = path.join(directory, String(count), 'chain.template.json');
    mkdirSync(path.dirname(file));
    writeFileSync(file, JSON.stringify(edited, withAbsolutePaths));
    return file;
  };
  return {
    write,
    read: (edits, more) =>
      readDeployment(write(edits, more), { accountId: '000000000000', region: 'us-east-1', parameters }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Without a path the whole resource; what is missing on the way is made. */
function edit(template: LooseTemplate, resource: string, place: string, value: unknown): void {
  const way = place === '' ? [resource] : [resource, 'Properties', ...place.split('.')];
  let target = template.Resources as Record<string, unknown>;
  for (const name of way.slice(0, -1)) {
    target[name] ??= {};
    target = target[name] as Record<string, unknown>;
  }
  const last = way.at(-1) ?? resource;
  if (value === undefined) {
    delete target[last];
  } else {
    target[last] = value;
  }
}

function withAbsolutePaths(key: string, value: unknown): unknown {
  return key === 'Code' && typeof value === 'string' ? path.resolve(path.dirname(chainTemplate), value) : value;
}
