/** A relay of one's own for Lambda: the package's protocols and dialects, with those of this folder. */
import { createHandler } from 'agentcore-relay/lambda';
import type { FunctionUrlHandler } from 'agentcore-relay/lambda';
import { defaultDialects, defaultProtocols } from 'agentcore-relay/relay';
import { hideTools } from './hide-tools.ts';
import { lines } from './lines-protocol.ts';
import { openAiChunks } from './openai-chunks-dialect.ts';
import { createEmailRedaction } from './redact-emails.ts';

export const handler: FunctionUrlHandler = createHandler({
  environment: process.env,
  // Without `original`, whose bytes no filter sees.
  protocols: [...defaultProtocols.filter(({ name }) => name !== 'original'), lines],
  dialects: [...defaultDialects, openAiChunks],
  createFilter: () => {
    const redact = createEmailRedaction();
    return (event) => (hideTools(event) === undefined ? undefined : redact(event));
  },
});
