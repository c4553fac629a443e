import { CfnOutput, Fn, Stack, Stage, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { nameGlobally } from './global-name.ts';

/** Where CloudFront looks for its functions and web ACLs, whatever the region of the rest. */
const edgeRegion = 'us-east-1';

/** Id of the stack in us-east-1 that belongs to a relay of another region. */
export function nameEdgeStack(relay: Construct): string {
  return nameGlobally(relay, 'edge');
}

/**
 * Where to make what has to be in us-east-1: the relay itself, or a stack there that is made the first time that somebody
 * asks.
 *
 * @throws Error where the relay's stack has no explicit region, so that nobody can say which of the two it is.
 */
export function findEdgeScope(relay: Construct): Construct {
  const stack = Stack.of(relay);
  if (Token.isUnresolved(stack.region)) {
    throw new Error(
      `the stack "${stack.node.path}" has no region; a relay needs one, such as env: { region: 'eu-central-1' }`,
    );
  }
  if (stack.region === edgeRegion) return relay;
  const stage = Stage.of(stack);
  const stackId = nameEdgeStack(relay);
  // `EdgeFunction` would make it under this very id; made here, it can hold more than the function.
  return (
    (stage?.node.tryFindChild(stackId) as Stack | undefined) ??
    new Stack(stage, stackId, {
      // Not the stack's name: that of a nested one is known to CloudFormation only, which takes no function here.
      description: `The part of ${relay.node.path} that has to be in ${edgeRegion}`,
      env: { region: edgeRegion, account: stack.account },
      tags: stack.tags.tagValues(),
    })
  );
}

/**
 * Brings a value over from where {@link findEdgeScope} has it made. CloudFormation itself fetches it, with the role that
 * deploys: no parameter, no function and no permission of ours are needed, nor `crossRegionReferences`.
 */
export function bringFromEdge(relay: Construct, edgeScope: Construct, name: string, value: string): string {
  const [stack, edgeStack] = [Stack.of(relay), Stack.of(edgeScope)];
  if (stack === edgeStack) return value;
  const output = new CfnOutput(edgeScope, name, { value });
  stack.addStackDependency(edgeStack);
  return Fn.getStackOutput(edgeStack.stackName, output.logicalId, edgeRegion);
}
