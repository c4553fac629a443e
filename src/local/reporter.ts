import { describeChain, describeEmptySecrets, describeLog, describeNotice, describeRequest } from './console.ts';
import type { LocalChain } from './local-chain.ts';
import type { LocalEndpoints, LocalEvent } from './local-event.ts';
import type { LogLine, RequestLine } from './request-line.ts';
import type { Notice } from './template/deployment.ts';

/** What the command says to whoever started it. */
export interface Reporter {
  /** What is being done before there is anything to use: for people, not for tools. */
  progress(text: string): void;
  notice(notice: Notice): void;
  /**
   * The chain takes requests.
   *
   * @param watched what is watched for changes; empty where nothing is
   */
  ready(chain: LocalChain, startMs: number, watched: readonly string[]): void;
  request(line: RequestLine): void;
  log(line: LogLine): void;
  /** New requests meet what was changed. */
  rebuilt(chain: LocalChain, changed: readonly string[], durationMs: number): void;
  /** Something went wrong, and the chain goes on. */
  failed(sentence: string): void;
  /** Something went wrong, and the command ends. */
  refused(sentence: string, kind: 'usage' | 'chain'): void;
  stopping(): void;
  stopped(): void;
}

/** Where texts go. */
export interface Output {
  /** To the standard output. */
  print(text: string): void;
  /** To the standard error. */
  explain(text: string): void;
}

/** Writes for people: what happens to the standard output, what is wrong or under way to the standard error. */
export function createTextReporter({ print, explain }: Output): Reporter {
  return {
    progress: (text) => explain(`${text}\n`),
    notice: (notice) => explain(describeNotice(notice)),
    ready: (chain, startMs, watched) => {
      print(describeChain(chain, startMs, watched));
      explain(describeEmptySecrets(chain.secrets));
    },
    request: (line) => print(describeRequest(line)),
    log: (line) => print(describeLog(line)),
    rebuilt: (chain, changed, durationMs) => {
      const where = chain.agentCoreEndpoint === undefined ? '' : `; AgentCore is at ${chain.agentCoreEndpoint} now`;
      const seconds = (durationMs / 1000).toFixed(1);
      explain(`rebuilt in ${seconds} s after a change of ${describeFiles(changed)}; sessions begin anew${where}\n`);
    },
    failed: (sentence) => explain(`agentcore-relay local: ${sentence}\n`),
    refused: (sentence, kind) => {
      explain(`agentcore-relay local: ${sentence}\n`);
      if (kind === 'usage') {
        explain('agentcore-relay local --help says more\n');
      }
    },
    stopping: () => explain('\nstopping\n'),
    stopped: () => undefined,
  };
}

/** Writes {@link LocalEvent}s to the standard output, one a line, and nothing else; sentences also to the standard error. */
export function createJsonReporter(output: Output): Reporter {
  const { progress, failed, refused } = createTextReporter(output);
  const report = (event: LocalEvent): void => output.print(`${JSON.stringify(event)}\n`);
  return {
    progress,
    notice: (notice) => report({ type: 'notice', ...notice }),
    ready: (chain, startMs) => {
      const { auth } = chain.deployment;
      const secrets = chain.secrets.map(({ kind, isEmpty }) => ({ kind, isEmpty }));
      report({ type: 'ready', ...endpointsOf(chain), startMs: Math.round(startMs), auth: auth.kinds, secrets });
    },
    request: ({ trace: _trace, ...line }) => report({ type: 'request', ...line }),
    log: (line) => report({ type: 'log', ...line }),
    rebuilt: (chain, changed, durationMs) => {
      report({ type: 'rebuilt', ...endpointsOf(chain), durationMs: Math.round(durationMs), changed });
    },
    failed: (message) => {
      report({ type: 'error', message });
      failed(message);
    },
    refused: (message, kind) => {
      report({ type: 'error', message });
      refused(message, kind);
    },
    stopping: () => undefined,
    stopped: () => report({ type: 'stopped' }),
  };
}

function endpointsOf({ url, agentCoreEndpoint, secretsManagerEndpoint }: LocalChain): LocalEndpoints {
  return { url, agentCoreEndpoint, secretsManagerEndpoint };
}

function describeFiles([first = 'a file', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
