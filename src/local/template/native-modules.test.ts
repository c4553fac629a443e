import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { describeNativeModules, findNativeModules } from './native-modules.ts';

const bundle = mkdtempSync(join(tmpdir(), 'native-modules-'));
after(() => rmSync(bundle, { recursive: true }));

const linux = { platform: 'linux', arch: 'x64' };
const arm = { path: 'a.node', target: 'linux arm64' };
const intel = { path: 'b.node', target: 'linux x86_64' };

describe('the native modules of a bundle', () => {
  it('are found in any folder, with the platform that their first bytes name', () => {
    const elf = (machine: number): Buffer => {
      const head = Buffer.alloc(64);
      head.writeUInt32BE(0x7f_45_4c_46);
      head.writeUInt16LE(machine, 18);
      return head;
    };
    mkdirSync(join(bundle, 'node_modules/x/build'), { recursive: true });
    const files = {
      'node_modules/x/build/x.node': elf(0xb7),
      'intel.node': elf(0x3e),
      'risc.node': elf(0xf3),
      'mac.node': Buffer.from('cffaedfe', 'hex'),
      'windows.node': Buffer.from('MZ'),
      'empty.node': Buffer.alloc(0),
      'index.mjs': Buffer.from('export {}'),
    };
    for (const [name, bytes] of Object.entries(files)) {
      writeFileSync(join(bundle, name), bytes);
    }
    const targets = findNativeModules(bundle).map(({ path, target }) => [path.replaceAll('\\', '/'), target] as const);
    assert.deepEqual(
      targets.sort(([one], [other]) => (one < other ? -1 : 1)),
      [
        ['empty.node', 'no known platform'],
        ['intel.node', 'linux x86_64'],
        ['mac.node', 'darwin'],
        ['node_modules/x/build/x.node', 'linux arm64'],
        ['risc.node', 'linux machine 243'],
        ['windows.node', 'win32'],
      ],
    );
  });

  it('are told of where none fits what the template says, and where none fits this machine', () => {
    assert.deepEqual(describeNativeModules([arm], 'x86_64', linux), [
      'holds a.node, a native module for linux arm64: it cannot be loaded where it is deployed, on linux x86_64',
      'holds a.node, a native module for linux arm64: it cannot be loaded on this machine, which is linux x86_64',
    ]);
    assert.deepEqual(describeNativeModules([intel], 'arm64', linux), [
      'holds b.node, a native module for linux x86_64: it cannot be loaded where it is deployed, on linux arm64',
    ]);
    assert.deepEqual(describeNativeModules([arm], 'arm64', { platform: 'darwin', arch: 'arm64' }), [
      'holds a.node, a native module for linux arm64: it cannot be loaded on this machine, which is darwin arm64',
    ]);
  });

  it('are no matter where there is none, or one for each', () => {
    assert.deepEqual(describeNativeModules([], 'arm64', linux), []);
    assert.deepEqual(describeNativeModules([arm, intel], 'arm64', linux), []);
  });
});
