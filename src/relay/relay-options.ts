import type { Dialect } from '../dialects/dialect.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import type { OfferedProtocol } from '../protocols/lazy-protocol.ts';
import type { AgentProtocol, CorsSettings, RelayLimits, SessionPolicy } from '../settings.ts';
import type { AgentInput } from './agent-input.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import type { Log } from './relay-request.ts';
import type { EventFilter } from './translate.ts';
import type { SetTimer } from './watch.ts';

/** What a relay is made of. Only the agent and who may call it are required. */
export interface RelayOptions {
  readonly agentRuntime: AgentRuntime;
  /** Says who is calling, before anything of a request is read. That everybody may call has to be said: `anonymous()`. */
  readonly authenticator: Authenticator;
  /** How runtime session ids come about. Default: `derived`. */
  readonly sessions?: SessionPolicy | undefined;
  /** Whether AgentCore is told on whose behalf it is called (`runtimeUserId`). Default: false. */
  readonly passUserId?: boolean | undefined;
  /** Pages of other origins that may call. Default: none. */
  readonly cors?: CorsSettings | undefined;
  /** The client formats, of which the first one of a path is its default. Default: `defaultProtocols`, all of the package's. */
  readonly protocols?: readonly OfferedProtocol[] | undefined;
  /** The agent dialects that are recognized, in the order in which they are tried. Default: all of the package's. */
  readonly dialects?: readonly Dialect[] | undefined;
  /**
   * Gives the filter of one answer, which sees every event and may change, drop or add some. It cannot see `original`,
   * whose bytes are not read: leave that out of `protocols` where the filter hides something. Default: none.
   */
  readonly createFilter?: (() => EventFilter) | undefined;
  /** What the agent speaks. Default: `HTTP`. */
  readonly agentProtocol?: AgentProtocol | undefined;
  /** Makes the agent's input, for agents that take something of their own. Default: what `agentProtocol` says. */
  readonly createInput?: AgentInput | undefined;
  /** Bounds; each one that is left out has its default. */
  readonly limits?: Partial<RelayLimits> | undefined;
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Timers. Default: the process's own. */
  readonly setTimer?: SetTimer | undefined;
  /** Makes request ids and session ids; must be unguessable and fit for a session id. Default: a random UUID that no snapshot repeats. */
  readonly newId?: (() => string) | undefined;
  /** Takes one entry per request and per surprise. Default: none. */
  readonly log?: Log | undefined;
}
