/** Builds Lambda's own runtime client, which the tests in `test/lambda-runtime/` compare with ours; on Linux only. */
import './require-node.ts';
import { installGenuineRuntime } from '../test/lambda-runtime/genuine-runtime.ts';

installGenuineRuntime();
