"""The same agent behind AG-UI."""

import os

from ag_ui_strands import StrandsAgent
from bedrock_agentcore.runtime import serve_ag_ui
from offline_model import OfflineModel, calculator
from strands import Agent

agent = Agent(model=OfflineModel(), tools=[calculator], callback_handler=None)

if __name__ == "__main__":
    serve_ag_ui(StrandsAgent(agent=agent, name="offline"), port=int(os.environ["PORT"]), host=os.environ["HOST"])
