/** The longest URL that CloudFront takes, in bytes (CloudFront, Quotas). */
export const maxUrlBytes = 8192;

/** A request's path and query. */
export interface RequestTarget {
  readonly uri: string;
  readonly querystring: string;
}

/**
 * Why CloudFront would not take the path or the query that an edge function gives back; undefined where it takes them
 * (CloudFront, Restrictions on all edge functions, "Query strings" and "URI").
 */
export function findTargetFault(before: RequestTarget, after: RequestTarget): string | undefined {
  const { uri, querystring } = after;
  if (!uri.startsWith('/')) {
    return 'The URI must begin with a slash.';
  }
  if (querystring !== before.querystring && hasForbiddenCharacter(querystring)) {
    return 'The query string must not include spaces, control characters, or the fragment identifier (#).';
  }
  return uri.length + querystring.length + 1 >= maxUrlBytes
    ? 'The URI with its query string must be shorter than 8,192 characters.'
    : undefined;
}

function hasForbiddenCharacter(text: string): boolean {
  return /[\p{Cc} #]/u.test(text);
}
