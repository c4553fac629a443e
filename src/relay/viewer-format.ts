import type { AnswerFormat } from '../protocols/protocol.ts';
import type { RelayLimits } from '../settings.ts';
import type { AgentAnswer } from './agent-runtime.ts';
import type { WatchOptions } from './watch.ts';

/** The content type that the viewer is told: the format's own, or the agent's where its bytes pass through. */
export function nameContentType(format: AnswerFormat, answer: AgentAnswer | 'late'): string {
  if (format.kind === 'events') return format.headers['content-type'] ?? 'application/octet-stream';
  if (format.contentType !== undefined) return format.contentType;
  if (answer === 'late') return format.lateContentType;
  return answer.contentType === '' ? 'application/octet-stream' : answer.contentType;
}

/** What happens while the viewer gets nothing: a keep-alive where the format has one, else in the end an error. */
export function chooseViewerSilence(
  format: AnswerFormat,
  contentType: string,
  limits: Pick<RelayLimits, 'keepAliveMs' | 'quietIdleTimeoutMs'>,
): Pick<WatchOptions, 'keepAliveMs' | 'quietTimeoutMs'> {
  const hasKeepAlive = format.kind === 'events' ? format.hasKeepAlive : format.hasKeepAlive(contentType);
  return hasKeepAlive && limits.keepAliveMs > 0
    ? { keepAliveMs: limits.keepAliveMs, quietTimeoutMs: Infinity }
    : { keepAliveMs: 0, quietTimeoutMs: limits.quietIdleTimeoutMs };
}
