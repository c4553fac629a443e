import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { describeBodyLimit, findInspectionLimit, maxEdgeBodyBytes } from './body-size-rule.ts';
import { bringFromEdge, findEdgeScope } from './edge-scope.ts';
import { createAnswers, observe } from './firewall-rule.ts';
import type { UnorderedRule } from './firewall-rule.ts';
import { createFirewallRules } from './firewall-rules.ts';
import { nameGlobally } from './global-name.ts';
import type { ManagedRules } from './managed-rules.ts';

/** How strict the web ACL in front of the relay is. */
export interface RelayFirewall {
  /**
   * Requests that one address may send within `windowSeconds`, at least 10; then 429. Preflights have a rate of the same
   * size for themselves. Whoever shares an address, as an office does, shares the rate.
   *
   * @default 300
   */
  readonly rateLimitPerIp?: number;

  /**
   * Requests that may be sent with one key, token or password within `windowSeconds`, at least 10, from however many
   * addresses; then 429. Not where everybody may call: many clients then send the same key, which is none.
   *
   * @default 600
   */
  readonly rateLimitPerKey?: number;

  /**
   * How far back requests are counted.
   *
   * @default 300
   */
  readonly windowSeconds?: 60 | 120 | 300 | 600;

  /**
   * Largest body, in bytes; 413 over it. At most what Lambda@Edge can hash. Between 64 KB and that, a body over 16 KB
   * has to say its size in `content-length`, as all clients do that send JSON.
   *
   * @default 1,048,576
   */
  readonly maxBodyBytes?: number;

  /**
   * What is done with what AWS's rules find, by their names, where it is not the default: what may be a prompt is counted, and
   * everything else is blocked with 403.
   *
   * @default - {}
   */
  readonly managedRules?: ManagedRules;

  /**
   * Rules of your own, after the package's. Their answers may be `blocked`, `rate_limited` and `payload_too_large`, as
   * `customResponseBodyKey`.
   *
   * @default - none
   */
  readonly extraRules?: Omit<CfnWebACL.RuleProperty, 'priority'>[];

  /**
   * Whether the requests that were blocked are logged, without bodies, queries and credentials.
   *
   * @default true
   */
  readonly logs?: boolean;

  /**
   * How long that log is kept. It goes away with the stack.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;
}

/** What the firewall has to know of the relay behind it. */
export interface FirewallContext {
  /** Whether callers have keys, tokens or passwords. */
  readonly hasCredentials: boolean;
  /** Whether credentials may be in headers that only the user's own code knows. */
  readonly hidesAllHeaders: boolean;
}

/** The quota of a rate (`RateBasedStatement`, AWS WAF API Reference). */
const rateBounds = { least: 10, most: 2_000_000_000 };

/** The headers that may have a credential, or the id of a conversation, which without authentication is one. */
const sensitiveHeaders = [
  'authorization',
  'x-relay-authorization',
  'x-api-key',
  'cookie',
  'x-session-id',
  'x-openwebui-chat-id',
];

/**
 * Makes the web ACL, in us-east-1, and gives its ARN as the relay's own stack knows it.
 *
 * @throws Error for a limit, a rule or an action that AWS WAF would refuse, or would ignore.
 */
export function createFirewall(relay: Construct, options: RelayFirewall, context: FirewallContext): string {
  const { maxBodyBytes = maxEdgeBodyBytes } = options;
  const rules = orderRules(options, context);
  const edgeScope = findEdgeScope(relay);
  const scope = new Construct(edgeScope, 'Firewall');
  const limit = findInspectionLimit(maxBodyBytes);
  const webAcl = new CfnWebACL(scope, 'WebAcl', {
    description: 'In front of an AgentCore relay',
    scope: 'CLOUDFRONT',
    defaultAction: { allow: {} },
    rules,
    customResponseBodies: createAnswers({
      blocked: 'the request looks like an attack and was blocked',
      rate_limited: 'too many requests; try again in a few minutes',
      payload_too_large: describeBodyLimit(maxBodyBytes),
    }),
    ...(limit !== undefined && {
      associationConfig: { requestBody: { CLOUDFRONT: { defaultSizeInspectionLimit: limit } } },
    }),
    dataProtectionConfig: { dataProtections: protectData(context) },
    // CloudWatch tells web ACLs apart by this name alone ("AWS WAF metrics and dimensions").
    visibilityConfig: observe(nameGlobally(relay, 'firewall')),
  });
  if (options.logs !== false) logBlocked(relay, scope, webAcl, options.logRetention);
  return bringFromEdge(relay, edgeScope, 'WebAclArn', webAcl.attrArn);
}

function orderRules(options: RelayFirewall, { hasCredentials }: FirewallContext): CfnWebACL.RuleProperty[] {
  const {
    rateLimitPerIp = 300,
    rateLimitPerKey = 600,
    windowSeconds = 300,
    maxBodyBytes = maxEdgeBodyBytes,
    managedRules = {},
    extraRules = [],
  } = options;
  requireBetween('rateLimitPerIp', rateLimitPerIp, rateBounds);
  requireBetween('rateLimitPerKey', rateLimitPerKey, rateBounds);
  requireBetween('maxBodyBytes', maxBodyBytes, { least: 1, most: maxEdgeBodyBytes });
  if (![60, 120, 300, 600].includes(windowSeconds)) {
    throw new Error(`firewall.windowSeconds is ${windowSeconds}; allowed are 60, 120, 300, 600`);
  }
  const own = createFirewallRules({
    rateLimitPerIp,
    rateLimitPerKey: hasCredentials ? rateLimitPerKey : undefined,
    windowSeconds,
    maxBodyBytes,
    managedRules,
  });
  requireNewNames(own, extraRules);
  return [...own, ...extraRules].map((rule, priority) => ({ ...rule, priority }));
}

function requireBetween(option: string, value: number, { least, most }: { least: number; most: number }): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`firewall.${option} is ${value}; it must be an integer from ${least} to ${most}`);
  }
}

function requireNewNames(own: readonly UnorderedRule[], extraRules: readonly UnorderedRule[]): void {
  const names = new Set(own.map(({ name }) => name));
  for (const { name } of extraRules) {
    if (names.has(name)) throw new Error(`firewall.extraRules has "${name}", the name of another rule`);
    names.add(name);
  }
}

/**
 * Of what AWS WAF keeps of requests, in logs and samples: the key that a rate is counted for would be in them in full, and
 * so would be the piece of a prompt that looks like an attack ("Data protection", AWS WAF Developer Guide).
 */
function protectData({ hidesAllHeaders }: FirewallContext): CfnWebACL.DataProtectProperty[] {
  const fields: CfnWebACL.FieldToProtectProperty[] = [
    { fieldType: 'SINGLE_HEADER', ...(!hidesAllHeaders && { fieldKeys: sensitiveHeaders }) },
    { fieldType: 'SINGLE_COOKIE' },
    { fieldType: 'QUERY_STRING' },
    { fieldType: 'SINGLE_QUERY_ARGUMENT' },
    { fieldType: 'BODY' },
  ];
  return fields.map((field) => ({
    field,
    action: 'SUBSTITUTION',
    excludeRateBasedDetails: false,
    excludeRuleMatchDetails: false,
  }));
}

/** AWS WAF writes only to log groups whose names begin so ("Sending protection pack (web ACL) traffic logs to a log group"). */
function logBlocked(relay: Construct, scope: Construct, webAcl: CfnWebACL, retention?: logs.RetentionDays): void {
  const logGroup = new logs.LogGroup(scope, 'LogGroup', {
    logGroupName: `aws-waf-logs-${nameGlobally(relay, 'firewall')}`,
    retention: retention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // The construct's own ARN ends in ":*", which AWS WAF refuses.
  const destination = Stack.of(scope).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: logGroup.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  new CfnLoggingConfiguration(scope, 'Logging', {
    resourceArn: webAcl.attrArn,
    logDestinationConfigs: [destination],
    loggingFilter: {
      DefaultBehavior: 'DROP',
      Filters: [{ Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: [{ ActionCondition: { Action: 'BLOCK' } }] }],
    },
    redactedFields: [...sensitiveHeaders.map((header) => ({ singleHeader: { Name: header } })), { queryString: {} }],
  });
}
