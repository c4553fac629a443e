import { block, observe } from './firewall-rule.ts';
import type { UnorderedRule } from './firewall-rule.ts';

/** What is done with a request that matches: `count` lets it pass and counts it in a metric. */
export type ManagedRuleAction = 'block' | 'count';

/**
 * AWS's own groups of rules, and what is done with what each finds ("AWS Managed Rules rule groups list", AWS WAF Developer
 * Guide, November 2026).
 *
 * What looks into the body is counted: a prompt may be long, hold HTML, a path, an address or a piece of an exploit, and be
 * asked about it. What looks into the query is counted as well, because the prompt of a GET is there; nothing else of a
 * query is used. The rest, headers, cookies and paths, has no prompts in it.
 */
const groups = {
  /** 25 WCU. */
  IpReputation: {
    group: 'AWSManagedRulesAmazonIpReputationList',
    rules: {
      AWSManagedIPReputationList: 'block',
      AWSManagedReconnaissanceList: 'block',
      // AWS's own choice: these are addresses of people, too.
      AWSManagedIPDDoSList: 'count',
    },
  },
  /** 700 WCU. */
  CommonRuleSet: {
    group: 'AWSManagedRulesCommonRuleSet',
    rules: {
      // Programs call, too, and some of them never say what they are: PHP's own HTTP does not.
      NoUserAgent_HEADER: 'count',
      UserAgent_BadBots_HEADER: 'block',
      SizeRestrictions_QUERYSTRING: 'count',
      SizeRestrictions_Cookie_HEADER: 'block',
      SizeRestrictions_BODY: 'count',
      SizeRestrictions_URIPATH: 'block',
      EC2MetaDataSSRF_BODY: 'count',
      EC2MetaDataSSRF_COOKIE: 'block',
      EC2MetaDataSSRF_URIPATH: 'block',
      EC2MetaDataSSRF_QUERYARGUMENTS: 'count',
      GenericLFI_QUERYARGUMENTS: 'count',
      GenericLFI_URIPATH: 'block',
      GenericLFI_BODY: 'count',
      RestrictedExtensions_URIPATH: 'block',
      RestrictedExtensions_QUERYARGUMENTS: 'count',
      GenericRFI_QUERYARGUMENTS: 'count',
      GenericRFI_BODY: 'count',
      GenericRFI_URIPATH: 'block',
      CrossSiteScripting_COOKIE: 'block',
      CrossSiteScripting_QUERYARGUMENTS: 'count',
      CrossSiteScripting_BODY: 'count',
      CrossSiteScripting_URIPATH: 'block',
    },
  },
  /** 200 WCU. */
  KnownBadInputs: {
    group: 'AWSManagedRulesKnownBadInputsRuleSet',
    rules: {
      JavaDeserializationRCE_HEADER: 'block',
      JavaDeserializationRCE_BODY: 'count',
      JavaDeserializationRCE_URIPATH: 'block',
      JavaDeserializationRCE_QUERYSTRING: 'count',
      Host_localhost_HEADER: 'block',
      PROPFIND_METHOD: 'block',
      ExploitablePaths_URIPATH: 'block',
      Log4JRCE_HEADER: 'block',
      Log4JRCE_QUERYSTRING: 'count',
      Log4JRCE_BODY: 'count',
      Log4JRCE_URIPATH: 'block',
      ReactJSRCE_BODY: 'count',
    },
  },
} as const;

type Groups = typeof groups;

/** A rule of one of AWS's groups, by AWS's own name. */
export type ManagedRuleName = { [Name in keyof Groups]: keyof Groups[Name]['rules'] }[keyof Groups];

/** What is done with what AWS's rules find, where it is not the default. */
export type ManagedRules = Partial<Record<ManagedRuleName, ManagedRuleAction>>;

/**
 * A rule for each of AWS's groups. Each rule in it gets its action from here: what AWS adds later blocks with AWS's own page.
 *
 * @throws Error for a rule or an action that is not known: AWS WAF ignores a wrong name without a word.
 */
export function createManagedRules(overrides: ManagedRules): readonly UnorderedRule[] {
  const known: readonly string[] = Object.values(groups).flatMap(({ rules }) => Object.keys(rules));
  for (const [name, action] of Object.entries<string>(overrides)) {
    if (!known.includes(name)) {
      throw new Error(`firewall.managedRules has "${name}"; allowed are ${known.join(', ')}`);
    }
    if (action !== 'block' && action !== 'count') {
      throw new Error(`firewall.managedRules.${name} is "${action}"; allowed are block, count`);
    }
  }
  const chosen: Readonly<Record<string, ManagedRuleAction>> = overrides;
  return Object.entries(groups).map(([name, { group, rules }]) => ({
    name,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name: group,
        ruleActionOverrides: Object.entries<ManagedRuleAction>(rules).map(([rule, action]) => ({
          name: rule,
          actionToUse: (chosen[rule] ?? action) === 'count' ? { count: {} } : block('blocked'),
        })),
      },
    },
    visibilityConfig: observe(name),
  }));
}
