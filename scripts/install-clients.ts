/**
 * Installs the real clients that the tests in `test/clients/` drive, each package from its lock; what is there already is
 * left as it is. They are no dependencies of this package: their majors exclude each other, and `npm ci` stays quick.
 */
import './require-node.ts';
import { spawnSync } from 'node:child_process';
import { clients, copilotKit } from '../test/clients/client-packages.ts';

for (const { folder, isInstalled } of [clients, copilotKit]) {
  if (isInstalled()) continue;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
