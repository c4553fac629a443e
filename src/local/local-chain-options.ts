import type { LocalAgent } from './agent-hosting.ts';
import type { ServerProtocol } from './container-contract.ts';
import type { LogLine, RequestLine } from './request-line.ts';
import type { SessionLifecycle } from './agentcore/agentcore-settings.ts';
import type { SecretFiles } from './secret-values.ts';

/** What is run, and where. */
export interface LocalChainOptions extends SecretFiles {
  /** Folder of the cloud assembly, as `cdk synth` leaves it. */
  readonly assembly: string;
  /** Port on 127.0.0.1; 0 takes a free one. Default 8787. */
  readonly port?: number | undefined;
  /** Which agent answers. Default: the one that the template deploys. */
  readonly agent?: LocalAgent | undefined;
  /** What the agent speaks. The relay speaks `HTTP` and `AGUI`. Default: as the template has it. */
  readonly agentProtocol?: ServerProtocol | undefined;
  /** Values of the templates' parameters by their names. Default: the templates' own defaults. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Account where the template leaves it open: 12 digits. Default `000000000000`. */
  readonly accountId?: string | undefined;
  /** Region where the template leaves it open. Default `us-east-1`. */
  readonly region?: string | undefined;
  /** Set in the agent's environment over the template's; undefined takes a variable away. */
  readonly agentEnvironment?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * How long a session may be idle and how long it may live, over the template's. AWS takes no less than a minute; a test
   * need not wait that long. A deployed agent has its own.
   */
  readonly agentLifecycle?: Partial<SessionLifecycle> | undefined;
  /** Set in the relay's environment over the template's. */
  readonly relayEnvironment?: Readonly<Record<string, string>> | undefined;
  /** What goes wrong, each as after `--fault`, such as `cut-after=20`. Default: nothing. */
  readonly faults?: readonly string[] | undefined;
  /** Decides which requests a fault with a rate meets: the same seed, the same requests. Default 1. */
  readonly faultSeed?: number | undefined;
  /** Writes down every hop's times, sizes and headers, in {@link RequestLine.trace}. Default false. */
  readonly trace?: boolean | undefined;
  /** Called once per request, when its response is over. */
  readonly onRequest?: ((line: RequestLine) => void) | undefined;
  /** Called once per line that a function, the agent or CloudFront writes. */
  readonly onLog?: ((line: LogLine) => void) | undefined;
  /**
   * Called when nothing runs any more of an assembly that `reload` has replaced: its folder may be removed.
   */
  readonly onRetired?: ((assembly: string) => void) | undefined;
  /** The time in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}
