import { get } from 'node:http';
import { isJsonObject, parseJson } from '../../json.ts';

/** What an agent says of itself (AgentCore Runtime, HTTP protocol contract, `GET /ping`). */
export interface AgentHealth {
  /** `HealthyBusy`: it works although nobody waits for an answer. */
  readonly isBusy: boolean;
  /** `time_of_last_update`: when its status changed, in milliseconds since the epoch; undefined where it does not say. */
  readonly changedAtMs: number | undefined;
}

/** Longest wait for one answer, in milliseconds. */
const pingTimeoutMs = 5000;

/** Largest answer that is read, in UTF-16 units. */
const maxPingLength = 65_536;

/**
 * Asks an agent how it is; undefined where it is not healthy.
 *
 * @param url its base URL
 * @param takesAnyAnswer true where any answer at all will do: an MCP server has no `GET /ping`
 */
export async function readHealth(url: string, takesAnyAnswer: boolean): Promise<AgentHealth | undefined> {
  const answer = await ping(url);
  if (answer === undefined || (answer.status !== 200 && !takesAnyAnswer)) {
    return undefined;
  }
  const parsed = parseJson(answer.text);
  const { status, time_of_last_update: seconds } = isJsonObject(parsed) ? parsed : {};
  return {
    isBusy: status === 'HealthyBusy',
    changedAtMs: typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : undefined,
  };
}

function ping(url: string): Promise<{ readonly status: number | undefined; readonly text: string } | undefined> {
  return new Promise((resolve) => {
    const outgoing = get(`${url}/ping`, { agent: false, timeout: pingTimeoutMs }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (part: string) => {
        text += part;
        if (text.length > maxPingLength) {
          incoming.destroy();
        }
      });
      incoming.on('close', () => resolve(incoming.complete ? { status: incoming.statusCode, text } : undefined));
      incoming.on('error', () => undefined);
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
  });
}
