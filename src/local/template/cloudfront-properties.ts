import { members, noEffect, refused, run, said } from './property-rules.ts';
import type { PropertyTable } from './property-rules.ts';

const associations = {
  FunctionAssociations: members({ EventType: run, FunctionARN: run }),
  LambdaFunctionAssociations: members({ EventType: run, IncludeBody: run, LambdaFunctionARN: run }),
};

const behaviour: PropertyTable = {
  ...associations,
  AllowedMethods: run,
  CachePolicyId: run,
  CachedMethods: noEffect,
  // What is compressed is a matter of the cache policy, too: it says what is not done.
  Compress: noEffect,
  DefaultTTL: run,
  FieldLevelEncryptionId: said('is not run here: the fields reach the function as the viewer wrote them'),
  ForwardedValues: members({
    Cookies: members({ Forward: run, WhitelistedNames: run }),
    Headers: run,
    QueryString: run,
    QueryStringCacheKeys: noEffect,
  }),
  GrpcConfig: members({ Enabled: said('is not run here: the local chain speaks HTTP/1.1', 'false') }),
  MaxTTL: run,
  MinTTL: run,
  OriginRequestPolicyId: run,
  RealtimeLogConfigArn: noEffect,
  ResponseHeadersPolicyId: run,
  SmoothStreaming: said('is not run here', 'false'),
  TargetOriginId: run,
  TrustedKeyGroups: said('is not run here: CloudFront answers 403 to viewers without a signed URL or cookie'),
  TrustedSigners: said('is not run here: CloudFront answers 403 to viewers without a signed URL or cookie'),
  // There is no TLS here, so that every viewer comes by HTTP.
  ViewerProtocolPolicy: noEffect,
};

/** What an origin that is no Function URL has says nothing here: it is not reached. */
const origin: PropertyTable = {
  ConnectionAttempts: run,
  ConnectionTimeout: run,
  CustomOriginConfig: members({
    HTTPPort: noEffect,
    HTTPSPort: said('is no port of a Function URL: on AWS the origin does not answer', '443'),
    IpAddressType: noEffect,
    OriginKeepaliveTimeout: run,
    OriginMtlsConfig: said('is not run here'),
    OriginProtocolPolicy: said(
      'is http-only, and Function URLs speak HTTPS: on AWS the origin does not answer',
      'https-only',
      'match-viewer',
    ),
    OriginReadTimeout: run,
    OriginSSLProtocols: run,
  }),
  DomainName: run,
  Id: run,
  OriginAccessControlId: run,
  OriginCustomHeaders: members({ HeaderName: run, HeaderValue: run }),
  OriginPath: run,
  OriginShield: members({
    Enabled: said('is not run here: requests go to the origin without the extra hop', 'false'),
    OriginShieldRegion: noEffect,
  }),
  ResponseCompletionTimeout: run,
  S3OriginConfig: said('is set, and the origin is a Function URL, no bucket'),
  VpcOriginConfig: said('is set, and the origin is a Function URL, which is in no VPC'),
};

const distribution: PropertyTable = {
  DistributionConfig: members({
    Aliases: run,
    AnycastIpListId: noEffect,
    CNAMEs: run,
    CacheBehaviors: members({ ...behaviour, PathPattern: run }),
    CacheTagConfig: noEffect,
    Comment: noEffect,
    ConnectionFunctionAssociation: said('is not run here: there is no TLS'),
    ConnectionMode: said('is tenant-only: on AWS only its tenants are served', 'direct'),
    ContinuousDeploymentPolicyId: said(
      'is not run here: on AWS a part of the requests goes to the staging distribution',
    ),
    CustomErrorResponses: members({
      ErrorCachingMinTTL: noEffect,
      ErrorCode: run,
      ResponseCode: noEffect,
      ResponsePagePath: run,
    }),
    CustomOrigin: refused('is a form of an origin that CloudFront no longer has; it must be one of Origins'),
    DefaultCacheBehavior: members(behaviour),
    DefaultRootObject: run,
    Enabled: said('is false: on AWS the distribution answers nobody', 'true'),
    HttpVersion: noEffect,
    IPV6Enabled: noEffect,
    Logging: noEffect,
    OriginGroups: run,
    // The reader goes through those that behaviours lead to.
    Origins: run,
    PriceClass: noEffect,
    Restrictions: members({
      GeoRestriction: members({
        Locations: noEffect,
        RestrictionType: said('is not run here: viewers of every country are served', 'none'),
      }),
    }),
    S3Origin: refused('is a form of an origin that CloudFront no longer has; it must be one of Origins'),
    Staging: said('is true: on AWS only requests that a continuous deployment policy chooses come here', 'false'),
    TenantConfig: said('is not run here'),
    ViewerCertificate: noEffect,
    ViewerMtlsConfig: said('is not run here: there is no TLS, and viewers need no certificate'),
    WebACLId: run,
  }),
  Tags: noEffect,
};

const responseHeadersPolicy: PropertyTable = {
  ResponseHeadersPolicyConfig: members({
    Comment: noEffect,
    CorsConfig: members({
      AccessControlAllowCredentials: run,
      AccessControlAllowHeaders: members({ Items: run }),
      AccessControlAllowMethods: members({ Items: run }),
      AccessControlAllowOrigins: members({ Items: run }),
      AccessControlExposeHeaders: members({ Items: run }),
      AccessControlMaxAgeSec: run,
      OriginOverride: run,
    }),
    CustomHeadersConfig: members({ Items: members({ Header: run, Override: run, Value: run }) }),
    Name: noEffect,
    RemoveHeadersConfig: members({ Items: members({ Header: run }) }),
    SecurityHeadersConfig: members({
      ContentSecurityPolicy: members({ ContentSecurityPolicy: run, Override: run }),
      ContentTypeOptions: members({ Override: run }),
      FrameOptions: members({ FrameOption: run, Override: run }),
      ReferrerPolicy: members({ Override: run, ReferrerPolicy: run }),
      StrictTransportSecurity: members({
        AccessControlMaxAgeSec: run,
        IncludeSubdomains: run,
        Override: run,
        Preload: run,
      }),
      XSSProtection: members({ ModeBlock: run, Override: run, Protection: run, ReportUri: run }),
    }),
    ServerTimingHeadersConfig: members({
      Enabled: said('is not run here: no answer has Server-Timing', 'false'),
      SamplingRate: noEffect,
    }),
  }),
};

const filters = {
  CookiesConfig: members({ CookieBehavior: run, Cookies: run }),
  HeadersConfig: members({ HeaderBehavior: run, Headers: run }),
  QueryStringsConfig: members({ QueryStringBehavior: run, QueryStrings: run }),
};

/** The properties of CloudFront's resources (CloudFormation, Amazon CloudFront resource type reference). */
export const cloudFrontProperties: Readonly<Record<string, PropertyTable>> = {
  'AWS::CloudFront::Distribution': distribution,
  'AWS::CloudFront::Function': {
    AutoPublish: run,
    FunctionCode: run,
    FunctionConfig: members({
      Comment: noEffect,
      KeyValueStoreAssociations: said('is not run here: a function that reads a key value store fails'),
      Runtime: run,
    }),
    FunctionMetadata: noEffect,
    Name: run,
    Tags: noEffect,
  },
  'AWS::CloudFront::OriginAccessControl': {
    OriginAccessControlConfig: members({
      Description: noEffect,
      Name: noEffect,
      OriginAccessControlOriginType: run,
      SigningBehavior: run,
      SigningProtocol: run,
    }),
  },
  'AWS::CloudFront::CachePolicy': {
    CachePolicyConfig: members({
      Comment: noEffect,
      DefaultTTL: run,
      MaxTTL: run,
      MinTTL: run,
      Name: noEffect,
      ParametersInCacheKeyAndForwardedToOrigin: members({
        ...filters,
        // What is compressed is part of what is kept, which the reader says.
        EnableAcceptEncodingBrotli: noEffect,
        EnableAcceptEncodingGzip: noEffect,
      }),
    }),
  },
  'AWS::CloudFront::OriginRequestPolicy': {
    OriginRequestPolicyConfig: members({ ...filters, Comment: noEffect, Name: noEffect }),
  },
  'AWS::CloudFront::ResponseHeadersPolicy': responseHeadersPolicy,
};

/** The properties of an origin that is a Function URL. */
export const originProperties: PropertyTable = origin;
