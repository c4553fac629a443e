import { RelayError } from '../errors.ts';
import type { Authenticator } from './authenticator.ts';
import type { Credentials } from './credentials.ts';
import { unavailable } from './unavailable.ts';

/** How {@link createDeferred} loads. */
export interface DeferredOptions {
  /** The authenticator's name. */
  readonly name: string;
  /** Its challenge until it is loaded. */
  readonly challenge?: string | undefined;
  /** The credentials that it looks at: without them it need not be there. Default: it is asked about every request. */
  readonly takes?: readonly Credentials['kind'][] | undefined;
  load(): Promise<Authenticator>;
  /** Is told of each load that fails. */
  readonly report: (fault: unknown) => void;
}

/**
 * An authenticator whose code is loaded in the background, beginning now: the start of the process does not wait for it. Where
 * that fails the next request tries again, and until it is there whoever needs it is refused with `identity_unavailable`.
 */
export function createDeferred({ name, challenge, takes, load, report }: DeferredOptions): Authenticator {
  let loaded: Authenticator | undefined;
  let loading: Promise<Authenticator> | undefined;

  function begin(): Promise<Authenticator> {
    loading ??= Promise.resolve()
      .then(load)
      .then(
        (authenticator) => {
          loaded = authenticator;
          return authenticator;
        },
        (thrown: unknown) => {
          loading = undefined;
          const fault = unavailable(`"${name}" cannot be loaded`, thrown);
          report(fault);
          throw fault;
        },
      );
    return loading;
  }

  begin().catch(() => {});
  return {
    name,
    get challenge() {
      return loaded?.challenge ?? challenge;
    },
    async identify(caller) {
      const kind = caller.credentials?.kind;
      if (takes !== undefined && (kind === undefined || !takes.includes(kind))) return { kind: 'absent' };
      try {
        return await (loaded ?? (await begin())).identify(caller);
      } catch (thrown) {
        if (thrown instanceof RelayError) return { kind: 'refused', error: thrown };
        throw thrown;
      }
    },
  };
}
