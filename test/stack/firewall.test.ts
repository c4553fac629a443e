import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AgentRelay, RelayAuth } from '../../src/cdk.ts';
import type { AgentRelayProps, RelayFirewall } from '../../src/cdk.ts';
import { capacityOf } from './web-acl-capacity.ts';
import {
  onlyResource,
  relayProps,
  resource,
  resourcesOf,
  synthesizeApp,
  synthesizeRelay,
  templateOf,
} from './synthesize.ts';
import type { StackTemplate } from './synthesize.ts';

const home = synthesizeApp({});
const abroad = synthesizeApp({ CDK_DEFAULT_REGION: 'ap-northeast-1' });
const edgeStack = 'AgentcoreRelay-9DF83157-edge-ap-northeast-1';
const template = templateOf(home, 'AgentcoreRelay');

const noStore = { Name: 'cache-control', Value: 'no-store' };
const blocked = answer(403, 'blocked', [noStore]);
const limitedFor = (seconds: number): unknown =>
  answer(429, 'rate_limited', [
    noStore,
    { Name: 'retry-after', Value: String(seconds) },
    { Name: 'x-should-retry', Value: 'false' },
  ]);
const noTransformation = [{ Priority: 0, Type: 'NONE' }];
const isPreflight = {
  ByteMatchStatement: {
    FieldToMatch: { Method: {} },
    PositionalConstraint: 'EXACTLY',
    SearchString: 'OPTIONS',
    TextTransformations: noTransformation,
  },
};

describe('the firewall', () => {
  it('stands in front of the distribution without being asked for', () => {
    const { Rules: _, CustomResponseBodies: bodies, DataProtectionConfig: __, ...rest } = webAclOf(template);
    assert.deepEqual(rest, {
      DefaultAction: { Allow: {} },
      Description: 'In front of an AgentCore relay',
      Scope: 'CLOUDFRONT',
      VisibilityConfig: observed('AgentcoreRelay-9DF83157-firewall-us-east-1'),
    });
    assert.deepEqual(webAclIdOf(template), { 'Fn::GetAtt': ['RelayFirewallWebAcl3B3BDDEE', 'Arn'] });
    assert.deepEqual(bodies, {
      blocked: json('blocked', 'the request looks like an attack and was blocked'),
      rate_limited: json('rate_limited', 'too many requests; try again in a few minutes'),
      payload_too_large: json('payload_too_large', 'the body is too large; at most 1048576 bytes are allowed'),
    });
  });

  it('is made in us-east-1, and known elsewhere without a function, a parameter or a permission', () => {
    assert.deepEqual(webAclIdOf(templateOf(abroad, 'AgentcoreRelay')), {
      'Fn::GetStackOutput': { StackName: edgeStack, OutputName: 'WebAclArn', Region: 'us-east-1' },
    });
    const edge = templateOf(abroad, edgeStack);
    assert.deepEqual(edge.Outputs, { WebAclArn: { Value: { 'Fn::GetAtt': ['FirewallWebAcl5A849C4E', 'Arn'] } } });
    const elsewhere = observed('AgentcoreRelay-9DF83157-firewall-ap-northeast-1');
    assert.deepEqual(webAclOf(edge), { ...webAclOf(template), VisibilityConfig: elsewhere });
    assert.deepEqual(resourcesOf(templateOf(abroad, 'AgentcoreRelay'), 'AWS::WAFv2::WebACL'), []);
    const functions = (stack: StackTemplate) => resourcesOf(stack, 'AWS::Lambda::Function').length;
    const unprotected = synthesizeApp({ CDK_DEFAULT_REGION: 'ap-northeast-1' }, { firewall: 'off' });
    assert.equal(functions(templateOf(abroad, 'AgentcoreRelay')), functions(templateOf(unprotected, 'AgentcoreRelay')));
  });

  it('is deployed before what stands behind it', () => {
    const app = new App();
    const stack = new Stack(app, 'Main', { env: { region: 'eu-west-1' } });
    new AgentRelay(stack, 'Relay', relayProps);
    const { dependencies } = app.synth().getStackByName('Main');
    assert.ok(dependencies.some(({ id }) => id.startsWith('Main-Relay-') && id.endsWith('-edge-eu-west-1')));
  });

  it('asks for the rates before it looks at what is said, and leaves preflights a rate of their own', () => {
    const rate = (name: string, statement: Record<string, unknown>) => ({
      Name: name,
      Action: { Block: limitedFor(300) },
      Statement: { RateBasedStatement: { EvaluationWindowSec: 300, ...statement } },
      VisibilityConfig: observed(name),
    });
    const perKey = (name: string, header: string) =>
      rate(name, {
        AggregateKeyType: 'CUSTOM_KEYS',
        CustomKeys: [
          {
            Header: {
              Name: header,
              TextTransformations: [
                { Priority: 0, Type: 'COMPRESS_WHITE_SPACE' },
                { Priority: 1, Type: 'LOWERCASE' },
              ],
            },
          },
        ],
        Limit: 600,
      });
    const rules = rulesOf(template);
    assert.deepEqual(
      rules.map(({ Name, Priority }) => [Priority, Name]),
      [
        [0, 'IpReputation'],
        [1, 'RatePerIp'],
        [2, 'PreflightRatePerIp'],
        [3, 'RatePerAuthorization'],
        [4, 'RatePerApiKey'],
        [5, 'BodySize'],
        [6, 'CommonRuleSet'],
        [7, 'KnownBadInputs'],
      ],
    );
    assert.deepEqual(
      rules.slice(1, 6),
      [
        rate('RatePerIp', {
          AggregateKeyType: 'IP',
          Limit: 300,
          ScopeDownStatement: { NotStatement: { Statement: isPreflight } },
        }),
        rate('PreflightRatePerIp', { AggregateKeyType: 'IP', Limit: 300, ScopeDownStatement: isPreflight }),
        perKey('RatePerAuthorization', 'authorization'),
        perKey('RatePerApiKey', 'x-api-key'),
        {
          Name: 'BodySize',
          Action: { Block: answer(413, 'payload_too_large', [noStore]) },
          Statement: {
            RegexMatchStatement: {
              FieldToMatch: { SingleHeader: { Name: 'content-length' } },
              RegexString:
                '^0*(?:[1-9][0-9]{7,}|[2-9][0-9]{6}|1[1-9][0-9]{5}|10[5-9][0-9]{4}|104[9-9][0-9]{3}|1048[6-9][0-9]{2}|10485[8-9][0-9]{1}|104857[7-9])$',
              TextTransformations: noTransformation,
            },
          },
          VisibilityConfig: observed('BodySize'),
        },
      ].map((rule, index) => ({ ...rule, Priority: index + 1 })),
    );
  });

  it('blocks what no prompt can be in, and counts what may be one', () => {
    const groups = rulesOf(template)
      .filter(({ OverrideAction }) => OverrideAction !== undefined)
      .map(({ Name, OverrideAction, Statement }) => {
        const { ManagedRuleGroupStatement: group, ...others } = Statement as Record<string, ManagedRuleGroup>;
        assert.deepEqual([others, OverrideAction, group?.VendorName], [{}, { None: {} }, 'AWS']);
        return [Name, group?.Name, Object.fromEntries((group?.RuleActionOverrides ?? []).map(readOverride))];
      });
    assert.deepEqual(groups, [
      [
        'IpReputation',
        'AWSManagedRulesAmazonIpReputationList',
        {
          AWSManagedIPReputationList: 'block',
          AWSManagedReconnaissanceList: 'block',
          AWSManagedIPDDoSList: 'count',
        },
      ],
      [
        'CommonRuleSet',
        'AWSManagedRulesCommonRuleSet',
        {
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
      ],
      [
        'KnownBadInputs',
        'AWSManagedRulesKnownBadInputsRuleSet',
        {
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
      ],
    ]);
  });

  it('needs no more capacity than AWS includes in the price, whatever is chosen', () => {
    const included = 1_500;
    for (const firewall of [{}, { maxBodyBytes: 100_000 }, { maxBodyBytes: 20_000 }]) {
      const capacity = rulesOf(synthesizeRelay({ auth: withKeys, firewall })).reduce(
        (sum, { Statement }) => sum + capacityOf(Statement),
        0,
      );
      assert.ok(capacity >= 1_000 && capacity <= included, `${capacity} WCU`);
    }
    assert.equal(
      rulesOf(template).reduce((sum, { Statement }) => sum + capacityOf(Statement), 0),
      1_040,
    );
  });

  it('counts no keys where everybody may call: what many clients then send as a key is the same for all', () => {
    assert.deepEqual(
      rulesOf(synthesizeRelay({ auth: RelayAuth.anonymous() })).map(({ Name }) => Name),
      ['IpReputation', 'RatePerIp', 'PreflightRatePerIp', 'BodySize', 'CommonRuleSet', 'KnownBadInputs'],
    );
  });

  it('keeps no body, no query and no credential of what it logs or samples, nor the key that a rate is for', () => {
    const protect = (Field: unknown) => ({
      Action: 'SUBSTITUTION',
      ExcludeRateBasedDetails: false,
      ExcludeRuleMatchDetails: false,
      Field,
    });
    const others = ['SINGLE_COOKIE', 'QUERY_STRING', 'SINGLE_QUERY_ARGUMENT', 'BODY'].map((FieldType) =>
      protect({ FieldType }),
    );
    const headers = [
      'authorization',
      'x-relay-authorization',
      'x-api-key',
      'cookie',
      'x-session-id',
      'x-openwebui-chat-id',
    ];
    assert.deepEqual(webAclOf(template)['DataProtectionConfig'], {
      DataProtections: [protect({ FieldType: 'SINGLE_HEADER', FieldKeys: headers }), ...others],
    });
    assert.deepEqual(onlyResource(template, 'AWS::WAFv2::LoggingConfiguration').Properties['RedactedFields'], [
      ...headers.map((Name) => ({ SingleHeader: { Name } })),
      { QueryString: {} },
    ]);
  });

  it('keeps no header at all where only your own code knows which ones have credentials', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'relay-firewall-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const entry = join(directory, 'who.mjs');
    writeFileSync(entry, 'export const identify = () => undefined;');
    for (const props of [{ auth: RelayAuth.handler(entry) }, { code: Code.fromAsset(directory) }]) {
      const { DataProtections: protections } = webAclOf(synthesizeRelay(props))['DataProtectionConfig'] as {
        readonly DataProtections: readonly { readonly Field: unknown }[];
      };
      assert.deepEqual(protections[0]?.Field, { FieldType: 'SINGLE_HEADER' });
    }
  });

  it('logs what it has blocked, beside itself, for a month and not beyond the stack', () => {
    for (const [stack, prefix, region] of [
      [template, 'RelayFirewall', 'us-east-1'],
      [templateOf(abroad, edgeStack), 'Firewall', 'ap-northeast-1'],
    ] as const) {
      const [id, logGroup] =
        Object.entries(stack.Resources).find(
          ([name, { Type }]) => name.startsWith(`${prefix}LogGroup`) && Type === 'AWS::Logs::LogGroup',
        ) ?? [];
      assert.deepEqual(
        [logGroup?.Properties, logGroup?.DeletionPolicy],
        [{ LogGroupName: `aws-waf-logs-AgentcoreRelay-9DF83157-firewall-${region}`, RetentionInDays: 30 }, 'Delete'],
      );
      const { RedactedFields: _, ...logging } = onlyResource(stack, 'AWS::WAFv2::LoggingConfiguration').Properties;
      assert.deepEqual(logging, {
        LogDestinationConfigs: [
          {
            'Fn::Join': ['', ['arn:aws:logs:us-east-1:', { Ref: 'AWS::AccountId' }, ':log-group:', { Ref: id }]],
          },
        ],
        LoggingFilter: {
          DefaultBehavior: 'DROP',
          Filters: [
            { Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: [{ ActionCondition: { Action: 'BLOCK' } }] },
          ],
        },
        ResourceArn: { 'Fn::GetAtt': [`${prefix}WebAcl${prefix === 'Firewall' ? '5A849C4E' : '3B3BDDEE'}`, 'Arn'] },
      });
    }
  });

  it('is as strict as it is told to be', () => {
    const strict = synthesizeRelay({
      auth: withKeys,
      firewall: {
        rateLimitPerIp: 100,
        rateLimitPerKey: 200,
        windowSeconds: 60,
        maxBodyBytes: 20_000,
        managedRules: { NoUserAgent_HEADER: 'block', ExploitablePaths_URIPATH: 'count' },
        extraRules: [
          {
            name: 'OnlyHere',
            action: { block: {} },
            statement: { notStatement: { statement: { geoMatchStatement: { countryCodes: ['NZ'] } } } },
            visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'OnlyHere', sampledRequestsEnabled: true },
          },
        ],
        logRetention: RetentionDays.ONE_WEEK,
      },
    });
    const rules = rulesOf(strict);
    const rates = rules.flatMap(({ Statement, Action }) => {
      const { RateBasedStatement: rate } = Statement as Record<string, Record<string, unknown>>;
      return rate === undefined ? [] : [[rate['Limit'], rate['EvaluationWindowSec'], Action]];
    });
    assert.deepEqual(
      rates,
      [100, 100, 200, 200].map((limit) => [limit, 60, { Block: limitedFor(60) }]),
    );
    const overrides = rules.flatMap(
      ({ Statement }) =>
        (Statement as Record<string, ManagedRuleGroup>)['ManagedRuleGroupStatement']?.RuleActionOverrides ?? [],
    );
    const actions = Object.fromEntries(overrides.map(readOverride));
    assert.deepEqual(
      [actions['NoUserAgent_HEADER'], actions['ExploitablePaths_URIPATH'], actions['Log4JRCE_HEADER']],
      ['block', 'count', 'block'],
    );
    assert.deepEqual(rules.at(-1), {
      Name: 'OnlyHere',
      Priority: 8,
      Action: { Block: {} },
      Statement: { NotStatement: { Statement: { GeoMatchStatement: { CountryCodes: ['NZ'] } } } },
      VisibilityConfig: observed('OnlyHere'),
    });
    assert.deepEqual(webAclOf(strict)['AssociationConfig'], {
      RequestBody: { CLOUDFRONT: { DefaultSizeInspectionLimit: 'KB_32' } },
    });
    const logGroups = resourcesOf(strict, 'AWS::Logs::LogGroup').map(({ Properties }) => Properties);
    assert.ok(
      logGroups.some(({ LogGroupName, RetentionInDays }) => LogGroupName !== undefined && RetentionInDays === 7),
    );
  });

  it('goes away, or stops to log, where that is said', () => {
    for (const unprotected of [
      synthesizeRelay({ firewall: false }),
      templateOf(synthesizeApp({}, { firewall: 'off' }), 'AgentcoreRelay'),
    ]) {
      assert.deepEqual(resourcesOf(unprotected, 'AWS::WAFv2::WebACL'), []);
      assert.deepEqual(resourcesOf(unprotected, 'AWS::WAFv2::LoggingConfiguration'), []);
      assert.equal(webAclIdOf(unprotected), undefined);
    }
    const silent = synthesizeRelay({ firewall: { logs: false } });
    assert.deepEqual(resourcesOf(silent, 'AWS::WAFv2::LoggingConfiguration'), []);
    assert.deepEqual(
      resourcesOf(silent, 'AWS::Logs::LogGroup').filter(({ Properties }) => Properties['LogGroupName'] !== undefined),
      [],
    );
  });

  it('makes room for a web ACL of your own', () => {
    const webAclArn = 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/acl/0b5c3c5e';
    for (const firewall of [{}, { firewall: false } as const]) {
      const own = synthesizeRelay({ webAclArn, ...firewall });
      assert.equal(webAclIdOf(own), webAclArn);
      assert.deepEqual(resourcesOf(own, 'AWS::WAFv2::WebACL'), []);
    }
    assert.throws(() => synthesizeRelay({ webAclArn, firewall: {} }), {
      message: 'firewall and webAclArn are both set; a distribution has one web ACL',
    });
  });

  it('fails at synth for what AWS WAF would refuse, or would ignore without a word', () => {
    const rule = { name: 'BodySize', statement: {}, visibilityConfig: observe('BodySize') };
    const refusals: [firewall: RelayFirewall, message: RegExp][] = [
      [{ rateLimitPerIp: 9 }, /^firewall\.rateLimitPerIp is 9; it must be an integer from 10 to 2000000000$/u],
      [{ rateLimitPerKey: 10.5 }, /^firewall\.rateLimitPerKey is 10\.5; it must be an integer from 10 to 2000000000$/u],
      [{ windowSeconds: 30 as 60 }, /^firewall\.windowSeconds is 30; allowed are 60, 120, 300, 600$/u],
      [{ maxBodyBytes: 2_000_000 }, /^firewall\.maxBodyBytes is 2000000; it must be an integer from 1 to 1048576$/u],
      [{ maxBodyBytes: 0 }, /^firewall\.maxBodyBytes is 0; it must be an integer from 1 to 1048576$/u],
      [
        { managedRules: { NoUserAgent_Header: 'block' } as NonNullable<RelayFirewall['managedRules']> },
        /^firewall\.managedRules has "NoUserAgent_Header"; allowed are AWSManagedIPReputationList, /u,
      ],
      [
        { managedRules: { NoUserAgent_HEADER: 'allow' as 'block' } },
        /^firewall\.managedRules\.NoUserAgent_HEADER is "allow"; allowed are block, count$/u,
      ],
      [{ extraRules: [rule] }, /^firewall\.extraRules has "BodySize", the name of another rule$/u],
      [
        { extraRules: ['Mine', 'Mine'].map((name) => ({ ...rule, name })) },
        /^firewall\.extraRules has "Mine", the name of another rule$/u,
      ],
    ];
    for (const [firewall, message] of refusals) assert.throws(() => synthesizeRelay({ firewall }), { message });
  });
});

const withKeys: AgentRelayProps['auth'] = RelayAuth.apiKeys({
  secretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf',
});

interface ManagedRuleGroup {
  readonly Name: string;
  readonly VendorName: string;
  readonly RuleActionOverrides: readonly { readonly Name: string; readonly ActionToUse: unknown }[];
}

interface Rule {
  readonly Name: string;
  readonly Priority: number;
  readonly Statement: Readonly<Record<string, unknown>>;
  readonly Action?: unknown;
  readonly OverrideAction?: unknown;
}

function webAclOf(stack: StackTemplate): Readonly<Record<string, unknown>> {
  return onlyResource(stack, 'AWS::WAFv2::WebACL').Properties;
}

function rulesOf(stack: StackTemplate): readonly Rule[] {
  return webAclOf(stack)['Rules'] as readonly Rule[];
}

function webAclIdOf(stack: StackTemplate): unknown {
  const { DistributionConfig: config } = resource(stack, 'RelayDistributionF48850AF').Properties;
  return (config as { readonly WebACLId?: unknown }).WebACLId;
}

function answer(status: number, key: string, headers: readonly unknown[]): unknown {
  return { CustomResponse: { ResponseCode: status, CustomResponseBodyKey: key, ResponseHeaders: headers } };
}

function json(code: string, message: string): unknown {
  return { ContentType: 'APPLICATION_JSON', Content: JSON.stringify({ error: { code, message } }) };
}

function observed(name: string): unknown {
  return { CloudWatchMetricsEnabled: true, MetricName: name, SampledRequestsEnabled: true };
}

function observe(name: string): {
  cloudWatchMetricsEnabled: boolean;
  metricName: string;
  sampledRequestsEnabled: boolean;
} {
  return { cloudWatchMetricsEnabled: true, metricName: name, sampledRequestsEnabled: true };
}

function readOverride({ Name, ActionToUse }: ManagedRuleGroup['RuleActionOverrides'][number]): [string, string] {
  if ('Count' in (ActionToUse as object)) {
    assert.deepEqual(ActionToUse, { Count: {} });
    return [Name, 'count'];
  }
  assert.deepEqual(ActionToUse, { Block: blocked });
  return [Name, 'block'];
}
