/** Installs the Python packages that the tests in `test/python/` run; what is there already is left as it is. */
import './require-node.ts';
import { installPythonPackages } from '../test/python/python-packages.ts';

installPythonPackages();
