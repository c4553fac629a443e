/** The relay itself, for hosts and extensions of your own. */
export { createRelay } from './relay/relay.ts';
export type { RelayOptions } from './relay/relay-options.ts';
export type { Log, LogEntry, Relay, RelayRequest, RelayResponse } from './relay/relay-request.ts';
export type { AgentAnswer, AgentInvocation, AgentRuntime, TraceContext } from './relay/agent-runtime.ts';
export { anonymous } from './identity/anonymous.ts';
export { anyOf } from './identity/any-of.ts';
export { apiKeys } from './identity/api-keys.ts';
export type { Authenticator, Caller, CallerRequest, Identification } from './identity/authenticator.ts';
export { basic } from './identity/basic.ts';
export type { BasicOptions } from './identity/basic.ts';
export type { Credentials } from './identity/credentials.ts';
export type { KeptDocumentOptions, OpenStore } from './identity/document-store.ts';
export { authenticator } from './identity/handler.ts';
export type { Recognize, RecognizerOptions } from './identity/handler.ts';
export { jwt } from './identity/jwt.ts';
export type { KeySetOptions } from './identity/key-set.ts';
export type { Principal } from './identity/principal.ts';
export type { AgentInput } from './relay/agent-input.ts';
export type { EventFilter } from './relay/translate.ts';
export type { SetTimer } from './relay/watch.ts';

export { defaultProtocols } from './protocols/default-protocols.ts';
export type { LazyProtocol, OfferedProtocol } from './protocols/lazy-protocol.ts';
export { selectProtocols } from './protocols/select.ts';
export { createAgUi } from './protocols/ag-ui.ts';
export type { AgUiOptions } from './protocols/ag-ui.ts';
export { ndjson } from './protocols/ndjson.ts';
export { createOpenAiChat } from './protocols/openai-chat.ts';
export type { OpenAiChatOptions } from './protocols/openai-chat.ts';
export { createOpenAiResponses } from './protocols/openai-responses.ts';
export type { OpenAiResponsesOptions } from './protocols/openai-responses.ts';
export { original } from './protocols/original.ts';
export { scrubbedOriginal } from './protocols/scrubbed-original.ts';
export { transformed } from './protocols/transformed.ts';
export { createUiMessage } from './protocols/ui-message.ts';
export type { UiMessageOptions } from './protocols/ui-message.ts';
export { promptEndpoint } from './protocols/prompt-endpoint.ts';
export { renderJsonError } from './protocols/json-error.ts';
export { checkPrompt, readJsonBody } from './protocols/request-body.ts';
export type {
  AgentCall,
  AnswerFormat,
  ByteCopier,
  ByteFormat,
  ByteProtocol,
  DirectAnswer,
  EarlierMessage,
  Endpoint,
  ErrorDocument,
  EventFormat,
  EventProtocol,
  EventWriter,
  InvocationContext,
  Protocol,
  ProtocolRequest,
  ReadOptions,
  StreamContext,
} from './protocols/protocol.ts';

export { defaultDialects } from './dialects/detect.ts';
export { agUi } from './dialects/ag-ui.ts';
export { converse } from './dialects/converse.ts';
export { strandsTypescript } from './dialects/strands-typescript.ts';
export type { AgentFrame, Dialect, DialectReader } from './dialects/dialect.ts';
export type { Emit } from './events/order.ts';
