import type { CloudAssembly } from './cloud-assembly.ts';
import type { Notices } from './notices.ts';
import type { StackScope } from './resource.ts';
import type { Templates } from './templates.ts';

/** What the readers of a deployment share. */
export interface Reading {
  readonly templates: Templates;
  readonly assembly: CloudAssembly;
  readonly notices: Notices;
}

/** The same, within a distribution. */
export interface DistributionReading extends Reading {
  readonly distributionArn: string;
  /** The stack that deploys it. */
  readonly stack: StackScope;
}
