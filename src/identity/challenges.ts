/** What a caller without credentials is told where a key or a token would do (RFC 6750, section 3). */
export const bearerChallenge = 'Bearer realm="agent"';

/** What a caller is told whose key or token is not good (RFC 6750, section 3.1). */
export const invalidTokenChallenge: string = `${bearerChallenge}, error="invalid_token"`;

/** What a caller without credentials is told where an id and a password would do (RFC 7617, sections 2 and 2.1). */
export const basicChallenge = 'Basic realm="agent", charset="UTF-8"';

/** What a caller is told whose token is good for other things (RFC 6750, section 3.1); `scopes` are what it would need. */
export function insufficientScopeChallenge(scopes: readonly string[]): string {
  return `${bearerChallenge}, error="insufficient_scope", scope="${scopes.join(' ')}"`;
}

/**
 * Joins challenges into one field (RFC 9110, section 11.6.1). One that another one of them only says more exactly is left out.
 */
export function joinChallenges(challenges: readonly (string | undefined)[]): string | undefined {
  const distinct = [...new Set(challenges)].filter((challenge) => challenge !== undefined);
  const exact = distinct.filter((challenge) => !distinct.some((other) => other.startsWith(`${challenge}, `)));
  return exact.length === 0 ? undefined : exact.join(', ');
}
