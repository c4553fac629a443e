import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseModel } from './model.ts';
import type { ModelEnvironment } from './model.ts';

const openai = { OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1', OPENAI_MODEL: 'qwen3' };
const bedrock = { BEDROCK_MODEL_ID: 'global.amazon.nova-2-lite-v1:0' };

test('chooses an endpoint before Bedrock and the offline model only without either', async () => {
  const offline = 'the offline model (for a real one set OPENAI_BASE_URL and OPENAI_MODEL, or BEDROCK_MODEL_ID)';
  assert.deepEqual(
    [
      await describe({}),
      await describe({ OPENAI_BASE_URL: '', OPENAI_MODEL: '', BEDROCK_MODEL_ID: '' }),
      await describe(bedrock),
      await describe(openai),
      await describe({ ...openai, ...bedrock }),
    ],
    [
      ['OfflineModel', 'offline', offline],
      ['OfflineModel', 'offline', offline],
      ['BedrockModel', 'global.amazon.nova-2-lite-v1:0', 'global.amazon.nova-2-lite-v1:0 on Amazon Bedrock'],
      ['OpenAIModel', 'qwen3', 'qwen3 at http://127.0.0.1:11434/v1'],
      ['OpenAIModel', 'qwen3', 'qwen3 at http://127.0.0.1:11434/v1'],
    ],
  );
});

test('names the variable that is missing or wrong', async () => {
  const wrong: readonly ModelEnvironment[] = [
    { OPENAI_BASE_URL: openai.OPENAI_BASE_URL },
    { OPENAI_MODEL: openai.OPENAI_MODEL },
    { OPENAI_BASE_URL: '11434', OPENAI_MODEL: 'qwen3' },
    { OFFLINE_MODEL_DELAY_MS: 'fast' },
  ];
  assert.deepEqual(await Promise.all(wrong.map(refusalOf)), [
    'OPENAI_BASE_URL is set, OPENAI_MODEL is not; it must name a model of that endpoint',
    'OPENAI_MODEL is set, OPENAI_BASE_URL is not; it must be the URL of an OpenAI-compatible endpoint',
    'OPENAI_BASE_URL is "11434"; it must be a URL such as http://127.0.0.1:11434/v1',
    'OFFLINE_MODEL_DELAY_MS is "fast"; it must be a number from 0 to 60000',
  ]);
});

async function describe(environment: ModelEnvironment): Promise<readonly unknown[]> {
  const { model, description } = await chooseModel(environment);
  return [model.constructor.name, model.modelId, description];
}

async function refusalOf(environment: ModelEnvironment): Promise<string> {
  return await chooseModel(environment).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}
