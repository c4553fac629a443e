import { cloudFrontProperties } from './cloudfront-properties.ts';
import { lambdaProperties } from './lambda-properties.ts';
import { environment, members, noEffect, run, said } from './property-rules.ts';
import type { PropertyTable } from './property-rules.ts';

const agentCoreProperties: Readonly<Record<string, PropertyTable>> = {
  'AWS::BedrockAgentCore::Runtime': {
    AgentRuntimeArtifact: run,
    AgentRuntimeName: run,
    AuthorizerConfiguration: said(
      'is not run here: on AWS the runtime takes tokens of its issuer and no signed requests, such as those of a role',
    ),
    CapacityProviderConfiguration: said('has no meaning here: the agent runs on this machine'),
    Description: noEffect,
    EnvironmentVariables: environment,
    FilesystemConfigurations: said('is not mounted: the agent sees the file system of this machine'),
    LifecycleConfiguration: members({ IdleRuntimeSessionTimeout: run, MaxLifetime: run }),
    NetworkConfiguration: members({
      NetworkMode: said("is VPC; the agent runs in this machine's network", 'PUBLIC'),
      NetworkModeConfig: noEffect,
    }),
    PlatformVersion: noEffect,
    ProtocolConfiguration: run,
    RequestHeaderConfiguration: members({ RequestHeaderAllowlist: run }),
    RoleArn: noEffect,
    Tags: noEffect,
  },
  'AWS::BedrockAgentCore::RuntimeEndpoint': {
    AgentRuntimeId: run,
    AgentRuntimeVersion: noEffect,
    Description: noEffect,
    Name: run,
    Tags: noEffect,
  },
};

const identityProperties: Readonly<Record<string, PropertyTable>> = {
  'AWS::IAM::Role': {
    AssumeRolePolicyDocument: run,
    Description: noEffect,
    ManagedPolicyArns: run,
    MaxSessionDuration: noEffect,
    Path: run,
    PermissionsBoundary: run,
    Policies: members({ PolicyDocument: run, PolicyName: run }),
    RoleName: run,
    Tags: run,
  },
  'AWS::IAM::Policy': { Groups: noEffect, PolicyDocument: run, PolicyName: run, Roles: run, Users: noEffect },
  'AWS::IAM::RolePolicy': { PolicyDocument: run, PolicyName: run, RoleName: run },
  'AWS::IAM::ManagedPolicy': {
    Description: noEffect,
    Groups: noEffect,
    ManagedPolicyName: run,
    Path: run,
    PolicyDocument: run,
    Roles: run,
    Users: noEffect,
  },
  'AWS::SecretsManager::Secret': {
    Description: noEffect,
    // What it makes is random, and no document of who may call: the secret has nobody in it.
    GenerateSecretString: noEffect,
    KmsKeyId: noEffect,
    Name: run,
    ReplicaRegions: noEffect,
    SecretString: run,
    Tags: noEffect,
    Type: noEffect,
  },
};

/** What becomes of every property of the resources that the chain is made of, by their types. */
export const propertyTables: Readonly<Record<string, PropertyTable>> = {
  ...cloudFrontProperties,
  ...lambdaProperties,
  ...agentCoreProperties,
  ...identityProperties,
};
