import type { LooseResource } from './fixture-assembly.ts';

/** A statement of a role's policy, as the CDK writes it. */
export interface LooseStatement {
  readonly Action: string | readonly string[];
  readonly Resource: readonly unknown[];
}

/** Takes statements out of the policies of roles. */
export function withStatements(resource: LooseResource, keep: (statement: LooseStatement) => boolean): LooseResource {
  return editStatements(resource, (statements) => statements.filter(keep));
}

/** Changes the statements for an action in the policies of roles. */
export function changeStatements(
  resource: LooseResource,
  action: string,
  change: (statement: LooseStatement) => object,
): LooseResource {
  return editStatements(resource, (statements) =>
    statements.map((statement) => (String(statement.Action) === action ? change(statement) : statement)),
  );
}

function editStatements(
  resource: LooseResource,
  edit: (statements: readonly LooseStatement[]) => readonly unknown[],
): LooseResource {
  if (resource.Type !== 'AWS::IAM::Policy') return resource;
  const document = resource.Properties['PolicyDocument'] as { readonly Statement: readonly LooseStatement[] };
  const statements = edit(document.Statement);
  return {
    ...resource,
    Properties: { ...resource.Properties, PolicyDocument: { ...document, Statement: statements } },
  };
}

/** The lock of an agent with another role in the place of the relay's. */
export function lockedFor(resource: LooseResource, role: string): LooseResource {
  if (resource.Type !== 'AWS::BedrockAgentCore::ResourcePolicy') return resource;
  const text = JSON.stringify(resource.Properties['Policy']);
  const Policy: unknown = JSON.parse(
    text.replaceAll(/\{"Fn::GetAtt":\["RelayRole\w+","Arn"\]\}/gu, JSON.stringify(role)),
  );
  return { ...resource, Properties: { ...resource.Properties, Policy } };
}

/** Whether a resource is the role of a function that is not at the edge. */
export function isRelayRole({ Type, Properties }: LooseResource): boolean {
  const trust = JSON.stringify(Properties['AssumeRolePolicyDocument']);
  return Type === 'AWS::IAM::Role' && trust.includes('"lambda.amazonaws.com"') && !trust.includes('edgelambda');
}
