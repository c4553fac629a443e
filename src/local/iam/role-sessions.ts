import { ServiceError } from '../aws-service/service-error.ts';
import type { DeployedFunction, DeployedResourcePolicy } from '../template/deployment.ts';
import { describeDenial, explainDenial } from './access-denied.ts';
import { decide } from './decide.ts';
import { createRequestContext } from './request-context.ts';
import type { Access, ServiceCaller } from './service-caller.ts';
import type { AccessRequest } from './statement.ts';

/** Temporary credentials of a role. They open nothing but what runs here. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Whose roles are assumed, and what else decides. */
export interface RoleSessionsSettings {
  readonly functions: readonly DeployedFunction[];
  /** Those of what the functions ask for. */
  readonly resourcePolicies: readonly DeployedResourcePolicy[];
  /** Called with a sentence for the developer: once for each denial, and once in all for each doubt. */
  onNote(deployed: DeployedFunction, sentence: string): void;
  /** So many random bytes. */
  randomBytes(count: number): Uint8Array;
  /** The time in milliseconds since the epoch. */
  now(): number;
}

/** A session of its role for each function, as Lambda opens them: named after the function. */
export interface RoleSessions {
  /** What a function signs with. */
  credentialsOf(deployed: DeployedFunction): RoleCredentials;
  /** Who has an access key id; undefined where no function does. */
  callerOf(accessKeyId: string): ServiceCaller | undefined;
}

/** Assumes the roles of functions. The credentials are others in each run, so that no other program of this machine has them. */
export function openRoleSessions(settings: RoleSessionsSettings): RoleSessions {
  const { functions, randomBytes, now } = settings;
  const issuedMs = now();
  const notes = new Set<string>();
  const byFunction = new Map<string, RoleCredentials>();
  const byAccessKeyId = new Map<string, ServiceCaller>();
  for (const deployed of functions) {
    const credentials = byFunction.get(deployed.arn) ?? createCredentials(randomBytes);
    byFunction.set(deployed.arn, credentials);
    const noteOnce = (sentence: string): void => {
      const note = `${deployed.logicalId}: ${sentence}`;
      if (!notes.has(note)) {
        notes.add(note);
        settings.onNote(deployed, sentence);
      }
    };
    byAccessKeyId.set(credentials.accessKeyId, {
      secretAccessKey: credentials.secretAccessKey,
      sessionToken: credentials.sessionToken,
      authorize: (access) => authorize(settings, deployed, access, issuedMs, noteOnce),
    });
  }
  return {
    credentialsOf: ({ arn, logicalId }) => {
      const credentials = byFunction.get(arn);
      if (credentials === undefined) {
        throw new TypeError(`no role is assumed for ${logicalId}`);
      }
      return credentials;
    },
    callerOf: (accessKeyId) => byAccessKeyId.get(accessKeyId),
  };
}

function authorize(
  { resourcePolicies, onNote, now }: RoleSessionsSettings,
  deployed: DeployedFunction,
  access: Access,
  issuedMs: number,
  noteOnce: (sentence: string) => void,
): void {
  const { role } = deployed;
  const { action, resource } = access;
  const request: AccessRequest = {
    principal: {
      kind: 'role',
      accountId: role.accountId,
      roleArn: role.arn,
      sessionArn: sessionArnOf(deployed),
    },
    action,
    resource,
    context: createRequestContext({ ...sessionContext(deployed, access, issuedMs, now()), ...access.context }),
  };
  const ofResource = resourcePolicies.filter(({ resourceArn }) => resourceArn === resource);
  const accountId = accountOf(resource) ?? role.accountId;
  const isOpen = accountId !== role.accountId && ofResource.length === 0;
  if (isOpen) {
    noteOnce(`${resource} is of another account, and its policy is not of this assembly: it is taken to allow`);
  }
  const decision = decide(request, {
    identity: role.policies,
    boundary: role.boundary,
    resource: ofResource.map(({ policy }) => policy),
    resourceAccountId: isOpen ? role.accountId : accountId,
  });
  decision.doubts.forEach(noteOnce);
  if (decision.kind === 'denied') {
    onNote(deployed, explainDenial(request, decision));
    throw new ServiceError(403, 'AccessDeniedException', describeDenial(request, decision));
  }
}

/** Lambda names the session after the function. */
function sessionArnOf({ name, role }: DeployedFunction): string {
  const [, partition = 'aws'] = role.arn.split(':');
  return `arn:${partition}:sts::${role.accountId}:assumed-role/${role.name}/${name}`;
}

/** What AWS knows of any request that such a session makes (IAM, AWS global condition context keys; Lambda, source function ARN). */
function sessionContext(
  { arn, role }: DeployedFunction,
  { resource }: Access,
  issuedMs: number,
  nowMs: number,
): Readonly<Record<string, string | undefined>> {
  return {
    'aws:PrincipalArn': role.arn,
    'aws:PrincipalAccount': role.accountId,
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalIsAWSService': 'false',
    'aws:ViaAWSService': 'false',
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': new Date(nowMs).toISOString(),
    'aws:EpochTime': String(Math.floor(nowMs / 1000)),
    'aws:TokenIssueTime': new Date(issuedMs).toISOString(),
    'aws:RequestedRegion': resource.split(':')[3],
    'aws:ResourceAccount': accountOf(resource),
    'lambda:SourceFunctionArn': arn,
    ...Object.fromEntries(Object.entries(role.tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
  };
}

/** Undefined for what is no ARN. */
function accountOf(resource: string): string | undefined {
  return resource.split(':')[4];
}

/** Of the form of AWS's own, and to be recognized: whoever finds them somewhere shall know where they are from. */
function createCredentials(randomBytes: (count: number) => Uint8Array): RoleCredentials {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const id = Array.from(randomBytes(11), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  return {
    accessKeyId: `ASIALOCAL${id}`,
    secretAccessKey: `local-secret-access-key/${Buffer.from(randomBytes(12)).toString('base64')}`,
    sessionToken: `local-session-token/${Buffer.from(randomBytes(48)).toString('base64')}`,
  };
}
