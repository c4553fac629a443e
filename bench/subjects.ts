import { protocolNames } from '../src/settings.ts';
import type { ProtocolName } from '../src/settings.ts';

/** The relay's own formats. */
export const ownFormats = ['original', 'transformed', 'ndjson'] as const;

/** All formats of the deployed relay. */
export const relaySubjects: readonly ProtocolName[] = protocolNames;

/** The deployed relay in one of its formats. */
export type RelaySubject = ProtocolName;

/** What is measured: the deployed relay, one that has `original` alone, or the handler that only pipes. */
export type Subject = RelaySubject | 'original-alone' | 'pipe';
