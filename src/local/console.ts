import path from 'node:path';
import { styleText } from 'node:util';
import type { AgentHosting } from './agentcore/agentcore-settings.ts';
import type { LocalChain } from './local-chain.ts';
import type { HopRecord, LogLine, RequestLine } from './request-line.ts';
import type { HostedSecret } from './secret-values.ts';
import type { DeployedAgent, DeployedAuth, DeployedFunction, Notice } from './template/deployment.ts';

/** Who may call, by the kind of authentication. */
const callers: Readonly<Record<string, string>> = {
  anonymous: 'everybody',
  'api-keys': 'whoever has a key',
  basic: 'whoever has a password',
  jwt: 'whoever has a token of the issuer',
  handler: "whom the relay's own module recognizes",
};

type Row = readonly [hop: string, what: string, from: string];

/**
 * What runs where, and a `curl` line to begin with.
 *
 * @param startMs how long the start took, in milliseconds
 * @param watched what is watched for changes; empty where nothing is
 */
export function describeChain(chain: LocalChain, startMs: number, watched: readonly string[]): string {
  const { distribution, agent, auth } = chain.deployment;
  const rows: Row[] = [['CloudFront', chain.url, `${distribution.logicalId} of the template`]];
  for (const behaviour of distribution.behaviours) {
    const prefix = distribution.behaviours.length === 1 ? '' : `${behaviour.pathPattern}: `;
    const { viewerFunction, originRequestFunction, originResponseFunction, origin } = behaviour;
    if (viewerFunction !== undefined) {
      rows.push([`${prefix}viewer request`, 'CloudFront Function, in a sandbox', viewerFunction.name]);
    }
    for (const [event, deployed] of [
      ['origin request', originRequestFunction],
      ['origin response', originResponseFunction],
    ] as const) {
      if (deployed !== undefined) {
        rows.push([
          `${prefix}${event}`,
          describeFunction('Lambda@Edge', deployed.function),
          ...fromOf(deployed.function),
        ]);
      }
    }
    if (origin.functionUrl === undefined) {
      rows.push([`${prefix}origin`, `${origin.domainName}, not reached from here: 502`, '']);
      continue;
    }
    const { function: relay, refusal } = origin.functionUrl;
    rows.push(
      [`${prefix}Function URL`, refusal ?? `AWS_IAM, signed by CloudFront: ${origin.signingBehavior ?? 'never'}`, ''],
      [`${prefix}relay`, describeFunction('Lambda', relay), ...fromOf(relay)],
    );
  }
  if (chain.agentCoreEndpoint !== undefined) {
    rows.push(['AgentCore', chain.agentCoreEndpoint, '']);
  }
  if (chain.agent !== undefined) {
    rows.push(['agent', ...describeAgent(chain.agent, agent)]);
  }
  rows.push(
    ...(chain.secretsManagerEndpoint === undefined
      ? []
      : [['Secrets Manager', chain.secretsManagerEndpoint, describeSecrets(chain.secrets)] as const]),
    ...(auth.kinds.length === 0
      ? []
      : [['callers', auth.kinds.map((kind) => callers[kind] ?? kind).join(', or '), ''] as const]),
  );
  const body = chain.agent === undefined ? '' : ` -d '{"prompt":"What is 12*(3+4)?","response":"transformed"}'`;
  const curl = `curl -N ${curlOptionsOf(auth)}${chain.url}${body}`;
  const ready = `Ready after ${(startMs / 1000).toFixed(1)} s${watched.length === 0 ? '' : `, watching ${watched.join(', ')}`}.`;
  return `\n${formatTable(rows)}\n\n  ${styleText('bold', curl)}\n\n${ready} Ctrl-C ends it.\n\n`;
}

/** A line for something of the template that is not run here. */
export function describeNotice({ resource, property, text }: Notice): string {
  return `${styleText('yellow', `${resource}: ${property}`, { stream: process.stderr })} ${text}\n`;
}

/** Sentences for the developer where a secret has nobody in it; empty where none is like that. */
export function describeEmptySecrets(secrets: readonly HostedSecret[]): string {
  return secrets
    .filter(({ isEmpty }) => isEmpty)
    .map(({ kind, file }) => {
      const [what, command, option, name] =
        kind === 'api-keys'
          ? ['a key', 'key create', '--keys', 'relay-keys.json']
          : ['a password', 'user create', '--users', 'relay-users.json'];
      const make = `make ${what} with: agentcore-relay ${command} <id> --file ${file ?? name}`;
      const use = file === undefined ? `, then start this with ${option} ${name}` : '';
      return `nobody gets in with ${what} yet; ${make}${use}\n`;
    })
    .join('');
}

/** One line for a request: the times to the first byte of each hop, in milliseconds. */
export function describeRequest(line: RequestLine): string {
  const { at, method, path: uri, status, bytes, hops, firstByteMs, totalMs } = line;
  const time = new Date(at).toTimeString().slice(0, 8);
  const color = status < 400 ? 'green' : 'red';
  const times = [...describeHops(hops), ...duration('first byte', firstByteMs), ...duration('total', totalMs)];
  const notes = [
    ...(line.ending === 'complete' ? [] : [line.ending === 'cut' ? 'cut by the origin' : 'the viewer left']),
    ...(line.faults.length === 0 ? [] : [`with ${line.faults.join(', ')}`]),
    ...(/^(?:Miss|Error) /u.test(line.cacheResult) ? [] : [line.cacheResult.replace(' from cloudfront', '')]),
  ];
  const head = `${time} ${method} ${uri} ${styleText(color, String(status))} ${bytes.toLocaleString('en')} B`;
  const tail = notes.length === 0 ? '' : `  ${styleText('yellow', notes.join(', '))}`;
  return `${head}  ${times.join(' · ')} ms${tail}\n`;
}

/** One line of a function's or the agent's log. */
export function describeLog({ source, text }: LogLine): string {
  return `${styleText('dim', `  ${source} | ${text.replaceAll('\n', '\n    ')}`)}\n`;
}

function describeHops(hops: HopRecord): readonly string[] {
  return [
    ...duration('viewer function', hops.viewerFunctionMs),
    ...duration('edge', hops.edgeFunctionMs),
    ...duration('relay', hops.functionMs, hops.functionInitMs),
    ...duration('agent', hops.agentMs, hops.agentInitMs),
    ...duration('edge response', hops.edgeResponseMs),
  ];
}

function duration(name: string, milliseconds: number | undefined, coldMs?: number): readonly string[] {
  if (milliseconds === undefined) {
    return [];
  }
  const cold = coldMs === undefined ? '' : ` (cold ${round(coldMs)})`;
  return [`${name} ${round(milliseconds)}${cold}`];
}

function round(milliseconds: number): string {
  return milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0);
}

/** What `curl` needs to get in. */
function curlOptionsOf({ kinds }: DeployedAuth): string {
  const kind = kinds.includes('anonymous') ? undefined : kinds[0];
  switch (kind) {
    case 'api-keys':
      return '-H "authorization: Bearer $RELAY_KEY" ';
    case 'jwt':
      return '-H "authorization: Bearer $TOKEN" ';
    case 'basic':
      return '-u "$RELAY_USER:$RELAY_PASSWORD" ';
    default:
      return '';
  }
}

function describeSecrets(secrets: readonly HostedSecret[]): string {
  return secrets.map(({ file, arn }) => file ?? arn.split(':').at(-1)).join(', ');
}

function describeFunction(kind: string, lambda: DeployedFunction): string {
  return `${kind}, ${lambda.runtime}, a process per concurrent request`;
}

function fromOf(lambda: DeployedFunction): [string] {
  return [`${lambda.logicalId}: ${relative(lambda.codeDirectory)}`];
}

function describeAgent(hosting: AgentHosting, agent: DeployedAgent | undefined): [string, string] {
  switch (hosting.kind) {
    case 'bundle': {
      const runtime = agent?.artifact.kind === 'code' ? agent.artifact.runtime : '';
      return [
        `${hosting.entryPoint.join(' ')}, ${runtime}, a process per session`,
        `${agent?.logicalId ?? ''}: ${relative(hosting.codeDirectory)}`,
      ];
    }
    case 'command':
      return [`${hosting.command}, a process per session`, '--agent'];
    case 'url':
      return [hosting.url, '--agent-url'];
    case 'deployed':
      return [hosting.agentRuntimeArn, `on AWS, ${hosting.region}`];
    default:
      return hosting satisfies never;
  }
}

/** Asset folders are named after 64 hex digits; the first eight tell them apart. */
function relative(directory: string): string {
  return path.relative(process.cwd(), directory).replace(/(asset\.[0-9a-f]{8})[0-9a-f]{56}$/u, '$1…');
}

function formatTable(rows: readonly Row[]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(([hop, what, from]) =>
      `  ${styleText('cyan', hop.padEnd(widths[0] ?? 0))}  ${what.padEnd(widths[1] ?? 0)}  ${styleText('dim', from)}`.trimEnd(),
    )
    .join('\n');
}
