/**
 * Says in one sentence what is wrong where npm's scripts do not find the Node that the project brings along. Two
 * devDependencies offer a `node` command (24 to develop, 22 to test the agent as AgentCore runs it); a clean install
 * links the first.
 */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(`this project runs on Node.js 24, got ${process.versions.node}; run "npm ci" and try again\n`);
  process.exit(1);
}
