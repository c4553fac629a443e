/** Names of this machine that no one else can have: addresses of the loopback, and `localhost` (RFC 6761, 6.3). */
const ownName = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|(?:[a-z0-9-]+\.)*localhost)$/u;

/**
 * Tells whether a viewer asks for this machine or for the distribution by one of its names. CloudFront answers 403 to any other name;
 * here that also keeps out a page on the internet which lets its own name point to this machine (DNS rebinding): to the
 * browser it is then of the relay's origin.
 *
 * @param host - The `Host` header; absent in HTTP/1.0, which no browser speaks.
 * @param names - The distribution's domain name and its aliases, which may begin with `*.`.
 */
export function isViewerHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return true;
  const name = host.toLowerCase().replace(/:\d*$/u, '');
  return ownName.test(name) || names.some((own) => isCovered(name, own.toLowerCase()));
}

function isCovered(name: string, own: string): boolean {
  return own.startsWith('*.') ? name.endsWith(own.slice(1)) : name === own;
}
