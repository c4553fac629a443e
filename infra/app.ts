import { createRelayApp } from './relay-app.ts';

createRelayApp({ environment: process.env }).synth();
