/** Names the descriptor of the pipe whose end tells a child that its parent is gone. Read and removed at once. */
export const parentPipeVariable = 'AGENTCORE_RELAY_PARENT_PIPE';
