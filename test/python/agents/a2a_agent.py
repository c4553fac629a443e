"""The same agent behind A2A, as AgentCore's documentation has it."""

import os

from bedrock_agentcore.runtime import serve_a2a
from offline_model import OfflineModel, calculator
from strands import Agent
from strands.multiagent.a2a.executor import StrandsA2AExecutor

agent = Agent(
    name="Offline",
    description="Does what it is told",
    model=OfflineModel(),
    tools=[calculator],
    callback_handler=None,
)

if __name__ == "__main__":
    serve_a2a(StrandsA2AExecutor(agent), host=os.environ["HOST"])
