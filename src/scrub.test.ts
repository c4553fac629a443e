import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scrub } from './scrub.ts';

const hex64 = '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';
const jwt = `eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhbGljZSJ9.${'c2lnbmF0dXJl'.repeat(4)}`;
const relayKey = `relay_${'aZ09_-bY'.repeat(5)}xyz`;

const taken: readonly (readonly [what: string, text: string, expected: string])[] = [
  [
    'ARNs, as IAM says them',
    'User: arn:aws:sts::123456789012:assumed-role/AgentRole/i-0abc is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2:1 because no policy allows it',
    'User: [arn] is not authorized to perform: bedrock:InvokeModel on resource: [arn] because no policy allows it',
  ],
  ['ARNs of China', '(arn:aws-cn:s3:::bucket/a*b).', '([arn]).'],
  ['ARNs of GovCloud', '"arn:aws-us-gov:iam::123456789012:role/a/b",', '"[arn]",'],
  ['ARNs of an isolated region', 'arn:aws-iso-b:sqs:us-isob-east-1:123456789012:q!', '[arn]!'],
  ['ARNs in a URL', '/x?arn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx&y=1', '/x?arn=[arn]'],
  [
    'the URL of an AgentCore call',
    'POST https://bedrock-agentcore.us-east-1.amazonaws.com/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A123456789012%3Aruntime%2Fchat-1/invocations?qualifier=DEFAULT failed',
    'POST https://[host] failed',
  ],
  ['an account', 'account 123456789012 has no access', 'account [account] has no access'],
  ['an account in a name', 'cdk-hnb659fds-assets-123456789012-us-east-1', 'cdk-hnb659fds-assets-[account]-us-east-1'],
  ['an account in a URL', 'queue=a%2F123456789012%2Fb', 'queue=a%2F[account]%2Fb'],
  ['an account in JSON', '{"account":"123456789012","id":123456789012}', '{"account":"[account]","id":[account]}'],
  ['access keys', 'AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE.', '[key] and [key].'],
  ['unique ids', 'AROAJ2UCCR6DPEXAMPLE:session, AIDACKCEVSQ6C2EXAMPLE', '[key]:session, [key]'],
  [
    'a signature in a header',
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20250830/us-east-1/bedrock-agentcore/aws4_request, SignedHeaders=host;x-amz-date, Signature=${hex64}`,
    'AWS4-HMAC-SHA256 Credential=[credential], SignedHeaders=host;x-amz-date, Signature=[credential]',
  ],
  [
    'a signature in a URL',
    `https://files.example.com/a?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20250830%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEA1%2F&X-Amz-Signature=${hex64}`,
    'https://files.example.com/a?X-Amz-Credential=[credential]&X-Amz-Security-Token=[credential]&X-Amz-Signature=[credential]',
  ],
  [
    'secrets by their names',
    `{'aws_secret_access_key': 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', "sessionToken":"FwoGZXIvYXdzEBYaD0EXAMPLE"}`,
    `{'aws_secret_access_key': '[credential]', "sessionToken":"[credential]"}`,
  ],
  ['a session token', `token IQoJb3JpZ2luX2VjEA${'aB3/'.repeat(20)}==`, 'token [credential]'],
  ['a JWT', `token ${jwt} expired`, 'token [credential] expired'],
  ['a JWT that is a bearer token', `Authorization: Bearer ${jwt}`, 'Authorization: Bearer [credential]'],
  ['Basic credentials', 'authorization: Basic YWxpY2U6c2VjcmV0MTIz', 'authorization: Basic [credential]'],
  ['a key of the relay', `the key "${relayKey}" is not known`, 'the key "[credential]" is not known'],
  ['a password in a URL', 'postgres://agent:p%40ss@db.example.com/x', 'postgres://[credential]@db.example.com/x'],
  ["AWS's hosts", 'getaddrinfo ENOTFOUND dynamodb.eu-west-1.amazonaws.com.', 'getaddrinfo ENOTFOUND [host].'],
  ["AWS's hosts in China", 'sts.cn-north-1.amazonaws.com.cn:443', '[host]'],
  ['Function URLs', 'https://abc123.lambda-url.us-east-1.on.aws/chat?x=1, retry', 'https://[host], retry'],
  ['hosts of a VPC', 'ip-10-0-0-1 and ip-10-0-0-1.ec2.internal:8080', '[host] and [host]'],
  ['hosts of a cluster', 'redis://cache.default.svc.cluster.local:6379/0', 'redis://[host]'],
  ['private addresses', '10.0.12.7:443 172.16.0.1 172.31.255.255:80 192.168.1.1:1', '[host] [host] [host] [host]'],
  ['the metadata service', 'http://169.254.169.254/latest/meta-data/iam/', 'http://[host]'],
  ['loopback', 'connect ECONNREFUSED 127.0.0.1:8080; localhost:3000/a', 'connect ECONNREFUSED [host]; [host]'],
  ['a host with a long name in capitals', 'DB.PROD.INTERNAL', '[host]'],
  ['paths of Lambda', "Cannot find module '/var/task/index.mjs'", "Cannot find module '[path]'"],
  ['paths of a container', 'open /app/config/secret.yaml: no such file', 'open [path]: no such file'],
  ['paths with lines', 'at file:///opt/nodejs/node_modules/x/y.js:12:3.', 'at [path].'],
  ['paths of Python', '/usr/local/lib/python3.13/site-packages/strands/agent.py', '[path]'],
  ['paths of a user', '/home/alice/.aws/credentials and /Users/bob/x', '[path] and [path]'],
  ['paths of Windows', String.raw`in C:\Users\alice\app.js:1:2 and D:/work/x.py.`, 'in [path] and [path].'],
  ['paths of Windows in JSON', String.raw`"c:\\Users\\alice"`, '"[path]"'],
  [
    "Node's stack",
    "TypeError: Cannot read properties of undefined (reading 'x')\n    at run (/var/task/index.js:12:3)\n    at async file:///app/y.mjs:1:2",
    "TypeError: Cannot read properties of undefined (reading 'x')",
  ],
  ["Node's stack of a built-in", 'SyntaxError: bad\n    at JSON.parse (<anonymous>)\n    at x', 'SyntaxError: bad'],
  ["Node's stack without a function", 'Error: bad\n    at node:internal/main:1:2 {\n  code: 1', 'Error: bad'],
  ["Node's stack with CRLF", 'Error: bad\r\n    at new A (a.js:1:2)\r\n', 'Error: bad'],
  ["Node's stack in one line", 'Error: bad    at run (/a/index.js:1:2)    at x (y.js:3:4)', 'Error: bad'],
  ["Node's stack in JSON", String.raw`Error: bad\n    at Object.x [as y] (/a/b.js:1:2)\n    at z`, 'Error: bad'],
  ['a method that is called by another name', 'Error: bad at Object.a [as b] (c.js:1:2)', 'Error: bad'],
  [
    "Python's traceback",
    'The tool failed.\nTraceback (most recent call last):\n  File "/app/main.py", line 3, in run\n    x()\nValueError: y',
    'The tool failed.',
  ],
  ["Python's traceback without its beginning", 'failed:\n  File "<string>", line 1, in <module>\n    x', 'failed:'],
  ["Python's traceback in repr", String.raw`failed\n  File "main.py", line 3, in run\n    x()`, 'failed'],
  [
    "Java's stack",
    'java.lang.IllegalStateException: no\n\tat com.example.Agent.run(Agent.java:42)\n\tat x.Y.z(Unknown Source)',
    'java.lang.IllegalStateException: no',
  ],
  ["Java's stack in one line", 'no at com.example.Agent.run(Agent.java:42)', 'no'],
  ['all of a text that is a stack', '    at run (/var/task/index.js:12:3)', '[stack trace]'],
  ['all of a text that is a traceback', 'Traceback (most recent call last):\n  File "a.py", line 1', '[stack trace]'],
];

const kept = [
  '',
  'the prompt is missing or empty',
  '"runtimeSessionId" has 5 characters, 33 to 100 are allowed',
  'Call +1 555 012 3456, (020) 7946 0958, +49 30 901820-0 or +491701234567.',
  'from 2025-08-30T12:00:00.123Z to 2025-08-30, at 12:30:15 or 20250830T120000Z',
  'the id 3fa85f64-5717-4562-b3fc-123456789012 and 3FA85F64-5717-4562-B3FC-123456789012',
  '1234567890123 ms, 12345678901 bytes, 123456789012.5, 0.123456789012, 1,123456789012',
  `sha256:${hex64}`,
  'use `arr.map((x) => x.y)`, `console.log(a.b.c)`, `npm install --save-dev @types/node@24.1.0`',
  'version 10.1.2 of 8.8.8.8, 172.32.0.1, 192.169.1.1, 11.0.0.1, 1.10.0.0.1 and 10.0.0',
  'see https://docs.aws.amazon.com/bedrock/latest/userguide/ or https://example.com/app/home/x/opt/z',
  'mail alice@example.com; docs.python.org:443; on.aws; amazonaws.com; internal; local; localhost',
  'and/or, src/app/main.ts, ./opt/x, ../home/y, ~/tmp/z, /application/x, /api/chat, /users/1, w/app',
  'An arn is like a barn: aws; the arn:other:x; AKIA, ASIA, Asiatic, AIDA; asiaminorandmajorxx',
  'Signature=unknown, Credential=none; a Signature is needed; bearer responsibilities; Basic understanding',
  'relay_key, relay_configuration_of_the_agent; eyJ, eyJust.a.word',
  'At noon (12:30:15) we meet at the station (platform 9), or at Smith (room:3).',
  'Plan:\nat 12:30:15\nat home (native)\nat the office (see below)\nFile "a.txt" is missing',
  'Meet at noon (UTC:12), look at x (y) and at A.b(c)',
  '天気 😀 é \u0000 \ud800',
  'C: is a drive, x:y, a://b, Plan C:/',
  '| a | b |\n|---|---|\n| at 1 | at 2 |',
];

describe('scrub', () => {
  for (const [what, text, expected] of taken) {
    it(`takes out ${what}`, () => {
      assert.equal(scrub(text), expected);
    });
  }

  for (const text of kept) {
    it(`leaves ${JSON.stringify(text)}`, () => {
      assert.equal(scrub(text), text);
    });
  }

  const fragment = fc.oneof(
    fc.constantFrom(...taken.flatMap(([, text]) => text.split(/(?<=[ "(:/=\n])/u))),
    fc.constantFrom(...taken.map(([, , expected]) => expected)),
    fc.constantFrom(...Array.from(' \n\t.:/\\()[]{}"\'@%-_=,;123456789012ab')),
    fc.constantFrom('123456789012', '10.0.0.1:80', '10.0.0.1', '\n    at ', 'AKIAIOSFODNN7EXAMPLE', 'arn:aws:', '%3A'),
    fc.string({ maxLength: 5 }),
  );
  const anyText = fc.array(fragment, { maxLength: 12 }).map((fragments) => fragments.join(''));

  it('changes nothing more in what it has scrubbed', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const scrubbed = scrub(text);
        assert.equal(scrub(scrubbed), scrubbed);
      }),
      { numRuns: 3000 },
    );
  });

  it('leaves no account, key or ARN in any surroundings that do not hide it', () => {
    const separator = fc.constantFrom(' ', '"', "'", '(', ')', '\n', '=', ';', '<', '>', '{', '}', '|');
    const secret = fc.constantFrom('123456789012', 'AKIAIOSFODNN7EXAMPLE', 'arn:aws:iam::123456789012:role/x', jwt);
    fc.assert(
      fc.property(anyText, separator, secret, separator, anyText, (before, left, value, right, after) => {
        const scrubbed = scrub(`${before}${left}${value}${right}${after}`);
        assert.equal(scrubbed.includes(`${left}${value}${right}`), false, scrubbed);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time that grows with the length of the text alone', () => {
    const length = 200_000;
    const units = [
      ['a', '1', '.', ':', '/', ' ', '\n', '\\n', '-', '_', '=', '%3A', '(', 'é', '😀', 'a.', '.a', '1.', 'a-'],
      ['eyJ', 'eyJ-', 'eyJaaaaaaaa.', 'relay_', '-relay_', 'arn:aws:', 'arn:aws', 'AKIA', ' AKIAA', 'Credential='],
      [
        '\n    at ',
        '\nat a (',
        ' at a (',
        ' at a(b',
        ' at a [as ',
        '\n  File "',
        'at ',
        '://a:',
        '://',
        '@',
        'Bearer ',
      ],
      ['/app/', '/var', 'file://', 'C:\\', 'c:/', '10.', '10.0.0.1:', '[host]/', '[host]', 'ip-1-', 'a.local:1'],
      ['12345678-1234-1234-1234-', '123456789012', '123456789012,', 'aws_secret_access_key   =   ', '    ', ':1:1'],
      ['\n    at a (b.js:1:', 'Traceback (most recent call last', '(a.java:1', 'IQoJb3JpZ2lu', '.internal.', '{}'],
    ].flat();
    const slow = units.flatMap((unit) => {
      const text = unit.repeat(length / unit.length);
      return ['', ' x', '!'].flatMap((end) => {
        const startedAt = performance.now();
        scrub(text + end);
        const elapsedMs = performance.now() - startedAt;
        // Some 60 ms at most; what is quadratic takes minutes.
        return elapsedMs < 2000 ? [] : [`${JSON.stringify(unit)} ${elapsedMs.toFixed(0)} ms`];
      });
    });
    assert.deepEqual(slow, []);
  });
});
