import type { Environment } from '../settings.ts';

/** Variables of the developer's own that the agent is given, where they are set. */
const modelVariables = ['OPENAI_BASE_URL', 'OPENAI_MODEL', 'OPENAI_API_KEY', 'OFFLINE_MODEL_DELAY_MS'];

/** What the agent needs besides for a model on Bedrock: the developer's own credentials. */
const awsVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'HOME',
];

/**
 * The agent's environment over the template's. The model that the template names would be called on AWS, with
 * credentials that are not here: it stays only where the developer asks for one.
 */
export function agentEnvironmentOf(environment: Environment): Environment {
  const bedrockModelId = environment['BEDROCK_MODEL_ID'];
  const names = bedrockModelId === undefined ? modelVariables : [...modelVariables, ...awsVariables];
  return {
    ...Object.fromEntries(
      names.filter((name) => environment[name] !== undefined).map((name) => [name, environment[name]]),
    ),
    BEDROCK_MODEL_ID: bedrockModelId,
  };
}
