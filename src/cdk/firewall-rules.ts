import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { createBodySizeRule } from './body-size-rule.ts';
import { block, observe } from './firewall-rule.ts';
import type { UnorderedRule } from './firewall-rule.ts';
import { createManagedRules } from './managed-rules.ts';
import type { ManagedRules } from './managed-rules.ts';

/** What the rules are made of. */
export interface FirewallRuleSettings {
  /** Requests of one address within {@link windowSeconds}; preflights are counted apart. */
  readonly rateLimitPerIp: number;
  /** Requests with one key within {@link windowSeconds}; undefined where nobody has one. */
  readonly rateLimitPerKey: number | undefined;
  readonly windowSeconds: number;
  readonly maxBodyBytes: number;
  readonly managedRules: ManagedRules;
}

/**
 * The rules of the firewall, in their order: what is cheap to know first, and what a caller can do something about before
 * what is only said to be bad.
 */
export function createFirewallRules(settings: FirewallRuleSettings): readonly UnorderedRule[] {
  const [reputation, ...contents] = createManagedRules(settings.managedRules);
  return [
    ...(reputation === undefined ? [] : [reputation]),
    ...createIpRates(settings),
    ...createKeyRates(settings),
    createBodySizeRule(settings.maxBodyBytes),
    ...contents,
  ];
}

const preflight: CfnWebACL.StatementProperty = {
  byteMatchStatement: {
    fieldToMatch: { method: {} },
    positionalConstraint: 'EXACTLY',
    searchString: 'OPTIONS',
    textTransformations: [{ priority: 0, type: 'NONE' }],
  },
};

/** A page of another origin asks before each request of its own: together they would halve what a person may send. */
function createIpRates({ rateLimitPerIp, windowSeconds }: FirewallRuleSettings): readonly UnorderedRule[] {
  const rate = (name: string, scopeDownStatement: CfnWebACL.StatementProperty): UnorderedRule => ({
    name,
    action: block('rate_limited', windowSeconds),
    statement: {
      rateBasedStatement: {
        aggregateKeyType: 'IP',
        evaluationWindowSec: windowSeconds,
        limit: rateLimitPerIp,
        scopeDownStatement,
      },
    },
    visibilityConfig: observe(name),
  });
  return [rate('RatePerIp', { notStatement: { statement: preflight } }), rate('PreflightRatePerIp', preflight)];
}

/**
 * A rule for each header that a key may be in: one rule for both would count only requests that have both
 * (`RateBasedStatementCustomKey`, AWS WAF API Reference). Case and blanks count for nothing, as otherwise `Bearer` could be
 * written in a hundred ways, and each would have a rate of its own.
 */
function createKeyRates({ rateLimitPerKey, windowSeconds }: FirewallRuleSettings): readonly UnorderedRule[] {
  if (rateLimitPerKey === undefined) return [];
  return [['RatePerAuthorization', 'authorization'] as const, ['RatePerApiKey', 'x-api-key'] as const].map(
    ([name, header]) => ({
      name,
      action: block('rate_limited', windowSeconds),
      statement: {
        rateBasedStatement: {
          aggregateKeyType: 'CUSTOM_KEYS',
          customKeys: [
            {
              header: {
                name: header,
                textTransformations: [
                  { priority: 0, type: 'COMPRESS_WHITE_SPACE' },
                  { priority: 1, type: 'LOWERCASE' },
                ],
              },
            },
          ],
          evaluationWindowSec: windowSeconds,
          limit: rateLimitPerKey,
        },
      },
      visibilityConfig: observe(name),
    }),
  );
}
