"""A Python agent on strands-agents and bedrock-agentcore, for scripts/record-fixtures.ts to record.

The model is scripted; everything between it and the wire is the SDKs' own. Run: record-python-agent.py <variant> <port>
"""

import asyncio
import sys
from typing import Any

from bedrock_agentcore import BedrockAgentCoreApp
from strands import Agent, ToolContext, tool
from strands.models.model import Model
from strands.multiagent import GraphBuilder, Swarm


@tool
def calculator(expression: str) -> dict:
    """Work out an arithmetic expression.

    Args:
        expression: The expression, such as 6*7.
    """
    if expression != "6*7":
        raise ValueError(f"{expression} is beyond this calculator")
    return {"status": "success", "content": [{"json": {"expression": expression, "value": 42}}]}


@tool(context=True)
def delete_file(path: str, tool_context: ToolContext) -> str:
    """Delete a file, if a person agrees.

    Args:
        path: The file.
    """
    return f"{path}: {tool_context.interrupt('approval', reason='deletes a file')}"


def text_block(index: int, *parts: str) -> list[dict]:
    """A text block as ConverseStream sends it: deltas without a start."""
    deltas = [{"contentBlockDelta": {"delta": {"text": part}, "contentBlockIndex": index}} for part in parts]
    return [*deltas, {"contentBlockStop": {"contentBlockIndex": index}}]


def reasoning_block(index: int, *deltas: dict) -> list[dict]:
    """A reasoning block as ConverseStream sends it: the signature is a delta of its own."""
    events = [
        {"contentBlockDelta": {"delta": {"reasoningContent": delta}, "contentBlockIndex": index}} for delta in deltas
    ]
    return [*events, {"contentBlockStop": {"contentBlockIndex": index}}]


def tool_block(index: int, tool_use_id: str, name: str, *parts: str) -> list[dict]:
    """A tool use block as ConverseStream sends it: the first input delta is empty."""
    start = {"toolUse": {"toolUseId": tool_use_id, "name": name}}
    deltas = [
        {"contentBlockDelta": {"delta": {"toolUse": {"input": part}}, "contentBlockIndex": index}} for part in parts
    ]
    return [
        {"contentBlockStart": {"start": start, "contentBlockIndex": index}},
        *deltas,
        {"contentBlockStop": {"contentBlockIndex": index}},
    ]


def ending(stop_reason: str, input_tokens: int, output_tokens: int) -> list[dict]:
    """The end of a model call."""
    usage = {"inputTokens": input_tokens, "outputTokens": output_tokens, "totalTokens": input_tokens + output_tokens}
    return [{"messageStop": {"stopReason": stop_reason}}, {"metadata": {"usage": usage, "metrics": {"latencyMs": 412}}}]


START = [{"messageStart": {"role": "assistant"}}]

FINAL = [
    *text_block(0, "6", " × 7", " = 42.", " 答え", "は四十二", "です 🎉", "👩‍👩‍👧", " naïve", "\nfin"),
    *ending("end_turn", 61, 19),
]

TOOL_TURN = [
    START
    + reasoning_block(0, {"text": "The user wants "}, {"text": "a product."}, {"signature": "EpUBCkYIBxgCKkA="})
    + text_block(1, "Let me ", "calculate.")
    + tool_block(2, "tooluse_Zk3mQ1", "calculator", "", '{"expre', 'ssion": "6*7"}')
    + ending("tool_use", 38, 27),
    START + FINAL,
]

FAILING_TOOL_TURN = [
    START + tool_block(0, "tooluse_Pf9xW2", "calculator", "", '{"expression": "1/0"}') + ending("tool_use", 30, 14),
    START + text_block(0, "That did not ", "work.") + ending("end_turn", 52, 8),
]

TEXT_TURN = [START + text_block(0, "Hello", " from", " Python", " 🐍", "!") + ending("end_turn", 9, 6)]

CITED_TURN = [
    START
    + text_block(0, "It rains", " in Tōkyō")[:-1]
    + [
        {
            "contentBlockDelta": {
                "delta": {
                    "citation": {
                        "title": "Weather of Tōkyō",
                        "location": {"web": {"url": "https://example.com/weather"}},
                        "sourceContent": [{"text": "Rain until the evening"}],
                    }
                },
                "contentBlockIndex": 0,
            }
        }
    ]
    + text_block(0, " today.")
    + ending("end_turn", 24, 6)
]

FILTERED_TURN = [START + text_block(0, "It was a dark ", "and stormy") + ending("content_filtered", 9, 4)]

APPROVAL_TURN = [
    START
    + text_block(0, "May I?")
    + tool_block(1, "tooluse_Ap5rV8", "delete_file", "", '{"path": "notes.txt"}')
    + ending("tool_use", 31, 18)
]

REDACTED_TURN = [
    START
    + reasoning_block(0, {"redactedContent": b"\x93\x01opaque\xff"})
    + text_block(1, "I may not ", "say why.")
    + ending("end_turn", 12, 7)
]

# What an agent may really say of itself: a role's ARN with its account id. The block stays open.
FAILING_TURN = [
    START
    + text_block(0, "I was about ", "to say")[:-1]
    + [RuntimeError("AccessDeniedException: arn:aws:iam::123456789012:role/agent may not invoke the model")]
]


class ScriptedModel(Model):
    """Plays one list of ConverseStream events per model call."""

    def __init__(self, calls: list[list[Any]]) -> None:
        self.calls = iter(calls)

    def update_config(self, **model_config: Any) -> None:
        pass

    def get_config(self) -> dict:
        return {"model_id": "scripted"}

    def structured_output(self, output_model: Any, prompt: Any, system_prompt: Any = None, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        for event in next(self.calls):
            if isinstance(event, Exception):
                raise event
            await asyncio.sleep(0.002)
            yield event


def agent_of(calls: list[list[Any]], tools: Any = (calculator,), **options: Any) -> Agent:
    return Agent(model=ScriptedModel(calls), tools=list(tools), callback_handler=None, **options)


app = BedrockAgentCoreApp()


def model_events_only(calls: list[list[Any]]) -> None:
    """The filter of AWS's samples."""

    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        async for event in agent_of(calls).stream_async(payload["prompt"]):
            if "event" in event:
                yield event


def everything(calls: list[list[Any]]) -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        async for event in agent_of(calls).stream_async(payload["prompt"]):
            yield event


def strings_only(calls: list[list[Any]]) -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        async for event in agent_of(calls).stream_async(payload["prompt"]):
            if "data" in event:
                yield event["data"]


def buffered_string(calls: list[list[Any]]) -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        result = await agent_of(calls).invoke_async(payload["prompt"])
        return {"result": str(result)}


def buffered_message(calls: list[list[Any]]) -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        result = await agent_of(calls).invoke_async(payload["prompt"])
        return {"result": result.message}


def buffered_text(calls: list[list[Any]]) -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        return str(await agent_of(calls).invoke_async(payload["prompt"]))


def two_agents(make: Any) -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        async for event in make().stream_async(payload["prompt"]):
            if "event" in event:
                yield event


def two_agents_unfiltered(make: Any) -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        async for event in make().stream_async(payload["prompt"]):
            yield event


def graph() -> Any:
    facts = START + text_block(0, "Facts: ", "42.") + ending("end_turn", 11, 4)
    answer = START + text_block(0, "The answer ", "is 42.") + ending("end_turn", 23, 6)
    builder = GraphBuilder()
    builder.add_node(agent_of([facts], name="researcher"), "research")
    builder.add_node(agent_of([answer], name="writer"), "write")
    builder.add_edge("research", "write")
    builder.set_entry_point("research")
    return builder.build()


def swarm() -> Any:
    handoff = '{"agent_name": "writer", "message": "please write it down"}'
    hands_off = START + tool_block(0, "tooluse_Hf7aB3", "handoff_to_agent", "", handoff) + ending("tool_use", 40, 21)
    takes_leave = START + text_block(0, "Over to the writer.") + ending("end_turn", 66, 5)
    answer = START + text_block(0, "It is ", "42.") + ending("end_turn", 70, 5)
    return Swarm([agent_of([hands_off, takes_leave], name="researcher"), agent_of([answer], name="writer")])


def fails_at_once() -> None:
    @app.entrypoint
    async def invoke(payload: dict) -> Any:
        raise RuntimeError("the agent is not configured")


def ag_ui(agent: Any) -> Any:
    """What a runtime with protocol AGUI runs."""
    from ag_ui_strands import StrandsAgent
    from bedrock_agentcore.runtime.ag_ui import build_ag_ui_app

    return build_ag_ui_app(StrandsAgent(agent=agent, name="recorded"))


# Each prepares `app`, or gives a server of its own.
VARIANTS = {
    "text": lambda: model_events_only(TEXT_TURN),
    "tool": lambda: model_events_only(TOOL_TURN),
    "unfiltered-text": lambda: everything(TEXT_TURN),
    "unfiltered-tool": lambda: everything(TOOL_TURN),
    "unfiltered-tool-error": lambda: everything(FAILING_TOOL_TURN),
    "error-mid": lambda: model_events_only(FAILING_TURN),
    "unfiltered-error-mid": lambda: everything(FAILING_TURN),
    "error-before": fails_at_once,
    "strings": lambda: strings_only(TOOL_TURN),
    "buffered-string": lambda: buffered_string(TOOL_TURN),
    "buffered-message": lambda: buffered_message(TOOL_TURN),
    "buffered-text": lambda: buffered_text(TOOL_TURN),
    "redacted": lambda: model_events_only(REDACTED_TURN),
    "unfiltered-redacted": lambda: everything(REDACTED_TURN),
    "graph": lambda: two_agents_unfiltered(graph),
    "graph-filtered": lambda: two_agents(graph),
    "swarm": lambda: two_agents_unfiltered(swarm),
    "ag-ui-text": lambda: ag_ui(agent_of(TEXT_TURN)),
    "ag-ui-tool": lambda: ag_ui(agent_of(TOOL_TURN)),
    "ag-ui-tool-error": lambda: ag_ui(agent_of(FAILING_TOOL_TURN)),
    "ag-ui-redacted": lambda: ag_ui(agent_of(REDACTED_TURN)),
    "ag-ui-citation": lambda: ag_ui(agent_of(CITED_TURN)),
    "ag-ui-filtered": lambda: ag_ui(agent_of(FILTERED_TURN)),
    "ag-ui-interrupt": lambda: ag_ui(agent_of(APPROVAL_TURN, tools=[delete_file])),
    "ag-ui-error-mid": lambda: ag_ui(agent_of(FAILING_TURN)),
    "ag-ui-graph": lambda: ag_ui(graph()),
    "ag-ui-bad-input": lambda: ag_ui(agent_of(TEXT_TURN)),
}

if __name__ == "__main__":
    server = VARIANTS[sys.argv[1]]() or app
    server.run(port=int(sys.argv[2]), host="127.0.0.1")
