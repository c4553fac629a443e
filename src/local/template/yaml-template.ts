import type * as YamlModule from 'yaml';
import type { CollectionTag, Document, ScalarTag, Tags, YAMLMap, YAMLSeq } from 'yaml';
import { LocalChainError } from '../local-chain-error.ts';

type Yaml = typeof YamlModule;

/** Intrinsics with a short form that is no condition's (CloudFormation, Intrinsic function reference). */
const shortNames = [
  'And',
  'Base64',
  'Cidr',
  'Condition',
  'Equals',
  'FindInMap',
  'GetAZs',
  'GetAtt',
  'GetStackOutput',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'Ref',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
];

/** Tags of YAML 1.1 that CloudFormation does not have (CloudFormation, Template format): a date stays a string. */
const replaced = ['timestamp', 'binary', 'set', 'bool'].map((name) => `tag:yaml.org,2002:${name}`);

/** The booleans of YAML 1.1 but `y` and `n`, which parsers in use take for strings. */
const booleans: readonly ScalarTag[] = [
  { value: true, test: /^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/u },
  { value: false, test: /^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/u },
].map(({ value, test }) => ({ tag: 'tag:yaml.org,2002:bool', default: true, test, resolve: () => value }));

/**
 * Parses a template in YAML, with the short forms of intrinsics such as `!Sub`.
 *
 * @param importYaml gives the `yaml` package, which is no dependency of this one
 * @throws LocalChainError with a sentence where the text is no YAML, or the package is not installed
 */
export async function parseYamlTemplate(
  text: string,
  file: string,
  importYaml: () => Promise<Yaml> = () => import('yaml'),
): Promise<unknown> {
  const yaml = await importYaml().catch((error: unknown) => {
    throw new LocalChainError(`"${file}" is YAML, for which the package yaml is needed: npm install --save-dev yaml`, {
      cause: error,
    });
  });
  const customTags = (tags: Tags): Tags => [
    ...booleans,
    ...tags.filter((tag) => typeof tag === 'string' || !replaced.includes(tag.tag)),
    ...shortNames.flatMap((name) => tagsOf(yaml, name)),
  ];
  const document = yaml.parseDocument(text, { version: '1.1', customTags });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    throw unreadable(file, fault.message.split('\n', 1).join('').replace(/:$/u, ''), fault);
  }
  return toPlain(document, file);
}

/** The package limits how often aliases may be followed. */
function toPlain(document: Document, file: string): unknown {
  let plain: unknown;
  try {
    plain = document.toJS();
  } catch (error) {
    throw unreadable(file, error instanceof Error ? error.message : String(error), error);
  }
  if (containsItself(plain, [])) {
    throw unreadable(file, 'an alias stands in what it names');
  }
  return plain;
}

function containsItself(value: unknown, around: readonly object[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    (around.includes(value) || Object.values(value).some((member) => containsItself(member, [...around, value])))
  );
}

function unreadable(file: string, reason: string, cause?: unknown): LocalChainError {
  return new LocalChainError(`"${file}" cannot be read: ${reason}`, { cause });
}

/** One tag for each form that its argument may have: text, a list, an object. */
function tagsOf(yaml: Yaml, name: string): readonly (ScalarTag | CollectionTag)[] {
  const tag = `!${name}`;
  const longName = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const wrap = (argument: YAMLMap | YAMLSeq): YAMLMap => {
    const map = new yaml.YAMLMap();
    map.set(longName, argument);
    return map;
  };
  return [
    { tag, resolve: (text) => ({ [longName]: text }) },
    { tag, collection: 'seq', resolve: (node) => wrap(node) },
    { tag, collection: 'map', resolve: (node) => wrap(node) },
  ];
}
