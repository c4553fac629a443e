import { ArnFormat } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** The geographies that inference profiles are named after ("Supported cross-Region inference profiles", Bedrock). */
const inferenceProfile = /^(?:global|us-gov|us|eu|apac|jp|au|ca|in)\.(?<model>.+)$/u;

/** `<provider>.<model>`, as in `amazon.nova-lite-v1:0`. */
const foundationModel = /^[a-z0-9-]+\.[a-z0-9.:-]+$/u;

/**
 * Permission to stream from one model, named by its id or by the id of a cross-Region inference profile.
 *
 * @throws Error for anything else, such as an ARN.
 */
export function allowModel(stack: Stack, modelId: string): PolicyStatement[] {
  if (!foundationModel.test(modelId)) {
    throw new Error(
      `modelId is "${modelId}"; it must be the id of a Bedrock model or inference profile, such as amazon.nova-lite-v1:0 or global.amazon.nova-2-lite-v1:0`,
    );
  }
  const actions = ['bedrock:InvokeModelWithResponseStream'];
  const model = inferenceProfile.exec(modelId)?.groups?.['model'];
  if (model === undefined) {
    return [new PolicyStatement({ actions, resources: [formatModelArn(stack, modelId, stack.region)] })];
  }
  const profileArn = stack.formatArn({
    service: 'bedrock',
    resource: 'inference-profile',
    resourceName: modelId,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
  return [
    new PolicyStatement({ actions, resources: [profileArn] }),
    // The profile's destinations are AWS's to choose and to change, therefore every region; but through it alone.
    new PolicyStatement({
      actions,
      resources: [formatModelArn(stack, model, '*')],
      conditions: { StringEquals: { 'bedrock:InferenceProfileArn': profileArn } },
    }),
  ];
}

function formatModelArn(stack: Stack, model: string, region: string): string {
  return stack.formatArn({
    service: 'bedrock',
    region,
    account: '',
    resource: 'foundation-model',
    resourceName: model,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}
