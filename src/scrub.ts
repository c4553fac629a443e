/** What stands for what was taken. */
type Placeholder = '[account]' | '[arn]' | '[credential]' | '[host]' | '[key]' | '[path]';

const placeholder = '\\[(?:account|arn|credential|host|key|path)\\]';

/** Where something may begin. */
const start = '(?<![A-Za-z0-9])';

/** What names, paths and URLs go on with; what encloses them in a sentence is none of it. */
const rest = '[^\\s"\'`<>()[\\]{},;\\\\]';

const colon = '(?::|%(?:25)*3A)';

/** The folders of runtimes and of builds. */
const folders = 'app|home|mnt|opt|private|root|srv|tmp|usr|Users|var|workspace';

interface Rule {
  readonly pattern: RegExp;
  /** Gives what stands for a match: the match itself where it is nothing of the kind. */
  replace(match: string, ...groups: string[]): string;
}

/**
 * What is taken out, in this order: what holds others goes before them. None of them takes more time than grows with the
 * text's length: no match is looked for again within what one has read in vain, but where that is bounded.
 */
const rules: readonly Rule[] = [
  // SigV4, in a header and in a query ("Elements of an AWS API request signature", IAM User Guide).
  {
    pattern: /\b(Credential|Signature)(=|%3D)([A-Za-z0-9+/=%_.-]{16,})/giu,
    replace: (match, name = '', equals = '', value = '') => (hasDigit(value) ? `${name}${equals}[credential]` : match),
  },
  {
    pattern:
      /((?:aws_secret_access_key|aws_session_token|secretAccessKey|sessionToken|X-Amz-Security-Token)["']?\s{0,3}[=:]\s{0,3}["']?)([A-Za-z0-9+/=%_.-]{16,})/giu,
    replace: (match, name = '', value = '') => (hasDigit(value) ? `${name}[credential]` : match),
  },
  {
    pattern: /\b((?:Bearer|Basic)\s{1,3})([A-Za-z0-9+/=_.~-]{16,})/giu,
    replace: (match, scheme = '', value = '') => (hasDigit(value) ? `${scheme}[credential]` : match),
  },
  // Session tokens of STS, as they have long begun.
  take(`${start}(?:IQoJb3JpZ2lu|F[QwI]oGZXIvYXdz)[A-Za-z0-9+/=]{16,}`, '[credential]'),
  // JWTs (RFC 7519, 3.1; RFC 7516, 3.1): they begin with `{"`.
  take('(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*){1,3}', '[credential]'),
  // The relay's own keys.
  take('(?<![A-Za-z0-9_-])relay_[A-Za-z0-9_-]{40,}', '[credential]'),
  // Who calls, in a URL.
  take('(?<=://)[^\\s/@:[\\]]{1,200}:[^\\s/@[\\]]{1,200}(?=@)', '[credential]'),
  // Also as the URL of an AgentCore call has it.
  take(`${start}arn${colon}aws[a-z-]*${colon}${rest}*`, '[arn]', 'giu'),
  // "IAM identifiers", IAM User Guide: the unique ids of keys, users, roles and all else.
  take(
    `${start}(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AIPA|AKIA|ANPA|ANVA|APKA|AROA|ASCA|ASIA)[A-Z0-9]{12,}(?![A-Za-z0-9])`,
    '[key]',
  ),
  take(`(?<![\\w.~/%-])(?:file://)?/(?:${folders})/${rest}*`, '[path]'),
  take(`${start}(?:file:///)?[A-Za-z]:(?:\\\\{1,2}|/(?!/))[^\\s"'\`<>()[\\]{},;:|?*]+(?::[0-9]+){0,2}`, '[path]'),
  {
    pattern: /(?<![A-Za-z0-9._-])([A-Za-z0-9_][A-Za-z0-9._-]*)(:[0-9]{1,5}(?![A-Za-z0-9_-]|\.[A-Za-z0-9]))?/gu,
    replace: (match, name = '', port = '') => {
      const host = dropPunctuation(name);
      return isInternal(host.toLowerCase(), port !== '') ? `[host]${name.slice(host.length)}` : match;
    },
  },
  // The path of an internal URL: as internal as its host.
  take(`(?<=\\[host\\])/(?:${rest}|${placeholder})*`, ''),
  // An AWS account's id, but no part of a UUID, a decimal number or a phone number.
  {
    pattern:
      /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:(?<![A-Za-z0-9+]|[0-9][.,])|(?<=%2F|%3A))[0-9]{12}(?![A-Za-z0-9]|[.,][0-9])/giu,
    replace: (match) => (match.length === 12 ? '[account]' : match),
  },
];

/**
 * Takes out of a sentence what is of no use to its reader and shows how things are behind the relay: ARNs, account ids, keys,
 * tokens and signatures, internal hosts, the paths of files; and ends it where a stack trace begins. To scrub again changes
 * nothing.
 *
 * It knows these by the forms that AWS, Node, Python and Java give to them. A secret without a form it cannot know.
 */
export function scrub(text: string): string {
  let scrubbed = cutStackTrace(text);
  // What one rule takes may have kept another from seeing its own. More than twice it is hardly ever.
  for (let round = 0; round < maxRounds; round++) {
    const before = scrubbed;
    scrubbed = rules.reduce((text, { pattern, replace }) => text.replace(pattern, replace), before);
    if (scrubbed === before) break;
  }
  return scrubbed;
}

const maxRounds = 10;

/** A rule whose every match goes; a sentence's own punctuation after it stays. */
function take(source: string, by: Placeholder | '', flags = 'gu'): Rule {
  return { pattern: new RegExp(source, flags), replace: (match) => by + match.slice(dropPunctuation(match).length) };
}

function dropPunctuation(text: string): string {
  let length = text.length;
  while (length > 0 && '.:!?'.includes(text.charAt(length - 1))) length -= 1;
  return text.slice(0, length);
}

function hasDigit(text: string): boolean {
  return /[0-9]/u.test(text);
}

/** Whether a host is AWS's, an internal one, or a private address (RFC 1918, 1122 and 3927). */
function isInternal(host: string, hasPort: boolean): boolean {
  return (
    /\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws|on\.aws|internal|local)$/u.test(host) ||
    /^ip-[0-9]{1,3}(?:-[0-9]{1,3}){3}(?:\.|$)/u.test(host) ||
    /^(?:(?:10|127)\.[0-9]{1,3}|169\.254|172\.(?:1[6-9]|2[0-9]|3[01])|192\.168)(?:\.[0-9]{1,3}){2}$/u.test(host) ||
    (hasPort && host === 'localhost')
  );
}

/** Ends a text before its stack trace: one line per call, or all of them in one line. */
function cutStackTrace(text: string): string {
  const begins = [text.indexOf('Traceback (most recent call last)'), findFrameLine(text), findInlineFrame(text)];
  const found = begins.filter((index) => index !== -1);
  if (found.length === 0) return text;
  return text.slice(0, Math.min(...found)).trimEnd() || '[stack trace]';
}

/** Longest line, in UTF-16 units, that is recognized as a call. */
const maxFrameLength = 1000;

/** A call on a line of its own. Its line break may itself be written out, as in JSON and by Python's `repr`. */
function findFrameLine(text: string): number {
  for (const { index, 0: indent } of text.matchAll(/(?:^|[\r\n]|\\[rn])(?:[ \t|]|\\t)*(?=at |File ")/gu)) {
    const begin = index + indent.length;
    const [line = ''] = /^(?:(?!\\[rn])[^\r\n])*/u.exec(text.slice(begin, begin + maxFrameLength)) ?? [];
    if (/^File "[^"]*", line [0-9]/u.test(line)) return index;
    // What an object shows after its stack, and what encloses all of it.
    const call = line.replace(/[\s"'`,{}]{0,20}$/u, '');
    if (call.endsWith('<anonymous>)') || isPlace(call.slice(call.lastIndexOf(' ') + 1))) return index;
  }
  return -1;
}

/** A call after a sentence, in the same line. */
function findInlineFrame(text: string): number {
  const call = /\sat (?:async |new )?[^\s()]{1,200}(?: \[as [^\s\]]{1,100}\])? ?\([^\s()[\]]{1,500}\)/gu;
  for (const { index, 0: frame } of text.matchAll(call)) {
    if (isPlace(frame.slice(frame.lastIndexOf('(')))) return index;
  }
  return -1;
}

/** Whether a word ends with a line of a file, as Node (`/a/b.js:1:2`) and Java (`run(C.java:1)`) name it; no time of day. */
function isPlace(word: string): boolean {
  return (
    /\([\w$]{1,200}\.(?:java|kt|scala|groovy):[0-9]{1,9}\)$/u.test(word) ||
    (/:[0-9]{1,9}:[0-9]{1,9}\)?$/u.test(word) && /[A-Za-z/\\]/u.test(word))
  );
}
