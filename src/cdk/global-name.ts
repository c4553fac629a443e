import { Names, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * A name, of at most 64 characters, for what an account has only once, whatever the region: CloudFront's policies and
 * functions, and what is in us-east-1. Without the region in it, the same app could not be deployed to a second one.
 */
export function nameGlobally(relay: Construct, part: string): string {
  const ending = `-${part}-${Stack.of(relay).region}`;
  return Names.uniqueResourceName(relay, { maxLength: 64 - ending.length, separator: '-' }) + ending;
}
