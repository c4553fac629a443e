/** The values of a request's condition keys. */
export interface RequestContext {
  /** None where the request has no such key; undefined where only AWS knows. A key's name is the same in any case. */
  valuesOf(key: string): readonly string[] | undefined;
}

/**
 * Keys, or how they begin, that a request here has not because of what it is: one of a role's session, which is in no VPC,
 * for itself, without web identity, that tags nothing (IAM, AWS global condition context keys, "Availability"; Service
 * Authorization Reference).
 */
const absentKeys: readonly string[] = [
  'aws:CalledVia',
  'aws:Ec2InstanceSource',
  'aws:FederatedProvider',
  'aws:MultiFactorAuthAge',
  'aws:PrincipalServiceName',
  'aws:PrincipalTag/',
  'aws:Referer',
  'aws:RequestTag/',
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:SourceIdentity',
  'aws:SourceOrg',
  'aws:SourceVpc',
  'aws:TagKeys',
  'aws:Username',
  'aws:VpcSourceIp',
  'bedrock-agentcore:InboundJwtClaim/',
].map((key) => key.toLowerCase());

/** Makes a context of what is known; a value that is undefined is one that the request has not. */
export function createRequestContext(known: Readonly<Record<string, string | undefined>>): RequestContext {
  const values = new Map(
    Object.entries(known).map(([key, value]) => [key.toLowerCase(), value === undefined ? [] : [value]]),
  );
  return {
    valuesOf: (key) => {
      const name = key.toLowerCase();
      return values.get(name) ?? (absentKeys.some((absent) => name.startsWith(absent)) ? [] : undefined);
    },
  };
}
