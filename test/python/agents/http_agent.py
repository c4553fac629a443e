"""A Strands agent on BedrockAgentCoreApp, as AWS's samples have it: one agent, whose memory is the process's."""

import os
import sys
from typing import Any

from bedrock_agentcore import BedrockAgentCoreApp
from offline_model import OfflineModel, calculator
from strands import Agent

app = BedrockAgentCoreApp()
agent = Agent(model=OfflineModel(), tools=[calculator], callback_handler=None)


@app.entrypoint
async def invoke(payload: dict) -> Any:
    async for event in agent.stream_async(payload["prompt"]):
        if "event" in event:
            yield event


if __name__ == "__main__":
    if sys.argv[1:] == ["port"]:
        app.run(port=int(os.environ["PORT"]), host=os.environ["HOST"])
    else:
        app.run()
