import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNotices } from './notices.ts';
import { findRefusal } from './read-permissions.ts';
import { openTemplates } from './templates.ts';

const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:relay';
const distributionArn = 'arn:aws:cloudfront::000000000000:distribution/EABC';
const stack = { name: 'Stack', region: 'eu-west-1', accountId: '000000000000', partition: 'aws' };
const cloudFront = { Principal: 'cloudfront.amazonaws.com', SourceArn: distributionArn };

for (const [what, authType, properties, isLetIn] of [
  ['is for the distribution', 'AWS_IAM', cloudFront, true],
  ['is for all actions of Lambda', 'AWS_IAM', { ...cloudFront, Action: 'lambda:*' }, true],
  ['is for another action', 'AWS_IAM', { ...cloudFront, Action: 'lambda:GetFunction' }, false],
  ['is for every distribution', 'AWS_IAM', { ...cloudFront, SourceArn: undefined }, true],
  ['is for all of the account', 'AWS_IAM', { ...cloudFront, SourceArn: 'arn:aws:cloudfront::000000000000:*' }, true],
  [
    'is for an ARN with too few parts',
    'AWS_IAM',
    { ...cloudFront, SourceArn: 'arn:aws:cloudfront:*:distribution/EABC' },
    false,
  ],
  ['is for the account', 'AWS_IAM', { ...cloudFront, SourceAccount: '000000000000' }, true],
  ['is for another account', 'AWS_IAM', { ...cloudFront, SourceAccount: '111122223333' }, false],
  ['is for an organization', 'AWS_IAM', { ...cloudFront, PrincipalOrgID: 'o-a1b2c3d4e5' }, false],
  ['is for an event source', 'AWS_IAM', { ...cloudFront, EventSourceToken: 'token' }, false],
  ['is for signed requests', 'AWS_IAM', { ...cloudFront, FunctionUrlAuthType: 'AWS_IAM' }, true],
  ['is for requests that are not signed', 'AWS_IAM', { ...cloudFront, FunctionUrlAuthType: 'NONE' }, false],
  ['is for requests by a Function URL', 'AWS_IAM', { ...cloudFront, InvokedViaFunctionUrl: true }, true],
  ['is for requests by no Function URL', 'AWS_IAM', { ...cloudFront, InvokedViaFunctionUrl: false }, false],
  ['is for an account, which CloudFront is not', 'AWS_IAM', { ...cloudFront, Principal: '000000000000' }, false],
  [
    'is for a role, which CloudFront is not',
    'AWS_IAM',
    { ...cloudFront, Principal: 'arn:aws:iam::000000000000:role/a' },
    false,
  ],
  ['is for everybody', 'AWS_IAM', { Principal: '*' }, true],
  ['is for another function', 'AWS_IAM', { ...cloudFront, FunctionName: 'other' }, false],
  ['is for everybody, of a URL that is open', 'NONE', { Principal: '*', FunctionUrlAuthType: 'NONE' }, true],
  ['is for CloudFront, of a URL that is open', 'NONE', cloudFront, false],
  [
    'is for everybody of a distribution, of a URL that is open',
    'NONE',
    { Principal: '*', SourceArn: distributionArn },
    false,
  ],
] as const) {
  test(`${isLetIn ? 'lets' : 'does not let'} CloudFront in where a permission ${what}`, () => {
    const permission = (action: string): object => ({
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName: functionArn, Action: action, ...properties },
    });
    const resources = { Url: permission('lambda:InvokeFunctionUrl'), Invoke: permission('lambda:InvokeFunction') };
    const templates = openTemplates(
      {
        directory: '/nowhere',
        stacks: [{ ...stack, resources, parameters: {}, outputs: {} }],
        assets: new Map(),
      },
      stack,
    );
    const reading = {
      templates,
      assembly: { directory: '/nowhere', stacks: [], assets: new Map<string, string>() },
      notices: { ...createNotices(templates), inspect: () => undefined },
      distributionArn,
      stack,
    };
    const who =
      authType === 'NONE'
        ? 'everybody, Principal "*"'
        : 'cloudfront.amazonaws.com with this distribution as its SourceArn';
    assert.equal(
      findRefusal(functionArn, authType, reading),
      isLetIn ? undefined : `no AWS::Lambda::Permission gives lambda:InvokeFunctionUrl to ${who}`,
    );
  });
}
