import { setTimeout as pause } from 'node:timers/promises';
import type { Model } from '@strands-agents/sdk';
import { OfflineModel } from './offline-model.ts';

/** The model of the agent, and a line that says which one it is. */
export interface ChosenModel {
  readonly model: Model;
  readonly description: string;
}

/** The variables that choose the model. */
export interface ModelEnvironment {
  /** Base URL of an OpenAI-compatible endpoint, such as `http://127.0.0.1:11434/v1`. Comes before Bedrock. */
  readonly OPENAI_BASE_URL?: string | undefined;
  /** Name of the model at that endpoint. */
  readonly OPENAI_MODEL?: string | undefined;
  /** Key for that endpoint. Local servers take any. */
  readonly OPENAI_API_KEY?: string | undefined;
  /** Id of a Bedrock model or inference profile. The deployed agent has it. */
  readonly BEDROCK_MODEL_ID?: string | undefined;
  /** Pause between the offline model's words, in milliseconds. Default 25. */
  readonly OFFLINE_MODEL_DELAY_MS?: string | undefined;
}

/**
 * Chooses the model: an OpenAI-compatible endpoint, else Bedrock, else the offline model. An empty variable is as good
 * as none.
 *
 * @throws Error with a sentence that names the variable that is missing or wrong.
 */
export async function chooseModel(environment: ModelEnvironment): Promise<ChosenModel> {
  const {
    OPENAI_BASE_URL: baseURL = '',
    OPENAI_MODEL: openaiModel = '',
    BEDROCK_MODEL_ID: bedrockModel = '',
  } = environment;
  if (baseURL !== '') {
    if (!URL.canParse(baseURL))
      throw new Error(`OPENAI_BASE_URL is "${baseURL}"; it must be a URL such as http://127.0.0.1:11434/v1`);
    if (openaiModel === '')
      throw new Error('OPENAI_BASE_URL is set, OPENAI_MODEL is not; it must name a model of that endpoint');
    // Loaded only where it is used: each provider brings its own client, which costs time at the start.
    const { OpenAIModel } = await import('@strands-agents/sdk/models/openai');
    const apiKey = environment.OPENAI_API_KEY ?? '';
    return {
      model: new OpenAIModel({
        api: 'chat',
        modelId: openaiModel,
        apiKey: apiKey === '' ? 'none' : apiKey,
        clientConfig: { baseURL },
      }),
      description: `${openaiModel} at ${baseURL}`,
    };
  }
  if (openaiModel !== '')
    throw new Error('OPENAI_MODEL is set, OPENAI_BASE_URL is not; it must be the URL of an OpenAI-compatible endpoint');
  if (bedrockModel !== '') {
    const { BedrockModel } = await import('@strands-agents/sdk/models/bedrock');
    return { model: new BedrockModel({ modelId: bedrockModel }), description: `${bedrockModel} on Amazon Bedrock` };
  }
  return {
    model: new OfflineModel({ delayMs: readDelay(environment.OFFLINE_MODEL_DELAY_MS), now: Date.now, sleep }),
    description: 'the offline model (for a real one set OPENAI_BASE_URL and OPENAI_MODEL, or BEDROCK_MODEL_ID)',
  };
}

function readDelay(value = ''): number {
  const delayMs = value === '' ? 25 : Number(value);
  if (!(delayMs >= 0 && delayMs <= 60_000)) {
    throw new Error(`OFFLINE_MODEL_DELAY_MS is "${value}"; it must be a number from 0 to 60000`);
  }
  return delayMs;
}

async function sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  await pause(delayMs, undefined, signal === undefined ? {} : { signal });
}
