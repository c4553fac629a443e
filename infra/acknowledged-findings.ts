import { Stack, Validations } from 'aws-cdk-lib';
import { CfnDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IConstruct } from 'constructs';

/** What cdk-nag finds in a relay's distribution and why this deployment accepts it, by rule. */
const distributionReasons = {
  'AwsSolutions-CFR1': 'The demo is for callers from every country; whom an agent serves is for its owner to say.',
  'AwsSolutions-CFR3':
    'The prompt of a GET is in its URL: an access log would keep what people ask. The relay logs each request without it.',
  'AwsSolutions-CFR4':
    "CloudFront's own certificate allows no TLS floor. With certificate and domainNames, AgentRelay sets TLSv1.2_2021; to the origin it is TLS 1.2 already.",
};

/** What it finds where nobody wants a web ACL. */
const openDistributionReasons = {
  'AwsSolutions-CFR2': 'Whoever deploys it has said -c firewall=off: a web ACL costs by the month.',
};

/** What cdk-nag finds in the secret with the callers' hashes. */
const secretReasons = {
  'AwsSolutions-SMG4':
    'It holds hashes, which open nothing. A new key has to reach the caller who has it: people rotate it, with two keys of one id for a while.',
};

/** The wildcards in the roles of this deployment and why they stay. What none of these fits is still reported. */
const wildcardReasons: readonly (readonly [finding: RegExp, reason: string])[] = [
  [
    /^Resource::arn:[a-z-]+:logs:\*:[^*]+:log-group:<[^>*]*BodyHashLogGroup[^>*]*>:\*$/u,
    'Lambda@Edge logs in the region nearest to the viewer: every region, and every stream, of this one log group.',
  ],
  [
    /^Resource::arn:[a-z-]+:bedrock:\*::foundation-model\/[^*]+$/u,
    'One model, and only through one inference profile, whose destination regions AWS chooses and changes.',
  ],
  [
    /^Resource::arn:[a-z-]+:logs:[^*]+:log-group:(?:\/aws\/bedrock-agentcore\/runtimes\/)?\*(?::log-stream:\*)?$/u,
    'From the L2 Runtime: AgentCore names the log groups after an id that does not exist before the role; it has to find and write its own.',
  ],
  [
    /^Resource::\*$/u,
    'From the L2 Runtime: the X-Ray actions know no resources, and PutMetricData is bound to the namespace bedrock-agentcore.',
  ],
  [
    /^Resource::arn:[a-z-]+:bedrock-agentcore:[^*]+:workload-identity-directory\/default\/workload-identity\/[^*]*\*$/u,
    "From the L2 Runtime: AgentCore makes the agent's workload identity, under a name that it chooses, after the role.",
  ],
  [
    /^(?:Action::s3:(?:GetBucket|GetObject|List)\*|Resource::arn:[a-z-]+:s3:::cdk-[^*]+\/\*)$/u,
    "From the L2 Runtime: AgentCore fetches the agent's code from the bucket of the CDK's assets; reading only.",
  ],
];

/** Acknowledges, with its reason and one by one, each finding of cdk-nag's AwsSolutions that is meant to be. */
export function acknowledgeFindings(root: IConstruct): void {
  for (const construct of root.node.findAll()) {
    if (construct instanceof CfnDistribution) {
      acknowledge(construct, distributionReasons);
      if (!hasWebAcl(construct)) acknowledge(construct, openDistributionReasons);
    } else if (construct instanceof CfnSecret) {
      acknowledge(construct, secretReasons);
    } else if (construct instanceof CfnPolicy) {
      Validations.of(construct).acknowledge(...explainWildcards(construct));
    }
  }
}

function hasWebAcl(distribution: CfnDistribution): boolean {
  const config = Stack.of(distribution).resolve(distribution.distributionConfig) as { readonly webAclId?: unknown };
  return config.webAclId !== undefined;
}

function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  Validations.of(construct).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}

function explainWildcards(policy: CfnPolicy): { id: string; reason: string }[] {
  const { Statement: statements } = Stack.of(policy).resolve(policy.policyDocument) as {
    readonly Statement: readonly { readonly Action: unknown; readonly Resource: unknown }[];
  };
  return statements
    .flatMap(({ Action: actions, Resource: resources }) => [
      ...[actions].flat().map((action) => `Action::${flatten(action)}`),
      ...[resources].flat().map((resource) => `Resource::${flatten(resource)}`),
    ])
    .flatMap((finding) => {
      const reason = wildcardReasons.find(([pattern]) => pattern.test(finding))?.[1];
      return reason === undefined ? [] : [{ id: `AwsSolutions-IAM5[${finding}]`, reason }];
    });
}

/** CloudFormation's functions as cdk-nag writes them in the names of its findings. */
function flatten(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  const [[name, argument] = ['', '']] = Object.entries(value as Record<string, unknown>);
  switch (name) {
    case 'Fn::Join':
      return (argument as [string, unknown[]])[1].map(flatten).join((argument as [string])[0]);
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::Sub':
      return String(argument).replaceAll('${', '<').replaceAll('}', '>');
    case 'Ref':
      return `<${String(argument)}>`;
    default:
      return JSON.stringify(value);
  }
}
