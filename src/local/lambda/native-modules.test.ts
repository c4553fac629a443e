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
      'the native module a.node is built for linux arm64, and the template says x86_64: Lambda cannot load it',
      'the native module a.node is built for linux arm64, and this machine is linux x86_64: it cannot be loaded here',
    ]);
    assert.deepEqual(describeNativeModules([intel], 'arm64', linux), [
      'the native module b.node is built for linux x86_64, and the template says arm64: Lambda cannot load it',
    ]);
    assert.deepEqual(describeNativeModules([arm], 'arm64', { platform: 'darwin', arch: 'arm64' }), [
      'the native module a.node is built for linux arm64, and this machine is darwin arm64: it cannot be loaded here',
    ]);
  });

  it('are no matter where there is none, or one for each', () => {
    assert.deepEqual(describeNativeModules([], 'arm64', linux), []);
    assert.deepEqual(describeNativeModules([arm, intel], 'arm64', linux), []);
  });
});
