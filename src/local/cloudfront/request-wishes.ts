import type { IncomingMessage } from 'node:http';
import { noFaults } from '../faults/request-faults.ts';
import type { RequestFaults } from '../faults/request-faults.ts';
import { LocalChainError } from '../local-chain-error.ts';
import type { CloudFrontSettings } from './exchange.ts';
import type { EdgeResponse } from './messages.ts';

/**
 * The header by which a request asks for what is to go wrong with it. Only the local chain knows it, which listens on
 * 127.0.0.1: it is read and taken away here, before any function, the trace or the origin sees the request. In what is
 * deployed it is a viewer's header like any other, and nothing reads it.
 */
export const faultHeader = 'x-local-fault';

/** What is to go wrong with a request, and what it is answered where it asks for something that is no fault. */
export interface RequestWishes {
  readonly faults: RequestFaults;
  readonly refusal: EdgeResponse | undefined;
}

/** Decides what goes wrong with the request that has arrived. */
export function readWishes({ faultsOf }: CloudFrontSettings, { headersDistinct }: IncomingMessage): RequestWishes {
  try {
    return { faults: faultsOf(headersDistinct[faultHeader]?.join(',')), refusal: undefined };
  } catch (error) {
    if (!(error instanceof LocalChainError)) {
      throw error;
    }
    return { faults: noFaults, refusal: answerDeveloper(error.message) };
  }
}

/** Not what AWS would say: whoever sends the header is its developer. */
function answerDeveloper(sentence: string): EdgeResponse {
  return {
    status: 400,
    headers: [{ name: 'Content-Type', value: 'text/plain; charset=utf-8' }],
    body: Buffer.from(`${sentence}\n`),
    cacheResult: 'Error from cloudfront',
  };
}
