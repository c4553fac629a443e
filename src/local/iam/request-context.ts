/** The values of a request's condition keys. */
export interface RequestContext {
  /** None where the request has no such key; undefined where only AWS knows. A key's name is the same in any case. */
  valuesOf(key: string): readonly string[] | undefined;
}

/**
 * Keys that a request here has not, because of what it is: one of a function in no VPC, not by a service on somebody's
 * behalf, without web identity, that tags nothing (IAM, AWS global condition context keys, "Availability").
 */
const absentKeys =
  /^(?:aws:(?:source(?:vpc|vpce|vpcarn|arn|account|identity|orgid|orgpaths)|vpcsourceip|ec2instance.*|username|federatedprovider|multifactorauthage|tagkeys|requesttag\/.+|calledvia(?:first|last)?|principalservicename(?:slist)?|referer)|bedrock-agentcore:inboundjwtclaim\/.+)$/u;

/** Makes a context of what is known; a value that is undefined is one that the request has not. */
export function createRequestContext(known: Readonly<Record<string, string | undefined>>): RequestContext {
  const values = new Map(
    Object.entries(known).map(([key, value]) => [key.toLowerCase(), value === undefined ? [] : [value]]),
  );
  return {
    valuesOf: (key) => {
      const name = key.toLowerCase();
      return values.get(name) ?? (absentKeys.test(name) ? [] : undefined);
    },
  };
}
