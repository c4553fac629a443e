import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { SecurityPolicyProtocol } from 'aws-cdk-lib/aws-cloudfront';
import { findBundle } from '../../src/cdk/bundles.ts';
import { onlyResource, resource, synthesizeApp, synthesizeRelay, templateOf } from './synthesize.ts';
import type { StackTemplate } from './synthesize.ts';

const template = templateOf(synthesizeApp({}), 'AgentcoreRelay');
const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/0b5c3c5e';
const certificate = Certificate.fromCertificateArn(new Stack(new App(), 'Other'), 'Certificate', certificateArn);

test('caches nothing, compresses nothing, and passes on all but the Host header', () => {
  const { LambdaFunctionAssociations: _, ...behavior } = configOf(template).DefaultCacheBehavior;
  assert.deepEqual(behavior, {
    AllowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
    // The AWS managed policies CachingDisabled and AllViewerExceptHostHeader.
    CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
    OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
    Compress: false,
    FunctionAssociations: [
      { EventType: 'viewer-request', FunctionARN: { 'Fn::GetAtt': ['RelayViewerRequest8456D421', 'FunctionARN'] } },
    ],
    ResponseHeadersPolicyId: { Ref: 'RelaySecurityHeaders11915C8F' },
    TargetOriginId: 'AgentcoreRelayDistributionOrigin10C56DAA7',
    ViewerProtocolPolicy: 'https-only',
  });
  assert.deepEqual(configOf(template).CacheBehaviors, undefined);
});

test("answers nobody's prompt with another caller's error", () => {
  assert.deepEqual(
    configOf(template).CustomErrorResponses,
    [400, 403, 404, 405, 414, 500, 501, 502, 503, 504].map((code) => ({ ErrorCode: code, ErrorCachingMinTTL: 0 })),
  );
});

test('waits two minutes for each piece of an answer, over TLS 1.2, and never asks twice', () => {
  assert.deepEqual(configOf(template).Origins, [
    {
      ConnectionAttempts: 1,
      ConnectionTimeout: 10,
      CustomOriginConfig: {
        OriginKeepaliveTimeout: 30,
        OriginProtocolPolicy: 'https-only',
        OriginReadTimeout: 120,
        OriginSSLProtocols: ['TLSv1.2'],
      },
      DomainName: {
        'Fn::Select': [
          2,
          { 'Fn::Split': ['/', { 'Fn::GetAtt': ['RelayFunctionFunctionUrl9D5D7496', 'FunctionUrl'] }] },
        ],
      },
      Id: 'AgentcoreRelayDistributionOrigin10C56DAA7',
      OriginAccessControlId: { 'Fn::GetAtt': ['RelayAccessControl2B4DE0B2', 'Id'] },
    },
  ]);
});

test('signs every request to the relay, whatever the viewer sent', () => {
  assert.deepEqual(onlyResource(template, 'AWS::CloudFront::OriginAccessControl').Properties, {
    OriginAccessControlConfig: {
      Name: 'AgentcoreRelay-9DF83157-access-us-east-1',
      OriginAccessControlOriginType: 'lambda',
      SigningBehavior: 'always',
      SigningProtocol: 'sigv4',
    },
  });
});

test('sends the security headers with every answer, and none that says what the answer is', () => {
  assert.deepEqual(onlyResource(template, 'AWS::CloudFront::ResponseHeadersPolicy').Properties, {
    ResponseHeadersPolicyConfig: {
      Comment: 'Security headers of an AgentCore relay',
      Name: 'AgentcoreRelay-9DF83157-headers-us-east-1',
      SecurityHeadersConfig: {
        ContentSecurityPolicy: {
          ContentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'; sandbox",
          Override: true,
        },
        ContentTypeOptions: { Override: true },
        FrameOptions: { FrameOption: 'DENY', Override: true },
        ReferrerPolicy: { ReferrerPolicy: 'no-referrer', Override: true },
        StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000, IncludeSubdomains: false, Override: true },
      },
    },
  });
});

test('deploys the viewer-request function that was built', () => {
  const { directory, entryFile } = findBundle('viewer-request');
  const { FunctionCode: code, FunctionConfig: config } = onlyResource(template, 'AWS::CloudFront::Function').Properties;
  assert.equal(code, readFileSync(`${directory}/${entryFile}`, 'utf8'));
  assert.deepEqual(config, {
    Comment: "Moves the viewer's credentials to where the relay can read them",
    Runtime: 'cloudfront-js-2.0',
  });
});

test('speaks HTTP/2 and HTTP/3 under its own name, and logs no URLs', () => {
  const {
    DefaultCacheBehavior: _,
    Origins: __,
    CustomErrorResponses: ___,
    WebACLId: ____,
    ...rest
  } = configOf(template);
  assert.deepEqual(rest, {
    Comment: 'The front door of an AgentCore agent',
    Enabled: true,
    HttpVersion: 'http2and3',
    IPV6Enabled: true,
  });
});

test('refuses TLS below 1.2 where there is a certificate, or below what is asked for', () => {
  const relay = synthesizeRelay({ domainNames: ['agent.example.com'], certificate });
  assert.deepEqual(configOf(relay).Aliases, ['agent.example.com']);
  assert.deepEqual(configOf(relay).ViewerCertificate, {
    AcmCertificateArn: certificateArn,
    MinimumProtocolVersion: 'TLSv1.2_2021',
    SslSupportMethod: 'sni-only',
  });
  const strict = synthesizeRelay({ certificate, minimumTls: SecurityPolicyProtocol.TLS_V1_3_2025 });
  assert.deepEqual(configOf(strict).ViewerCertificate, {
    AcmCertificateArn: certificateArn,
    MinimumProtocolVersion: 'TLSv1.3_2025',
    SslSupportMethod: 'sni-only',
  });
});

test('fails at synth for names that no certificate covers', () => {
  assert.throws(() => synthesizeRelay({ domainNames: ['agent.example.com'] }), {
    message: 'domainNames need a certificate that covers them: with its own CloudFront serves *.cloudfront.net only',
  });
});

test('fails at synth for a floor of TLS that is too low, or has nothing to stand on', () => {
  const { TLS_V1_2_2019: weak, TLS_V1_2_2021: safe } = SecurityPolicyProtocol;
  assert.throws(() => synthesizeRelay({ certificate, minimumTls: weak }), {
    message: 'minimumTls is TLSv1.2_2019; allowed are TLSv1.2_2021, TLSv1.2_2025, TLSv1.3_2025',
  });
  assert.throws(() => synthesizeRelay({ minimumTls: safe }), {
    message: 'minimumTls needs a certificate of your own: with its own CloudFront accepts TLS 1.0 whatever is set',
  });
});

interface DistributionConfig {
  readonly DefaultCacheBehavior: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
  readonly Aliases?: unknown;
  readonly CacheBehaviors?: unknown;
  readonly CustomErrorResponses?: unknown;
  readonly Origins?: unknown;
  readonly ViewerCertificate?: unknown;
}

function configOf(relay: StackTemplate): DistributionConfig {
  return resource(relay, 'RelayDistributionF48850AF').Properties['DistributionConfig'] as DistributionConfig;
}
